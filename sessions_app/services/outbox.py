"""The queue of outgoing messages in the database: which may be sent, and which is being sent.

A conversation has at most one row in the state SENDING, and that row is the claim on its queue:
who finds one there keeps away. If its worker dies, the claim ends when the row is shown as
unconfirmed (`delivery.deliver_due`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import ConsultationSession, Conversation, Message, Office
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


@dataclass(frozen=True, slots=True, repr=False)
class Due:
    """The first row of a queue, and the office whose number sends it."""

    message: Message
    office_id: int
    number_id: str


_MESSAGES, _CONVERSATIONS, _SESSIONS, _OFFICES = (
    model._meta.db_table  # noqa: SLF001
    for model in (Message, Conversation, ConsultationSession, Office)
)
# `sendable` and `_being_sent` for many queues at once. Asked after every message, so the ORM's time to
# build it would be longer than the database's to answer it.
_FIRST_OF_QUEUES = f"""
SELECT (SELECT queued.id FROM {_MESSAGES} queued
         WHERE queued.conversation_id = conversation.id
           AND queued.delivery = {DeliveryState.QUEUED:d}
           AND (session.closes_at > %s OR queued.notice = '{Notice.FAREWELL}')
         ORDER BY queued.sent_at, queued.id LIMIT 1),
       office.id, office.phone_number_id
  FROM {_CONVERSATIONS} conversation
  JOIN {_SESSIONS} session ON session.id = conversation.session_id
  JOIN {_OFFICES} office ON office.id = session.office_id
 WHERE session.closes_at > %s AND session.cancelled_at IS NULL
   AND conversation.erase_requested_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM {_MESSAGES} sending
                    WHERE sending.conversation_id = conversation.id
                      AND sending.delivery = {DeliveryState.SENDING:d})
   AND conversation.id IN
"""  # noqa: S608 (only names of tables and our own constants)


def due(conversation_ids: Sequence[int], now: datetime) -> list[Due]:
    """Return the first row of each queue, where it may be sent now.

    A first row whose pause is not over holds back the rows behind it.
    """
    firsts = _first_of_queues(conversation_ids, now)
    rows = Message.objects.filter(pk__in=firsts).select_related("conversation")
    return [
        Due(row, *firsts[row.pk])
        for row in rows
        if row.next_attempt_at is None or row.next_attempt_at <= now
    ]


def _first_of_queues(conversation_ids: Sequence[int], now: datetime) -> dict[int, tuple[int, str]]:
    """Return ids of message to those of office and number."""
    places = ", ".join(["%s"] * len(conversation_ids))
    times = [connection.ops.adapt_datetimefield_value(at) for at in (now, now - FAREWELL_UNTIL)]
    with connection.cursor() as cursor:
        cursor.execute(f"{_FIRST_OF_QUEUES} ({places})", [*times, *conversation_ids])
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall() if row[0]}


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


def _being_sent() -> Exists:
    sending = Message.objects.filter(delivery=DeliveryState.SENDING)
    return Exists(sending.filter(conversation=OuterRef("conversation")))
