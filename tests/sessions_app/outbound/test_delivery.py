"""Queued rows reach Meta in order and once, whoever looks after them."""

import json
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import Conversation, Staff
from sessions_app.services import messages
from sessions_app.services.outbound import delivery, pace, receipts
from tests import factories
from tests.at_once import at_once
from tests.sessions_app.outbound.conftest import in_thread, queued, state
from tests.sessions_app.outbound.meta import Json, Meta, Reply, accepted

QUEUED, SENDING, UNCONFIRMED, SENT = (
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.UNCONFIRMED,
    DeliveryState.SENT,
)


def test_queue_is_sent_in_order(conversation: Conversation, meta: Meta) -> None:
    now = timezone.now()
    rows = [
        queued(conversation, f"{n}", sent_at=now + timedelta(seconds=s))
        for n, s in ((2, 2), (1, 1), (4, 3), (5, 3), (0, 0))
    ]

    delivery.deliver(conversation.pk)

    assert meta.texts == ["0", "1", "2", "4", "5"]
    assert {state(row) for row in rows} == {SENT}


def test_sent_row_keeps_its_wamid(conversation: Conversation, meta: Meta) -> None:
    message = queued(conversation)
    meta.replies = [accepted("wamid.NEW")]

    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.wamid, message.error_code, message.attempts) == ("wamid.NEW", None, 1)
    assert message.wamid_digest == receipts.wamid_digest(message, "wamid.NEW")


def test_request_carries_number_quote_and_our_id(conversation: Conversation, meta: Meta) -> None:
    message = queued(conversation, "Ja", quoted_wamid="wamid.Q")

    delivery.deliver(conversation.pk)

    body, number = meta.requests[0], conversation.session.office.phone_number_id
    assert meta.paths == [f"/v26.0/{number}/messages"]
    assert (body["to"], body["context"]) == (f"+{conversation.phone}", {"message_id": "wamid.Q"})
    assert body["biz_opaque_callback_data"] == str(message.pk)


def test_citizen_without_a_number_is_written_to_by_bsuid(meta: Meta, db: None) -> None:
    conversation = factories.conversation(phone=None, bsuid="DE.4711")
    queued(conversation)

    delivery.deliver(conversation.pk)

    assert meta.requests[0]["recipient"] == "DE.4711"


def test_reaction_and_question_are_sent_as_such(
    conversation: Conversation, staff: Staff, meta: Meta
) -> None:
    question = factories.message(conversation, wamid="wamid.Q")
    messages.react(question, by=staff, emoji="👍")
    messages.send_notice(conversation, Notice.ERASE_QUESTION, now=timezone.now())

    delivery.deliver(conversation.pk)

    reaction, buttons = meta.requests
    assert reaction["reaction"] == {"message_id": "wamid.Q", "emoji": "👍"}
    assert len(buttons["interactive"]["action"]["buttons"]) == 2


def test_citizen_beyond_the_burst_waits_and_others_do_not(
    conversation: Conversation, meta: Meta, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 100_000
    monkeypatch.setattr(pace, "PAIR_INTERVAL", 600.0)  # nothing comes free meanwhile
    other = factories.conversation(conversation.session)
    rows = [queued(conversation, f"{n}") for n in range(47)]

    begin = timezone.now()
    delivery.deliver(conversation.pk)
    queued(other, "anderer")
    delivery.deliver(other.pk)

    rows[45].refresh_from_db()
    assert meta.texts == [*(f"{n}" for n in range(45)), "anderer"]
    assert rows[45].next_attempt_at is not None
    assert rows[45].next_attempt_at > begin + timedelta(seconds=5)


@pytest.mark.django_db(transaction=True)
def test_many_threads_delivering_at_once_send_each_row_once_and_in_order(
    meta: Meta, settings: Any
) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 100_000
    session = factories.session()
    people = [factories.conversation(session) for _ in range(6)]
    for number in range(5):
        for person in people:
            queued(person, f"{person.pk} {number}")

    at_once(*[partial(delivery.deliver, person.pk) for person in people for _ in range(4)])

    for person in people:
        mine = [text for text in meta.texts if text.startswith(f"{person.pk} ")]
        assert mine == [f"{person.pk} {number}" for number in range(5)]


@pytest.mark.django_db(transaction=True)
def test_row_that_comes_while_the_queue_is_sent_is_sent_too(
    conversation: Conversation, staff: Staff, meta: Meta
) -> None:
    queued(conversation, "1")

    def write() -> None:
        messages.reply(conversation, by=staff, text="2", token=uuid4(), last_seen=None)

    def decide(body: Json) -> Reply:
        if body["text"]["body"] == "1":
            in_thread(write)
        return accepted(f"wamid.{uuid4()}")

    meta.decide = decide
    delivery.deliver(conversation.pk)

    assert meta.texts == ["1", "2"]


def test_conversation_that_another_worker_sends_in_is_left_to_it(
    conversation: Conversation, meta: Meta
) -> None:
    queued(conversation, "1", delivery=SENDING, attempted_at=timezone.now())
    second = queued(conversation, "2")

    delivery.deliver(conversation.pk)

    assert (state(second), meta.requests) == (QUEUED, [])


def test_dead_worker_leaves_an_unconfirmed_message_and_a_free_queue(
    conversation: Conversation, meta: Meta
) -> None:
    now = timezone.now()
    first = queued(conversation, "1", delivery=SENDING, attempted_at=now, attempts=1)
    queued(conversation, "2")

    delivery.deliver_due(now + timedelta(seconds=29))
    before = state(first)
    delivery.deliver_due(now + timedelta(seconds=30))
    delivery.deliver(conversation.pk)

    assert (before, state(first), meta.texts) == (SENDING, UNCONFIRMED, ["2"])


def _rung(redis_server: Any) -> list[str]:
    bodies = [
        json.loads(raw) for raw in redis_server.lrange("sprechstunde:celery:sprechstunde", 0, -1)
    ]
    return sorted(body["headers"]["argsrepr"] for body in bodies)


@pytest.mark.django_db(transaction=True)
def test_sweep_rings_for_what_nobody_rang_for(
    conversation: Conversation, redis_server: Any
) -> None:
    now = timezone.now()
    people = [factories.conversation(conversation.session) for _ in range(5)]
    queued(people[0], created_at=now - timedelta(seconds=5))  # its ring was lost
    queued(people[1], created_at=now)  # its ring is under way
    queued(people[2], next_attempt_at=now - timedelta(seconds=1))  # its pause is over
    queued(people[3], next_attempt_at=now + timedelta(seconds=9))  # its pause is not over
    queued(people[4], created_at=now - timedelta(seconds=5), delivery=SENT)

    delivery.deliver_due(now)

    assert _rung(redis_server) == sorted([f"({people[0].pk},)", f"({people[2].pk},)"])


@pytest.mark.django_db(transaction=True)
def test_desks_hear_of_a_message_that_begins_to_stand_before_them(
    conversation: Conversation, redis_server: Any
) -> None:
    now = timezone.now()
    attempted = now - timedelta(seconds=61)
    queued(conversation, delivery=UNCONFIRMED, attempted_at=attempted)
    listener = redis_server.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(f"sprechstunde:live:{conversation.session.pk}")
    listener.get_message(timeout=30)

    delivery.deliver_due(now)

    heard = listener.get_message(timeout=30)
    listener.close()
    assert heard["data"].decode().split() == ["queue", f"conversation-{conversation.pk}"]
