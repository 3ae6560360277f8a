"""What citizens do, as the portal gets to see it."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from typing import Any

import pytest

from tests.simulator.control import Control, ControlError, Phone, eventually
from tests.simulator.graph_api import GraphApi, wamid
from tests.simulator.receiver import Webhooks

Json = dict[str, Any]


def last(control: Control, webhooks: Webhooks) -> Json:
    """The newest message that the portal was told of."""
    control.idle()
    return webhooks.messages()[-1]


def test_citizen_with_number_is_named_by_number_and_id(
    control: Control, webhooks: Webhooks
) -> None:
    citizen = control.citizen("Anna", phone="+49 1500 1234567")

    sent = citizen.say("Guten Tag", timestamp=1790416800)
    control.idle()

    [value] = webhooks.values()
    assert value["contacts"] == [
        {"profile": {"name": "Anna"}, "wa_id": "4915001234567", "user_id": citizen.user_id}
    ]
    assert value["messages"] == [
        {
            "from": "4915001234567",
            "from_user_id": citizen.user_id,
            "id": sent,
            "timestamp": "1790416800",
            "type": "text",
            "text": {"body": "Guten Tag"},
        }
    ]


def test_citizen_with_username_only_shows_no_number_anywhere(
    control: Control, webhooks: Webhooks
) -> None:
    citizen = control.citizen("Anna", username="anna.k")

    citizen.say("Guten Tag")
    control.idle()

    [contact] = webhooks.values()[0]["contacts"]
    assert contact == {
        "profile": {"name": "Anna", "username": "anna.k"},
        "user_id": citizen.user_id,
    }
    assert citizen.phone.encode() not in webhooks.bodies[0]


def test_citizen_with_username_and_number_shows_both(control: Control, webhooks: Webhooks) -> None:
    citizen = control.citizen("Anna", username="anna.k", shows_phone=True)

    citizen.say("Guten Tag")
    control.idle()

    [contact] = webhooks.values()[0]["contacts"]
    assert (contact["profile"]["username"], contact["wa_id"]) == ("anna.k", citizen.phone)


@pytest.mark.parametrize(
    ("kind", "wire", "mime_type"),
    [
        ("image", "image", "image/jpeg"),
        ("voice", "audio", "audio/ogg; codecs=opus"),
        ("video", "video", "video/mp4"),
        ("document", "document", "application/pdf"),
        ("sticker", "sticker", "image/webp"),
    ],
)
def test_media_is_announced_with_id_type_and_hash(
    control: Control, webhooks: Webhooks, api: GraphApi, kind: str, wire: str, mime_type: str
) -> None:
    control.citizen().send(kind)

    told = last(control, webhooks)[wire]
    content = api.http.get(
        told["url"], headers={"Authorization": f"Bearer {api.simulator.access_token}"}, timeout=60
    ).content

    assert told["mime_type"] == mime_type
    assert b64decode(told["sha256"]) == hashlib.sha256(content).digest()


def test_voice_note_is_marked_as_voice(control: Control, webhooks: Webhooks) -> None:
    citizen = control.citizen()

    citizen.send("voice")
    voice = last(control, webhooks)["audio"]["voice"]
    citizen.send("audio")
    audio = last(control, webhooks)["audio"]["voice"]

    assert (voice, audio) == (True, False)


def test_album_is_several_messages_with_one_caption(control: Control, webhooks: Webhooks) -> None:
    sent = control.citizen().album(3, "So sieht es aus")
    control.idle()

    images = [message["image"] for message in webhooks.messages()]
    assert [message["id"] for message in webhooks.messages()] == sent
    assert [image.get("caption") for image in images] == ["So sieht es aus", None, None]
    assert len({image["sha256"] for image in images}) == 3


def test_own_picture_arrives_byte_for_byte(
    control: Control, webhooks: Webhooks, api: GraphApi
) -> None:
    control.citizen().picture(b"\xff\xd8\xff\xe0 a picture", caption="Loch")

    image = last(control, webhooks)["image"]
    answer = api.request("GET", f"/{image['id']}").json()

    assert answer["sha256"] == hashlib.sha256(b"\xff\xd8\xff\xe0 a picture").hexdigest()


def test_media_address_can_be_left_out(control: Control, webhooks: Webhooks) -> None:
    control.faults(media_url=False)

    control.citizen().send("image")

    assert "url" not in last(control, webhooks)["image"]


def test_location_and_contacts_have_their_shapes(control: Control, webhooks: Webhooks) -> None:
    citizen = control.citizen()

    citizen.send("location", latitude=48.1, longitude=8.2, name="Rathaus")
    location = last(control, webhooks)["location"]
    citizen.send("contacts")
    contact = last(control, webhooks)["contacts"][0]

    assert location == {"latitude": 48.1, "longitude": 8.2, "name": "Rathaus"}
    assert contact["name"]["formatted_name"] == "Hausmeister Keßler"


def test_quote_names_the_message_and_its_author(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    answer = wamid(api.text(anna, "Antwort"))

    anna.say("Dazu noch etwas", quote=answer)

    context = last(control, webhooks)["context"]
    assert context == {"from": api.simulator.display_phone_number, "id": answer}


def test_reaction_names_the_message_and_its_removal_has_no_emoji(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    answer = wamid(api.text(anna, "Antwort"))

    anna.react(answer, "❤️")
    added = last(control, webhooks)["reaction"]
    anna.react(answer, "")
    removed = last(control, webhooks)["reaction"]

    assert added == {"message_id": answer, "emoji": "❤️"}
    assert removed == {"message_id": answer}


def test_removed_reaction_in_old_shape_has_an_empty_emoji(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.faults(empty_emoji_on_removal=True)
    answer = wamid(api.text(anna, "Antwort"))

    anna.react(answer, "")

    assert last(control, webhooks)["reaction"] == {"message_id": answer, "emoji": ""}


def test_edit_changes_the_phone_and_is_told_as_unsupported(
    anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    anna.edit(anna.inbox()[0].wamid, "Guten Abend")

    told = last(control, webhooks)
    assert (anna.inbox()[0].text, anna.inbox()[0].edited) == ("Guten Abend", True)
    assert (told["type"], told["unsupported"]) == ("unsupported", {"type": "edit"})
    assert told["errors"][0]["code"] == 131051


def test_pressed_button_is_told_with_id_title_and_context(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    question = wamid(api.buttons(anna, "Per E-Mail?", {"yes": "Ja, gern", "no": "Nein"}))

    anna.press("yes")

    told = last(control, webhooks)
    reply = {"id": "yes", "title": "Ja, gern"}
    assert told["interactive"] == {"type": "button_reply", "button_reply": reply}
    assert told["context"]["id"] == question


def test_chosen_row_is_told_with_its_description(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    row = {"id": "r1", "title": "Bauamt", "description": "Straßen und Wege"}
    action = {"button": "Amt", "sections": [{"rows": [row]}]}
    body = {"type": "list", "body": {"text": "Welches Amt?"}, "action": action}
    api.post({"to": f"+{anna.phone}", "type": "interactive", "interactive": body})

    anna.press("r1")

    assert last(control, webhooks)["interactive"] == {"type": "list_reply", "list_reply": row}


def test_button_that_nobody_offered_cannot_be_pressed(anna: Phone) -> None:
    with pytest.raises(ControlError, match="Knopf"):
        anna.press("yes")


def test_form_answer_is_broken_json_by_default(control: Control, webhooks: Webhooks) -> None:
    control.citizen().send("nfm_reply")

    reply = last(control, webhooks)["interactive"]["nfm_reply"]
    assert reply["response_json"] == '{"flow_token":"abc","eingabe":'


def test_unknown_type_is_sent_as_ordered(control: Control, webhooks: Webhooks) -> None:
    control.citizen().send("custom", kind="hologram", content={"hologram": {"depth": 3}})

    told = last(control, webhooks)
    assert (told["type"], told["hologram"]) == ("hologram", {"depth": 3})


@pytest.mark.parametrize("kind", ["unsupported", "template_button"])
def test_rare_types_are_sent(control: Control, webhooks: Webhooks, kind: str) -> None:
    control.citizen().send(kind, text="Ja")

    assert last(control, webhooks)["type"] in {"unsupported", "button"}


def test_call_rings_and_ends_unanswered(control: Control, webhooks: Webhooks) -> None:
    citizen = control.citizen()

    call = citizen.call(ring_seconds=0.05)
    control.idle()

    calls = [value["calls"][0] for value in webhooks.values("calls")]
    assert [(one["id"], one["event"]) for one in calls] == [(call, "connect"), (call, "terminate")]
    assert citizen.state()["calls"] == [{"id": call, "state": "missed"}]


def test_call_rejected_by_the_office_ends_at_once(
    api: GraphApi, control: Control, webhooks: Webhooks
) -> None:
    citizen = control.citizen()
    call = citizen.call(ring_seconds=60)
    eventually(lambda: webhooks.values("calls"))

    order = {"messaging_product": "whatsapp", "call_id": call, "action": "reject"}
    reply = api.number("POST", "/calls", json=order)

    assert reply.json()["success"] is True
    assert citizen.state()["calls"] == [{"id": call, "state": "rejected"}]


def test_call_is_impossible_while_calling_is_off(api: GraphApi, control: Control) -> None:
    api.number("POST", "/settings", json={"calling": {"status": "DISABLED"}})

    with pytest.raises(ControlError, match="keine Anrufe"):
        control.citizen().call()


def test_number_change_brings_new_number_and_new_id_without_contacts(
    anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    new = anna.change_number()

    told = last(control, webhooks)
    assert "contacts" not in webhooks.values()[-1]
    assert (told["from"], told["from_user_id"]) == (anna.phone, anna.user_id)
    assert told["system"] == {
        "body": f"User Anna Süß changed from {anna.phone} to {new.phone}",
        "type": "user_changed_number",
        "wa_id": new.phone,
        "user_id": new.user_id,
        "previous_user_id": anna.user_id,
    }
    assert new.user_id != anna.user_id


def test_number_change_of_hidden_number_tells_only_ids(
    control: Control, webhooks: Webhooks
) -> None:
    citizen = control.citizen(username="anna.k")

    new = citizen.change_number()

    told = last(control, webhooks)
    assert told["system"]["type"] == "user_changed_user_id"
    assert ("from" in told, "wa_id" in told["system"]) == (False, False)
    assert new.phone.encode() not in webhooks.bodies[-1]


def test_former_number_reaches_nobody(api: GraphApi, anna: Phone, control: Control) -> None:
    anna.change_number()

    api.text(anna, "an die alte Nummer")
    control.idle()

    assert (anna.received(), control.sends()[0]["statuses"]) == ([], ["failed"])


def test_blocked_citizen_is_not_heard(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    users = {"messaging_product": "whatsapp", "block_users": [{"user": f"+{anna.phone}"}]}
    api.number("POST", "/block_users", json=users)
    heard = len(webhooks.bodies)

    anna.say("Hört mich jemand?")
    control.idle()

    assert len(webhooks.bodies) == heard
    assert anna.inbox()[-1].status == "sent"
