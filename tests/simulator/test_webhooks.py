"""Webhooks: bytes, signature, order, batches, faults and repetition."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from sprechstunde.simulator.webhooks import encode, signature
from tests.simulator.control import Control, Phone
from tests.simulator.graph_api import GraphApi
from tests.simulator.receiver import Webhooks


def test_signature_matches_a_known_vector() -> None:
    body = encode({"object": "whatsapp_business_account", "entry": []})

    signed = signature(body, "test_app_secret")

    assert signed == "sha256=dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"


def test_body_is_escaped_like_metas() -> None:
    assert encode({"a": "ä/😀"}) == b'{"a":"\\u00e4\\/\\ud83d\\ude00"}'


def test_webhook_is_signed_and_ascii(control: Control, webhooks: Webhooks) -> None:
    control.citizen("Jörg Süß").say("Grüße 😀")
    control.idle()

    assert webhooks.all_signed()
    assert webhooks.bodies[0].isascii()
    assert webhooks.messages()[0]["text"] == {"body": "Grüße 😀"}


def test_webhook_in_utf8_mode_holds_the_letters_themselves(
    control: Control, webhooks: Webhooks
) -> None:
    control.faults(raw_utf8=True)

    control.citizen().say("Grüße 😀")
    control.idle()

    assert webhooks.all_signed()
    assert "Grüße 😀".encode() in webhooks.bodies[0]


def test_messages_of_a_citizen_arrive_in_order_among_many_others(
    control: Control, webhooks: Webhooks
) -> None:
    people = [control.citizen() for _ in range(10)]

    for number in range(10):
        for citizen in people:
            citizen.say(str(number))
    control.idle()

    written = {
        person.user_id: [
            message["text"]["body"]
            for message in webhooks.messages()
            if message["from_user_id"] == person.user_id
        ]
        for person in people
    }
    assert written == {person.user_id: [str(number) for number in range(10)] for person in people}


def test_refused_webhook_is_repeated_with_the_same_bytes(
    control: Control, webhooks: Webhooks
) -> None:
    control.faults(retry_delays=[0.01, 0.02])
    webhooks.answers[:] = [500, 503]

    control.citizen().say("Guten Tag")
    control.idle()

    [delivery] = control.deliveries()["deliveries"]
    assert len(webhooks.bodies) == 3
    assert len(set(webhooks.bodies)) == 1
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 503, 200]


def test_repetition_does_not_hold_up_later_messages(control: Control, webhooks: Webhooks) -> None:
    control.faults(retry_delays=[5.0])
    webhooks.answers[:] = [500]
    citizen = control.citizen()

    citizen.say("eins")
    citizen.say("zwei")
    control.idle()

    texts = [message["text"]["body"] for message in webhooks.messages()]
    assert texts == ["eins", "zwei", "eins"]


def test_batches_hold_everything_once_and_in_order(control: Control, webhooks: Webhooks) -> None:
    control.faults(batch_size=1000, batch_wait=2.0)
    people = [control.citizen() for _ in range(5)]

    for number in range(40):
        people[number % 5].say(str(number))
    control.idle()

    texts = [int(message["text"]["body"]) for message in webhooks.messages()]
    assert sorted(texts) == list(range(40))
    assert [[text for text in texts if text % 5 == lane] for lane in range(5)] == [
        list(range(lane, 40, 5)) for lane in range(5)
    ]
    assert len(webhooks.bodies) < 10


def test_duplicates_have_the_same_id(control: Control, webhooks: Webhooks) -> None:
    control.faults(webhook_duplicate=1)

    control.citizen().say("Guten Tag")
    control.idle()

    assert list(Counter(message["id"] for message in webhooks.messages()).values()) == [2]


def test_dropped_webhook_never_arrives(control: Control, webhooks: Webhooks) -> None:
    control.faults(webhook_drop=1)

    control.citizen().say("Guten Tag")
    control.idle()

    assert webhooks.bodies == []


def test_reordered_webhooks_arrive_all_but_in_another_order(
    control: Control, webhooks: Webhooks
) -> None:
    control.faults(webhook_reorder=0.5)
    citizen = control.citizen()

    for number in range(20):
        citizen.say(str(number))
    control.idle()

    texts = [int(message["text"]["body"]) for message in webhooks.messages()]
    assert sorted(texts) == list(range(20))
    assert texts != sorted(texts)


def test_same_seed_gives_the_same_faults(control: Control) -> None:
    def dropped() -> int:
        control.reset(seed=7)
        control.faults(webhook_drop=0.5)
        citizen = control.citizen()
        for _ in range(30):
            citizen.say("x")
        return int(control.get("/control/idle?timeout=60")["dropped"])

    first = dropped()

    assert 0 < first < 30
    assert dropped() == first


@pytest.mark.parametrize("kind", ["valid", "wrong", "none"])
def test_raw_payload_is_sent_as_given(control: Control, webhooks: Webhooks, kind: str) -> None:
    control.raw(body='{"object": "ä"}', signature=kind)
    control.idle()

    assert webhooks.bodies == ['{"object": "ä"}'.encode()]
    assert webhooks.all_signed() == (kind == "valid")


def test_verification_succeeds_with_the_right_token_only(control: Control) -> None:
    right = control.post("/control/webhook/verify")
    wrong = control.post("/control/webhook/verify", verify_token="wrong")

    assert (right, wrong) == ({"verified": True}, {"verified": False})


def test_burst_brings_every_message(control: Control, webhooks: Webhooks) -> None:
    control.burst(300, citizens=16)

    assert len({message["id"] for message in webhooks.messages()}) == 300


def test_statuses_go_to_the_portal_in_order_by_default(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    for number in range(5):
        api.text(anna, str(number), biz_opaque_callback_data=str(number))
    control.idle()
    anna.look()
    control.idle()

    seen: dict[str, list[str]] = {}
    for status in webhooks.statuses():
        seen.setdefault(status["biz_opaque_callback_data"], []).append(status["status"])
    assert seen == {str(number): ["sent", "delivered", "read"] for number in range(5)}


def test_oversized_batch_is_split_below_three_megabytes(
    control: Control, webhooks: Webhooks
) -> None:
    control.faults(batch_size=1000, batch_wait=0.2)
    citizen = control.citizen()

    for _ in range(60):
        citizen.say("😀" * 8000)
    control.idle()

    assert max(len(body) for body in webhooks.bodies) <= 3 * 1024 * 1024
    assert len(webhooks.messages()) == 60
    assert json.loads(webhooks.bodies[0])["object"] == "whatsapp_business_account"
