"""What is read in a citizen's words: addresses, typos of providers, yes and no, buttons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.chat_replies import Choice, Press, Step, is_short, pressed, says_yes
from routing.typed_addresses import WELL_KNOWN, correction, read


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("max@gmx.de", "max@gmx.de"),
        ("Ja, an Max.Muster@Example.ORG.", "Max.Muster@example.org"),
        ("max (at) gmx.de", "max@gmx.de"),
        ("max[at]gmx[punkt]de", "max@gmx.de"),
        ("max @ gmx.de", "max@gmx.de"),
        ("<max@web.de>", "max@web.de"),
        ("mailto:max@web.de!", "max@web.de"),
        ("max@web.de (Max@web.de)", "max@web.de"),
        ("max@müller.de", "max@müller.de"),
    ],
)
def test_address_is_read_in_what_was_typed(text: str, address: str) -> None:
    assert read(text).only == address


@pytest.mark.parametrize("text", ["max@", "max@@web.de", "@web.de", "max.gmx.de", "max@localhost"])
def test_what_looks_like_an_address_but_is_none_counts_as_a_try(text: str) -> None:
    typed = read(text)

    assert (typed.addresses, typed.is_attempt) == ((), True)


@pytest.mark.parametrize(
    "text", ["Ich habe keine", "Okay.", "Löschen", "Wann denn? Um 3.30 Uhr", ""]
)
def test_ordinary_words_are_no_try(text: str) -> None:
    assert not read(text).is_attempt


def test_two_addresses_are_no_only_one() -> None:
    typed = read("a@b.de, c@d.de")

    assert (typed.only, typed.addresses) == (None, ("a@b.de", "c@d.de"))


@given(st.text(max_size=300))
def test_reading_never_fails_and_finds_valid_addresses_only(text: str) -> None:
    assert all(each.count("@") == 1 and " " not in each for each in read(text).addresses)


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        *(("gmial.com", "gmail.com"), ("gamil.com", "gmail.com"), ("gmail.con", "gmail.com")),
        *(("gmail.de", "gmail.com"), ("gmx.ed", "gmx.de"), ("web.ed", "web.de")),
        *(("t-onlin.de", "t-online.de"), ("hotmial.com", "hotmail.com"), ("yaho.de", "yahoo.de")),
        *(("outlok.de", "outlook.de"), ("icould.com", "icloud.com"), ("web.dee", "web.de")),
    ],
)
def test_typo_of_a_provider_is_seen(domain: str, meant: str) -> None:
    assert correction(f"erika@{domain}") == f"erika@{meant}"


@pytest.mark.parametrize(
    "domain", [*WELL_KNOWN, "stadt.de", "example.org", "kappelrodeck.de", "firma-live.de"]
)
def test_other_domains_are_left_alone(domain: str) -> None:
    assert correction(f"erika@{domain}") is None


@pytest.mark.parametrize(
    "text",
    [
        "ja",
        "Ja, bitte!",
        "ok 👍",
        "👍🏽",
        "Gerne per Mail",
        "Ja, das ist richtig",
        "Einverstanden.",
        "Yes please",
    ],
)
def test_yes_in_words(text: str) -> None:
    assert says_yes(text) is True


@pytest.mark.parametrize(
    "text",
    ["nein", "Nein danke", "lieber nicht", "nicht richtig", "Nö", "bitte nicht", "No thanks", "👎"],
)
def test_no_in_words(text: str) -> None:
    assert says_yes(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ja?",
        "ja nein",
        "ja nicht",
        "danke",
        "Was kostet das",
        "Ja und wann kommt der Bus",
        "Löschen",
    ],
)
def test_neither_in_words(text: str) -> None:
    assert says_yes(text) is None


@given(st.text(max_size=200))
def test_reading_yes_and_no_never_fails(text: str) -> None:
    assert says_yes(text) in {True, False, None}
    assert is_short(text) in {True, False}


@given(
    question=st.integers(1, 2**62),
    step=st.sampled_from(Step),
    choice=st.sampled_from(Choice),
    mark=st.sampled_from(["", "0a1b2c3d"]),
)
def test_button_comes_back_as_it_was_sent(
    question: int, step: Step, choice: Choice, mark: str
) -> None:
    button = Press(min(question, 10**18 - 1), step, choice, mark)

    assert pressed(button.button_id) == button


@pytest.mark.parametrize(
    "button", ["", "erase:yes", "ask:1:forward", "ask:x:forward:yes:", None, 7]
)
def test_other_buttons_are_not_ours(button: object) -> None:
    assert pressed(button) is None
