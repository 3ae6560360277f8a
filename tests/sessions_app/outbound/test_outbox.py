"""Two workers that look at the same queue at the same time: only one starts a row."""

from datetime import timedelta

from django.utils import timezone

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import Conversation, Message
from sessions_app.services.outbound import attempts, outbox
from tests.sessions_app.outbound.conftest import queued, state


def look(conversation: Conversation) -> list[attempts.Attempt]:
    now = timezone.now()
    return [
        attempts.prepare(due.message, office_id=due.office_id, number_id=due.number_id, now=now)
        for due in outbox.due([conversation.pk], now)
    ]


def start(seen: list[attempts.Attempt], seconds: float = 0) -> list[attempts.Attempt]:
    return outbox.start(seen, timezone.now() + timedelta(seconds=seconds))


def test_row_is_started_by_one_worker_only(conversation: Conversation) -> None:
    message = queued(conversation)
    mine, theirs = look(conversation), look(conversation)

    assert (start(mine), start(theirs), state(message)) == (mine, [], DeliveryState.SENDING)


def test_row_that_another_worker_had_rejected_is_left_out(conversation: Conversation) -> None:
    message = queued(conversation)
    mine, theirs = look(conversation), look(conversation)
    start(mine)
    Message.objects.filter(pk=message.pk).update(delivery=DeliveryState.QUEUED)

    assert start(theirs) == []


def test_queue_with_a_row_being_sent_has_nothing_due(conversation: Conversation) -> None:
    queued(conversation, "1", delivery=DeliveryState.SENDING)
    queued(conversation, "2")

    assert look(conversation) == []


def test_row_whose_session_closed_while_it_waited_is_left_out(conversation: Conversation) -> None:
    queued(conversation)
    seen = look(conversation)
    conversation.session.closes_at = conversation.session.ends_at = timezone.now()
    conversation.session.save()

    assert start(seen) == []


def test_farewell_is_started_after_the_end(conversation: Conversation) -> None:
    queued(conversation, notice=Notice.FAREWELL)
    seen = look(conversation)
    conversation.session.closes_at = conversation.session.ends_at = timezone.now()
    conversation.session.save()

    assert (start(seen, seconds=21), start(seen, seconds=10)) == ([], seen)
