"""POST /messages: what is refused, what is accepted, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.simulator.control import Control, Phone
from tests.simulator.graph_api import GraphApi, code, wamid
from tests.simulator.receiver import Webhooks

Json = dict[str, Any]


def buttons(*titles: str) -> Json:
    made = [
        {"type": "reply", "reply": {"id": f"b{number}", "title": title}}
        for number, title in enumerate(titles)
    ]
    body = {"type": "button", "body": {"text": "Frage"}, "action": {"buttons": made}}
    return {"type": "interactive", "interactive": body}


def rows(count: int) -> Json:
    made = [{"id": f"r{number}", "title": f"Zeile {number}"} for number in range(count)]
    half = count // 2
    sections = [{"title": "Eins", "rows": made[:half]}, {"title": "Zwei", "rows": made[half:]}]
    action = {"button": "Wählen", "sections": sections}
    body = {"type": "list", "body": {"text": "Frage"}, "action": action}
    return {"type": "interactive", "interactive": body}


ACCEPTED = {
    "text": {"type": "text", "text": {"body": "ä" * 4096}},
    "type left out": {"text": {"body": "Hallo", "preview_url": False}},
    "three buttons": buttons("Ja", "Nein", "Später"),
    "ten rows": rows(10),
    "location": {"type": "location", "location": {"latitude": "48.1", "longitude": 8.2}},
    "contacts": {"type": "contacts", "contacts": [{"name": {"formatted_name": "Rathaus"}}]},
    "linked image": {"type": "image", "image": {"link": "https://example.org/a.png"}},
    "template": {"type": "template", "template": {"name": "hi", "language": {"code": "de"}}},
}


@pytest.mark.parametrize("message", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_send_with_allowed_content_reaches_the_phone(
    api: GraphApi, anna: Phone, message: Json
) -> None:
    sent = wamid(api.post({"to": f"+{anna.phone}", **message}))

    assert [bubble.wamid for bubble in anna.received()] == [sent]


REFUSED = {
    "too long text": ({"type": "text", "text": {"body": "ä" * 4097}}, 131009),
    "empty text": ({"type": "text", "text": {"body": " "}}, 131009),
    "missing object": ({"type": "text"}, 131008),
    "missing body": ({"type": "text", "text": {}}, 131008),
    "text of the wrong type": ({"type": "text", "text": {"body": 7}}, 131009),
    "unknown type": ({"type": "telegram", "telegram": {}}, 100),
    "unknown key": ({"type": "text", "text": {"body": "x"}, "priority": 1}, 100),
    "unknown inner key": ({"type": "text", "text": {"body": "x", "bold": True}}, 100),
    "four buttons": (buttons("1", "2", "3", "4"), 131009),
    "long button title": (buttons("x" * 21), 131009),
    "same button title twice": (buttons("Ja", "Ja"), 131009),
    "eleven rows": (rows(11), 131009),
    "image by id and link": ({"type": "image", "image": {"id": "1", "link": "https://a"}}, 131009),
    "unknown media": ({"type": "image", "image": {"id": "1"}}, 100),
    "caption on audio": ({"type": "audio", "audio": {"link": "https://a", "caption": "x"}}, 100),
    "place out of range": (
        {"type": "location", "location": {"latitude": 91, "longitude": 0}},
        131009,
    ),
    "long callback": ({"text": {"body": "x"}, "biz_opaque_callback_data": "x" * 513}, 131009),
    "other recipient type": ({"text": {"body": "x"}, "recipient_type": "group"}, 100),
}


@pytest.mark.parametrize(("message", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_send_with_wrong_content_is_refused_and_not_delivered(
    api: GraphApi, anna: Phone, message: Json, expected: int
) -> None:
    reply = api.post({"to": f"+{anna.phone}", **message})

    assert code(reply) == expected
    assert anna.received() == []


@pytest.mark.parametrize(
    "body",
    [
        {"to": "+4915001234567", "text": {"body": "x"}},
        {"messaging_product": "whatsapp", "text": {}},
    ],
)
def test_send_without_product_or_recipient_is_refused(api: GraphApi, body: Json) -> None:
    reply = api.number("POST", "/messages", json=body)

    assert code(reply) in {100, 131008}


def test_send_with_broken_json_is_refused(api: GraphApi) -> None:
    reply = api.number("POST", "/messages", data=b'{"to":')

    assert code(reply) == 100


def test_send_with_wrong_token_is_refused(api: GraphApi, anna: Phone) -> None:
    url = f"{api.simulator.base_url}/v26.0/{api.simulator.phone_number_id}/messages"
    body = {"messaging_product": "whatsapp", "to": f"+{anna.phone}", "text": {"body": "x"}}

    reply = requests.post(url, json=body, headers={"Authorization": "Bearer wrong"}, timeout=60)

    assert (reply.status_code, code(reply)) == (401, 190)
    assert anna.received() == []


def test_send_to_other_number_id_is_refused(api: GraphApi) -> None:
    reply = api.request("POST", "/4711/messages", json={})

    assert reply.json()["error"]["error_subcode"] == 33


@pytest.mark.parametrize("version", ["", "/v21.0", "/v26.0"])
def test_send_with_any_version_in_the_path_is_accepted(
    api: GraphApi, anna: Phone, version: str
) -> None:
    api.version = version

    reply = api.text(anna, "Hallo")

    expected = [{"input": f"+{anna.phone}", "wa_id": anna.phone}]
    assert reply.json()["contacts"] == expected


def test_send_to_bsuid_is_answered_with_the_user_id(api: GraphApi, anna: Phone) -> None:
    reply = api.post({"recipient": anna.user_id, "text": {"body": "Hallo"}})

    assert reply.json()["contacts"] == [{"input": anna.user_id, "user_id": anna.user_id}]
    assert [bubble.text for bubble in anna.received()] == ["Hallo"]


def test_send_to_number_and_bsuid_goes_to_the_number(
    api: GraphApi, anna: Phone, control: Control
) -> None:
    other = control.citizen("Uwe")
    other.change(window_open=True)

    reply = api.text(anna, "Hallo", recipient=other.user_id)

    assert reply.json()["contacts"][0]["wa_id"] == anna.phone
    assert (len(anna.received()), len(other.received())) == (1, 0)


def test_send_with_bsuid_in_to_is_accepted_and_never_delivered(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    reply = api.post({"to": anna.user_id, "text": {"body": "Hallo"}})
    control.idle()

    assert reply.status_code == 200
    assert (anna.received(), webhooks.statuses()) == ([], [])


@pytest.mark.parametrize("written", ["+{}", "{}", "0{local}", "+49 {local}"])
def test_send_to_german_number_written_in_any_way_arrives(
    api: GraphApi, anna: Phone, written: str
) -> None:
    to = written.format(anna.phone, local=anna.phone.removeprefix("49"))

    api.post({"to": to, "text": {"body": "Hallo"}})

    assert len(anna.received()) == 1


def test_send_without_plus_gets_the_country_code_when_meta_is_strict(
    api: GraphApi, anna: Phone, control: Control
) -> None:
    control.faults(plus_required=True)

    reply = api.post({"to": anna.phone, "text": {"body": "Hallo"}})

    assert reply.json()["contacts"][0]["wa_id"] == f"49{anna.phone}"
    assert anna.received() == []


def test_send_to_own_number_is_refused(api: GraphApi) -> None:
    number = api.simulator.display_phone_number

    assert code(api.post({"to": f"+{number}", "text": {"body": "x"}})) == 131021


def test_send_to_unknown_number_fails_later_without_contacts(
    api: GraphApi, control: Control, webhooks: Webhooks
) -> None:
    sent = wamid(api.post({"to": "+4915009999999", "text": {"body": "Hallo"}}))
    control.idle()

    [value] = webhooks.values()
    [status] = value["statuses"]
    assert "contacts" not in value
    assert (status["id"], status["errors"][0]["code"]) == (sent, 131026)
    assert (status["recipient_id"], "recipient_user_id" in status) == ("4915009999999", False)


def test_send_outside_the_window_is_accepted_and_fails_later(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.advance(24 * 3600 + 1)

    reply = api.text(anna, "Zu spät", biz_opaque_callback_data="row-1")
    control.idle()

    [failed] = webhooks.statuses()
    assert reply.status_code == 200
    assert (failed["errors"][0]["code"], failed["biz_opaque_callback_data"]) == (131047, "row-1")
    assert anna.received() == []


def test_reaction_of_citizen_does_not_open_the_window_but_a_call_does(
    api: GraphApi, anna: Phone, control: Control
) -> None:
    first = wamid(api.text(anna, "Guten Tag"))
    control.advance(24 * 3600 + 1)

    anna.react(first, "👍")
    after_reaction = anna.state()["window_open"]
    anna.call(ring_seconds=0.01)

    assert (after_reaction, anna.state()["window_open"]) == (False, True)


def test_pair_limit_allows_45_then_one_every_six_seconds(
    api: GraphApi, anna: Phone, control: Control
) -> None:
    control.faults(messages_per_second=0)
    control.post("/control/clock", freeze=True)
    burst = [api.text(anna, str(number)).status_code for number in range(45)]

    refused = code(api.text(anna, "zu viel"))
    control.advance(6)
    after_six_seconds = [api.text(anna, "wieder").status_code, code(api.text(anna, "zu viel"))]

    assert burst == [200] * 45
    assert (refused, after_six_seconds) == (131056, [200, 131056])


def test_throughput_limit_refuses_the_81st_message_of_a_second(
    api: GraphApi, control: Control
) -> None:
    control.post("/control/clock", freeze=True)
    people = [control.citizen() for _ in range(2)]
    replies = [api.text(people[number % 2], "x").status_code for number in range(80)]

    refused = code(api.text(people[0], "zu viel"))

    assert (replies, refused) == ([200] * 80, 130429)


def test_send_with_quote_shows_the_quote(api: GraphApi, anna: Phone) -> None:
    question = anna.inbox()[0].wamid

    api.text(anna, "Antwort", context={"message_id": question})

    assert anna.received()[0].quote == question


def test_reaction_of_office_shows_on_the_message_and_can_be_removed(
    api: GraphApi, anna: Phone
) -> None:
    question = anna.inbox()[0].wamid

    def react(emoji: str) -> dict[str, str]:
        reaction = {"message_id": question, "emoji": emoji}
        api.post({"to": f"+{anna.phone}", "type": "reaction", "reaction": reaction})
        return anna.inbox()[0].reactions

    assert [react("👍"), react("")] == [{"business": "👍"}, {}]


def test_reaction_to_unknown_message_fails_later(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    reaction = {"message_id": "wamid.unknown", "emoji": "👍"}

    api.post({"to": f"+{anna.phone}", "type": "reaction", "reaction": reaction})
    control.idle()

    assert [status["errors"][0]["code"] for status in webhooks.statuses()] == [131009]


def test_message_ids_hold_the_number_in_base64(api: GraphApi, anna: Phone) -> None:
    import base64

    encoded = base64.b64encode(anna.phone.encode()).decode().rstrip("=")[:16]

    ids = [anna.inbox()[0].wamid, wamid(api.text(anna, "Hallo"))]

    assert [encoded in one for one in ids] == [True, True]
