"""Queued rows reach Meta in order and once, and each row says truthfully how far it came."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from sessions_app.enums import DeliveryState, MessageKind, Notice
from sessions_app.models import Conversation, Message, Staff
from sessions_app.services import delivery, messages, receipts
from sessions_app.whatsapp.events import Receipt
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.sessions_app.outbound.conftest import queued, state
from tests.sessions_app.outbound.meta import CUT, Json, Meta, Reply, accepted, refused

QUEUED, SENDING, UNCONFIRMED, SENT, FAILED = (
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.UNCONFIRMED,
    DeliveryState.SENT,
    DeliveryState.FAILED,
)


def due_again(message: Message) -> None:
    """Let the pause of a rejected message be over."""
    Message.objects.filter(pk=message.pk).update(next_attempt_at=timezone.now())


def _in_thread(work: Callable[[], object]) -> None:
    def run() -> None:
        work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def _after(conversation: Conversation, news: Receipt, answer: Reply) -> Callable[[Json], Reply]:
    """Answer only when the status webhook has come."""

    def apply() -> None:
        with transaction.atomic():
            receipts.apply(conversation.session, [news])

    def decide(_: Json) -> Reply:
        _in_thread(apply)
        return answer

    return decide


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


def test_rejected_message_is_sent_by_itself_and_holds_back_those_behind(
    conversation: Conversation, meta: Meta
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    meta.replies = [refused(130429)]

    delivery.deliver(conversation.pk)
    waiting = (state(first), state(second), meta.texts)
    due_again(first)
    delivery.deliver(conversation.pk)

    assert waiting == (QUEUED, QUEUED, ["1"])
    assert (meta.texts, state(first), state(second)) == (["1", "1", "2"], SENT, SENT)


def test_rejected_message_says_why_it_waits(conversation: Conversation, meta: Meta) -> None:
    message = queued(conversation)
    meta.replies = [refused(131056)]

    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert message.error_code == 131056
    assert message.next_attempt_at is not None
    assert message.next_attempt_at > timezone.now() + timedelta(seconds=2)


@pytest.mark.parametrize("reply", [CUT, refused(131000, 500), Reply(body=b"<html>")])
def test_ambiguous_answer_leaves_the_message_unconfirmed(
    conversation: Conversation, meta: Meta, reply: Reply
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    meta.replies = [reply]

    delivery.deliver(conversation.pk)
    delivery.deliver_due(timezone.now() + timedelta(minutes=10))
    delivery.deliver(conversation.pk)

    assert meta.texts == ["1", "2"]
    assert (state(first), state(second)) == (UNCONFIRMED, SENT)


@pytest.mark.parametrize(("code", "status"), [(131026, 400), (190, 401), (131042, 400)])
def test_permanent_error_fails_with_its_code(
    conversation: Conversation, meta: Meta, code: int, status: int
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    meta.replies = [refused(code, status)]

    delivery.deliver(conversation.pk)

    first.refresh_from_db()
    assert (first.delivery, first.error_code, state(second)) == (FAILED, code, SENT)


def test_message_sent_again_arrives_and_keeps_its_new_wamid(
    conversation: Conversation, staff: Staff, meta: Meta
) -> None:
    message = queued(conversation)
    meta.replies = [CUT, accepted("wamid.second")]
    delivery.deliver(conversation.pk)

    messages.send_again(message, by=staff)
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.wamid, message.attempts) == (SENT, "wamid.second", 2)


@pytest.mark.django_db(transaction=True)
def test_new_attempt_wins_over_the_late_failure_of_the_first(
    conversation: Conversation, staff: Staff, meta: Meta
) -> None:
    message = queued(conversation)
    meta.replies = [CUT]
    delivery.deliver(conversation.pk)
    messages.send_again(message, by=staff)
    late = Receipt("wamid.first", FAILED, message.pk, 131026, timezone.now())

    # It comes while the second attempt is on its way; nobody can tell them apart yet.
    meta.decide = _after(conversation, late, accepted("wamid.second"))
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.wamid) == (SENT, "wamid.second")


@pytest.mark.django_db(transaction=True)
def test_status_before_the_answer_is_not_undone_by_it(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation)
    read = Receipt("wamid.NEW", DeliveryState.READ, message.pk, None, timezone.now())

    meta.decide = _after(conversation, read, accepted("wamid.NEW"))
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.wamid) == (DeliveryState.READ, "wamid.NEW")


@pytest.mark.django_db(transaction=True)
def test_status_without_our_id_before_the_answer_is_applied_after_it(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation)
    failed = Receipt("wamid.NEW", FAILED, None, 131026, timezone.now())

    meta.decide = _after(conversation, failed, accepted("wamid.NEW"))
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.error_code) == (FAILED, 131026)


def test_message_after_24_hours_fails_without_asking_meta(meta: Meta, db: None) -> None:
    conversation = factories.conversation(
        last_inbound_at=timezone.now() - timedelta(hours=24, seconds=1)
    )
    message = queued(conversation)

    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.error_code, meta.requests) == (FAILED, 131047, [])


def test_message_that_meta_would_refuse_fails_without_asking(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation, "x" * 4097)

    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.error_code, meta.requests) == (FAILED, 100, [])


def test_citizen_without_any_id_fails(meta: Meta, db: None) -> None:
    conversation = factories.conversation(phone=None)
    message = queued(conversation)

    delivery.deliver(conversation.pk)

    assert (state(message), meta.requests) == (FAILED, [])


def _close(conversation: Conversation, ago: timedelta = timedelta()) -> None:
    session = conversation.session
    session.ends_at = session.closes_at = timezone.now() - ago
    session.save()


@pytest.mark.parametrize(
    ("seconds", "texts"), [(0, ["Auf Wiedersehen"]), (19, ["Auf Wiedersehen"]), (21, [])]
)
def test_closed_session_sends_its_farewell_only_and_not_for_long(
    conversation: Conversation, meta: Meta, seconds: int, texts: list[str]
) -> None:
    queued(conversation, "Antwort")
    queued(conversation, "Auf Wiedersehen", notice=Notice.FAREWELL)
    queued(conversation, "Willkommen", notice=Notice.GREETING)
    _close(conversation, timedelta(seconds=seconds))

    delivery.deliver(conversation.pk)

    assert meta.texts == texts


def test_cancelled_session_sends_nothing(conversation: Conversation, meta: Meta) -> None:
    queued(conversation)
    conversation.session.cancelled_at = timezone.now()
    conversation.session.save()

    delivery.deliver(conversation.pk)

    assert meta.requests == []


def test_nothing_more_goes_to_who_wished_to_be_erased(
    conversation: Conversation, meta: Meta
) -> None:
    queued(conversation)
    conversation.erase_requested_at = timezone.now()
    conversation.save()

    delivery.deliver(conversation.pk)

    assert meta.requests == []


def test_nothing_is_sent_once_the_key_is_destroyed(
    conversation: Conversation, meta: Meta, caplog: pytest.LogCaptureFixture
) -> None:
    message = queued(conversation)
    keystore().destroy(conversation.session.key_id)

    delivery.deliver(conversation.pk)

    assert (state(message), meta.requests) == (QUEUED, [])
    assert caplog.messages == [f"message {message.pk}: cannot be read (KeyUnavailable)"]


def test_key_destroyed_while_meta_answers_is_survived(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation)

    def destroy(_: Json) -> Reply:
        keystore().destroy(conversation.session.key_id)
        return accepted("wamid.NEW")

    meta.decide = destroy
    delivery.deliver(conversation.pk)

    assert state(message) == SENDING


def test_row_erased_while_meta_answers_stays_erased(conversation: Conversation, meta: Meta) -> None:
    queued(conversation)
    meta.replies = [accepted("wamid.NEW")]

    Message.objects.all().delete()
    delivery.deliver(conversation.pk)

    assert not Message.objects.exists()


def test_conversation_that_is_gone_is_normal(meta: Meta, db: None) -> None:
    delivery.deliver(4711)

    assert meta.requests == []


def test_citizen_beyond_the_burst_waits_and_others_do_not(
    conversation: Conversation, meta: Meta, settings: Any
) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 100_000
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

    threads = [
        threading.Thread(target=_deliver, args=(person.pk,)) for person in people for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for person in people:
        mine = [text for text in meta.texts if text.startswith(f"{person.pk} ")]
        assert mine == [f"{person.pk} {number}" for number in range(5)]


def _deliver(conversation_id: int) -> None:
    delivery.deliver(conversation_id)
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_row_that_comes_while_the_queue_is_sent_is_sent_too(
    conversation: Conversation, staff: Staff, meta: Meta
) -> None:
    queued(conversation, "1")

    def write() -> None:
        messages.reply(conversation, by=staff, text="2", token=uuid4(), last_seen=None)

    def decide(body: Json) -> Reply:
        if body["text"]["body"] == "1":
            _in_thread(write)
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

    assert _rung(redis_server) == [f"({people[0].pk},)", f"({people[2].pk},)"]


@pytest.mark.django_db(transaction=True)
def test_desks_hear_of_a_message_that_begins_to_stand_before_them(
    conversation: Conversation, redis_server: Any
) -> None:
    now = timezone.now()
    attempted = now - timedelta(seconds=61)
    queued(conversation, delivery=UNCONFIRMED, attempted_at=attempted)
    listener = redis_server.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(f"sprechstunde:live:{conversation.session.pk}")
    listener.get_message(timeout=1)

    delivery.deliver_due(now)

    heard = listener.get_message(timeout=2)
    listener.close()
    assert heard["data"].decode().split() == ["queue", f"conversation-{conversation.pk}"]


def test_logs_hold_nothing_personal(
    conversation: Conversation, meta: Meta, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="sessions_app")
    queued(conversation, "Kanarienvogel", kind=MessageKind.TEXT)
    meta.replies = [refused(131026)]

    delivery.deliver(conversation.pk)

    assert "Refused 131026" in caplog.text
    assert "Kanarienvogel" not in caplog.text
    assert str(conversation.phone) not in caplog.text
