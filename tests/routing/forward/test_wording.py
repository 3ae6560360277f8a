"""The words of the consents: pinned, complete, and within WhatsApp's limits."""

import hashlib

import pytest

from routing import wording
from routing.wording import Wording
from sessions_app.whatsapp.outgoing import BUTTON_TITLE_LIMIT, BUTTONS_LIMIT, BUTTONS_TEXT_LIMIT

# A text that was shown to somebody is evidence. If a test fails here: do not change the number, make
# a new version beside the old one.
PINNED = {
    "forward-1": "8b9cf116821140bd",
    "forward-name-1": "bb0ac639778e3659",
    "email-1": "4d6483216adf447f",
    "address-1": "53162fafb52f5ab2",
    "check-1": "4e267d0ef3c502cb",
    "check-typo-1": "219b4ee4662ecd9c",
}


def fingerprint(each: Wording) -> str:
    return hashlib.sha256(repr((each.de, each.en, each.buttons)).encode()).hexdigest()[:16]


def test_no_version_was_changed_or_removed() -> None:
    shown = {version: fingerprint(each) for version, each in wording.ALL.items()}

    assert PINNED.items() <= shown.items()
    assert shown.keys() == PINNED.keys(), "pin the new version here"


@pytest.mark.parametrize("each", wording.ALL.values(), ids=str)
@pytest.mark.parametrize("language", wording.LANGUAGES)
def test_wording_fits_into_a_message(each: Wording, language: str) -> None:
    values = {"departments": "x" * 120, "name": "x" * 60, "question": "↑", "days": 90}
    values |= {"address": "a" * 254, "correction": "b" * 254}

    text, titles = each.text(language, **values), each.titles(language)

    assert len(text) <= BUTTONS_TEXT_LIMIT
    assert 0 < len(titles) <= BUTTONS_LIMIT
    assert all(len(title) <= BUTTON_TITLE_LIMIT for _choice, title in titles)
    assert len({title for _choice, title in titles}) == len(titles)


def test_braces_of_a_citizen_stay_what_they_are() -> None:
    text = wording.FORWARD.text("de", departments="Bauamt", question="{name} {0} %s")

    assert text.endswith("{name} {0} %s")
