"""The queue of outgoing messages in the database: which may be sent, and which is being sent.

A conversation has at most one row in the state SENDING, and that row is the claim on its queue:
who finds one there keeps away. If its worker dies, the claim ends when the row is shown as
unconfirmed (`delivery.deliver_due`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import Conversation, Message
from sessions_app.services.attempts import Attempt

FAREWELL_UNTIL = timedelta(seconds=20)  # after the session has closed
RING_LOST_AFTER = timedelta(seconds=1)


def sendable(now: datetime) -> QuerySet[Message]:
    """Keep queued rows of sessions that can be written in; after the end only farewells, briefly."""
    running = Q(session__closes_at__gt=now)
    farewell = Q(notice=Notice.FAREWELL, session__closes_at__gt=now - FAREWELL_UNTIL)
    return Message.objects.filter(
        running | farewell,
        delivery=DeliveryState.QUEUED,
        session__cancelled_at=None,
        conversation__erase_requested_at=None,
    )


def due(conversation_ids: Collection[int], now: datetime) -> QuerySet[Message]:
    """Return the first row of each queue, where it may be sent now.

    Each has `number_id` and `office_id`, those of the office. A first row whose pause is not over
    holds back the rows behind it.
    """
    queue = sendable(now).filter(conversation=OuterRef("pk")).order_by("sent_at", "id")
    firsts = Conversation.objects.filter(pk__in=conversation_ids).values_list(
        Subquery(queue.values("pk")[:1])
    )
    rows = Message.objects.filter(_pause_over(now), ~_being_sent(), pk__in=firsts)
    return rows.select_related("conversation").annotate(
        number_id=F("session__office__phone_number_id"), office_id=F("session__office_id")
    )


def start(attempts: Sequence[Attempt], now: datetime) -> list[Attempt]:
    """Mark rows as SENDING and return those that are ours to send once this is committed.

    For use inside a transaction. A row that another worker has taken is left out: taken, it is no
    longer queued, or it is again but with one attempt more. So is a row whose session has closed.
    """
    wanted = {attempt.message.pk: attempt for attempt in attempts}
    rows = Message.objects.filter(pk__in=wanted, delivery=DeliveryState.QUEUED)
    locked = rows.select_for_update(of=("self",), skip_locked=True)
    started = [
        wanted[pk]
        for pk, count, closes_at in locked.values_list("pk", "attempts", "session__closes_at")
        if count == wanted[pk].message.attempts and now < _end(wanted[pk].message, closes_at)
    ]
    Message.objects.filter(pk__in=[attempt.message.pk for attempt in started]).update(
        delivery=DeliveryState.SENDING, attempts=F("attempts") + 1, attempted_at=now
    )
    return started


def put_off(message: Message, until: datetime) -> None:
    """Let a queued row, and with it all behind it, wait until then (aware)."""
    rows = Message.objects.filter(pk=message.pk, delivery=DeliveryState.QUEUED)
    rows.update(next_attempt_at=until)


def waiting(now: datetime) -> QuerySet[Message, int]:
    """Return the conversations that wait although nobody rang, or whose pause is over."""
    pause_over = Q(next_attempt_at__lte=now)
    not_rung = Q(next_attempt_at=None, created_at__lte=now - RING_LOST_AFTER)
    rows = sendable(now).filter(pause_over | not_rung, ~_being_sent())
    return rows.values_list("conversation_id", flat=True).distinct()


def _end(message: Message, closes_at: datetime) -> datetime:
    return closes_at + FAREWELL_UNTIL if message.notice == Notice.FAREWELL else closes_at


def _pause_over(now: datetime) -> Q:
    return Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)


def _being_sent() -> Exists:
    sending = Message.objects.filter(delivery=DeliveryState.SENDING)
    return Exists(sending.filter(conversation=OuterRef("conversation")))
