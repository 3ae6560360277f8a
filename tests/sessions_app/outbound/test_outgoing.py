"""Bodies of messages keep Meta's shapes and limits."""

import pytest

from sessions_app.whatsapp import outgoing
from sessions_app.whatsapp.outgoing import BadMessage, Recipient

TO = Recipient("4915112345678", "DE.1")
YES_NO = [("erase:yes", "Ja, löschen"), ("erase:no", "Nein, behalten")]


def test_text_goes_to_the_number_with_a_plus() -> None:
    body = outgoing.text(TO, "Guten Tag", quoted="wamid.Q", mark="17")

    assert body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+4915112345678",
        "type": "text",
        "text": {"body": "Guten Tag", "preview_url": False},
        "biz_opaque_callback_data": "17",
        "context": {"message_id": "wamid.Q"},
    }


def test_text_goes_to_the_bsuid_when_there_is_no_number() -> None:
    body = outgoing.text(Recipient(bsuid="DE.1"), "Guten Tag")

    assert body["recipient"] == "DE.1"
    assert "to" not in body


def test_buttons_are_reply_buttons() -> None:
    body = outgoing.buttons(TO, "Löschen?", YES_NO)

    assert body["interactive"] == {
        "type": "button",
        "body": {"text": "Löschen?"},
        "action": {
            "buttons": [
                {"type": "reply", "reply": {"id": "erase:yes", "title": "Ja, löschen"}},
                {"type": "reply", "reply": {"id": "erase:no", "title": "Nein, behalten"}},
            ]
        },
    }


@pytest.mark.parametrize(("emoji", "sent"), [("👍", "👍"), (None, "")])
def test_reaction_names_its_target(emoji: str | None, sent: str) -> None:
    body = outgoing.reaction(TO, "wamid.T", emoji)

    assert body["reaction"] == {"message_id": "wamid.T", "emoji": sent}


@pytest.mark.parametrize(("typing", "extra"), [(False, {}), (True, {"type": "text"})])
def test_read_marks_and_types(typing: bool, extra: dict[str, str]) -> None:
    note = outgoing.read("wamid.T", typing=typing)

    assert (note["status"], note["message_id"]) == ("read", "wamid.T")
    assert note.get("typing_indicator", {}) == extra


def test_text_may_have_4096_characters() -> None:
    assert outgoing.text(TO, "x" * 4096)["type"] == "text"


def test_length_counts_emoji_as_browsers_do() -> None:
    assert outgoing.length("a👍") == 3


@pytest.mark.parametrize("text", ["", "x" * 4097, "👍" * 2049])
def test_text_outside_the_limits_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        outgoing.text(TO, text)


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("", YES_NO),
        ("x" * 1025, YES_NO),
        ("x", []),
        ("x", [(f"id{n}", f"Titel {n}") for n in range(4)]),
        ("x", [("a", "gleich"), ("b", "gleich")]),
        ("x", [("a", "eins"), ("a", "zwei")]),
        ("x", [("a", "t" * 21)]),
        ("x", [("i" * 257, "t")]),
        ("x", [("", "t")]),
    ],
)
def test_buttons_outside_the_limits_are_refused(text: str, choices: list[tuple[str, str]]) -> None:
    with pytest.raises(BadMessage):
        outgoing.buttons(TO, text, choices)


def test_nobody_to_write_to_is_refused() -> None:
    with pytest.raises(BadMessage):
        outgoing.text(Recipient(), "Guten Tag")


def test_reaction_without_a_target_is_refused() -> None:
    with pytest.raises(BadMessage):
        outgoing.reaction(TO, "", "👍")


def test_long_mark_is_refused() -> None:
    with pytest.raises(BadMessage):
        outgoing.text(TO, "Guten Tag", mark="x" * 513)
