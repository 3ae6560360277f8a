"""Every type of message becomes one of our kinds; what cannot be understood is said to be so."""

from typing import Any

import pytest

from sessions_app.enums import MessageKind as Kind
from sessions_app.whatsapp.contents import media, said

FLOW = '{"flow_token":"secret","Straße":"Hauptstraße 1","Tage":["Mo","Di"],"Zahl":3}'


def of(kind: str, content: Any = None) -> Any:
    return said({"type": kind} if content is None else {"type": kind, kind: content})


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("text", {"body": "Hallo"}, (Kind.TEXT, {"text": "Hallo"})),
        ("image", {"id": "1", "caption": "Loch"}, (Kind.IMAGE, {"caption": "Loch"})),
        ("image", {"id": "1"}, (Kind.IMAGE, {"caption": None})),
        ("video", {"id": "1"}, (Kind.VIDEO, {"caption": None})),
        ("document", {"id": "1", "filename": "ä.pdf"}, (Kind.DOCUMENT, {"caption": None})),
        ("sticker", {"id": "1", "animated": True}, (Kind.STICKER, {"caption": None})),
        ("audio", {"id": "1", "voice": True}, (Kind.AUDIO, {"voice": True})),
        ("audio", {"id": "1"}, (Kind.AUDIO, {"voice": False})),
        ("order", {"product_items": [{}, {}]}, (Kind.ORDER, {"text": None, "items": 2})),
        ("reaction", {"message_id": "w", "emoji": "👍"}, (Kind.REACTION, {"emoji": "👍"})),
        ("revoke", {"original_message_id": "w"}, (Kind.REVOKE, {})),
    ],
)
def test_plain_types(kind: str, content: Any, expected: Any) -> None:
    assert of(kind, content) == expected


@pytest.mark.parametrize("emoji", [{}, {"emoji": ""}, {"emoji": None}])
def test_reaction_taken_back_in_each_shape(emoji: dict[str, Any]) -> None:
    assert of("reaction", {"message_id": "w", **emoji}) == (Kind.REACTION, {"emoji": None})


def test_location_with_and_without_a_name() -> None:
    bare = {"latitude": 48.5, "longitude": 8, "name": None, "address": None}
    named = {"latitude": 48.5, "longitude": 8, "name": "x" * 2000, "address": "Weg 1", "url": "u"}

    assert of("location", {"latitude": 48.5, "longitude": 8}) == (Kind.LOCATION, bare)
    assert of("location", named)[1] == {**bare, "name": "x" * 1000, "address": "Weg 1"}


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"latitude": "48", "longitude": 8},
        {"latitude": 95, "longitude": 8},
        {"latitude": True, "longitude": 8},
    ],
)
def test_location_nowhere_cannot_be_shown(place: dict[str, Any]) -> None:
    assert of("location", place) == (Kind.UNSUPPORTED, {"subtype": "location"})


def test_contact_cards_of_every_completeness() -> None:
    cards = [
        {"name": {"formatted_name": "Erika M."}, "phones": [{"phone": "+49 1"}, {}, "x"]},
        {"name": {"first_name": "Max", "last_name": "M"}, "emails": [{"email": "m@example.org"}]},
        {"org": {"company": "Bauhof"}},
        "garbage",
        {},
    ]

    kind, content = of("contacts", cards)

    assert kind is Kind.CONTACTS
    assert content["cards"] == [
        {"name": "Erika M.", "phones": ["+49 1"], "emails": []},
        {"name": "Max M", "phones": [], "emails": ["m@example.org"]},
        {"name": "Bauhof", "phones": [], "emails": []},
        {"name": None, "phones": [], "emails": []},
    ]


@pytest.mark.parametrize(
    ("kind", "content", "chosen"),
    [
        ("button", {"payload": "p", "text": "Ja"}, ("p", "Ja", None)),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": "erase:yes", "title": "Ja"}},
            ("erase:yes", "Ja", None),
        ),
        (
            "interactive",
            {"type": "list_reply", "list_reply": {"id": "r", "title": "R", "description": "D"}},
            ("r", "R", "D"),
        ),
    ],
)
def test_pressed_buttons(kind: str, content: Any, chosen: tuple[str, str, str | None]) -> None:
    expected = dict(zip(("id", "title", "description"), chosen, strict=True))

    assert of(kind, content) == (Kind.CHOICE, expected)


def test_form_shows_answers_without_its_token() -> None:
    kind, content = of(
        "interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": FLOW, "body": "Sent"}}
    )

    assert kind is Kind.FORM
    assert content == {
        "answers": [["Straße", "Hauptstraße 1"], ["Tage", '["Mo", "Di"]'], ["Zahl", "3"]]
    }


@pytest.mark.parametrize("written", ["{broken", "[1]", '"text"', "[" * 5000])
def test_form_with_broken_json_shows_its_text(written: str) -> None:
    _, content = of("interactive", {"type": "nfm_reply", "nfm_reply": {"response_json": written}})

    assert content == {"answers": [["", written]]}


@pytest.mark.parametrize(
    ("message", "subtype"),
    [
        ({"type": "text"}, "text"),
        ({"type": "text", "text": {"body": "  "}}, "text"),
        ({"type": "text", "text": "not an object"}, "text"),
        ({"type": "hologram", "hologram": {}}, "hologram"),
        ({"type": "ephemeral"}, "ephemeral"),
        ({"type": "unknown", "errors": [{"code": 131051, "details": "?"}]}, "unknown"),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, "unsupported"),
        ({"type": "unsupported", "unsupported": {"type": "poll_creation"}}, "poll_creation"),
        ({"type": "interactive", "interactive": {"type": "new"}}, "interactive"),
        ({"type": ["list"]}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_what_cannot_be_shown_is_said_to_be_so(message: dict[str, Any], subtype: str) -> None:
    assert said(message) == (Kind.UNSUPPORTED, {"subtype": subtype})


def test_edit_announced_as_unsupported_is_an_edit_of_unknown_text() -> None:
    assert of("unsupported", {"type": "edit"}) == (Kind.EDIT, {"text": None})


@pytest.mark.parametrize(
    ("message", "after"),
    [
        ({"type": "text", "text": {"body": "neu"}}, "neu"),
        ({"type": "image", "image": {"caption": "neu"}}, "neu"),
        ({"type": "image", "image": {"caption": ""}}, None),
    ],
)
def test_edit_with_its_new_text(message: dict[str, Any], after: str | None) -> None:
    edit = {"original_message_id": "w", "message": message}

    assert of("edit", edit) == (Kind.EDIT, {"text": after})


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert of("text", {"body": "a\ud83db"}) == (Kind.TEXT, {"text": "a?b"})


def test_text_beyond_every_app_is_cut() -> None:
    assert len(of("text", {"body": "x" * 100_000})[1]["text"]) == 65_536


def test_media_without_the_type_that_is_claimed() -> None:
    file = {"id": 42, "mime_type": "image/jpeg; a=b", "sha256": "x=", "filename": "f" * 300}
    found = media({"type": "image", "image": file}, Kind.IMAGE)

    assert found is not None
    assert (found.media_id, found.sha256) == ("42", "x=")
    assert len(found.filename or "") == 255


def test_media_that_meta_could_not_fetch_has_no_id() -> None:
    failed = {"type": "image", "errors": [{"code": 400, "message": "Media download error"}]}
    found = media(failed, Kind.IMAGE)

    assert found is not None
    assert found.media_id is None


@pytest.mark.parametrize("kind", [Kind.AUDIO, Kind.VIDEO, Kind.TEXT])
def test_sound_and_film_are_never_fetched(kind: Kind) -> None:
    assert media({"type": kind.value, kind.value: {"id": "1"}}, kind) is None
