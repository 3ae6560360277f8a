"""The queue of outgoing messages in the database: which may be sent, and which is being sent.

A conversation has at most one row in the state SENDING, and that row is the claim on its queue:
who finds one there keeps away. If its worker dies, the claim ends when the row is shown as
unconfirmed (`delivery.deliver_due`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q, QuerySet

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import ConsultationSession, Conversation, Message, Office
from sessions_app.services.outbound.attempts import Attempt

FAREWELL_UNTIL = timedelta(seconds=20)  # after the session has closed
RING_LOST_AFTER = timedelta(seconds=1)

_M = TypeVar("_M", bound=models.Model)
_Field: TypeAlias = "models.Field[Any, Any]"


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


def _columns(model: type[models.Model], *names: str) -> "list[_Field]":
    """Return the fields in the order in which `from_db` takes them."""
    return [field for field in model._meta.concrete_fields if field.attname in names]  # noqa: SLF001


# What it takes to send a row and to write down the answer; all else stays unread.
_OF_MESSAGE = _columns(
    Message,
    *("id", "session_id", "conversation_id", "key_id", "uid"),
    *("kind", "notice", "content", "quoted_wamid", "attempts"),
)
_OF_CONVERSATION = _columns(
    Conversation, *("id", "key_id", "uid", "phone", "bsuid", "last_inbound_at")
)
_SELECTED = [
    *(f"message.{field.column}" for field in _OF_MESSAGE),
    *(f"conversation.{field.column}" for field in _OF_CONVERSATION),
]
# `sendable` and `_being_sent` for many queues at once. Asked after every message, so the ORM's time to
# build it would be longer than the database's to answer it.
_FIRST_OF_QUEUES = f"""
SELECT {", ".join(_SELECTED)}, office.id, office.phone_number_id
  FROM {_CONVERSATIONS} conversation
  JOIN {_SESSIONS} session ON session.id = conversation.session_id
  JOIN {_OFFICES} office ON office.id = session.office_id
  JOIN {_MESSAGES} message ON message.id = (
       SELECT queued.id FROM {_MESSAGES} queued
        WHERE queued.conversation_id = conversation.id
          AND queued.delivery = {DeliveryState.QUEUED:d}
          AND (session.closes_at > %s OR queued.notice = '{Notice.FAREWELL}')
        ORDER BY queued.sent_at, queued.id LIMIT 1)
 WHERE session.closes_at > %s AND session.cancelled_at IS NULL
   AND (message.next_attempt_at IS NULL OR message.next_attempt_at <= %s)
   AND conversation.erase_requested_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM {_MESSAGES} sending
                    WHERE sending.conversation_id = conversation.id
                      AND sending.delivery = {DeliveryState.SENDING:d})
   AND conversation.id IN
"""  # noqa: S608 (only names of tables and columns and our own constants)
# Rows that another worker holds are left to it: to wait for it could be to wait for each other.
_START = f"""
UPDATE {_MESSAGES}
   SET delivery = {DeliveryState.SENDING:d}, attempts = attempts + 1, attempted_at = %s
 WHERE id IN (
       SELECT message.id FROM {_MESSAGES} message
         JOIN {_SESSIONS} session ON session.id = message.session_id
        WHERE message.delivery = {DeliveryState.QUEUED:d}
          AND (session.closes_at > %s
               OR session.closes_at > %s AND message.notice = '{Notice.FAREWELL}')
          AND (message.id, message.attempts) IN (VALUES {{seen}}) {{locked}})
RETURNING id
"""  # noqa: S608


def due(conversation_ids: Sequence[int], now: datetime) -> list[Due]:
    """Return the first row of each queue, where it may be sent now.

    A first row whose pause is not over holds back the rows behind it.
    """
    times = _written(now, now - FAREWELL_UNTIL, now)
    with connection.cursor() as cursor:
        statement = f"{_FIRST_OF_QUEUES} ({_places(conversation_ids)})"
        cursor.execute(statement, [*times, *conversation_ids])
        return [_due(row) for row in _converted(cursor.fetchall())]


def _converted(rows: Iterable[tuple[Any, ...]]) -> Iterable[Sequence[Any]]:
    """Turn what the driver gives into what the fields of models hold."""
    compiler = Message.objects.all().query.get_compiler(connection=connection)
    fields = (*_OF_MESSAGE, *_OF_CONVERSATION)
    converters = compiler.get_converters([field.cached_col for field in fields])
    converted: Iterable[Sequence[Any]] = compiler.apply_converters(rows, converters)
    return converted


def _due(row: Sequence[Any]) -> Due:
    *columns, office_id, number_id = row
    split = len(_OF_MESSAGE)
    message = _row_of(Message, _OF_MESSAGE, columns[:split])
    message.conversation = _row_of(Conversation, _OF_CONVERSATION, columns[split:])
    return Due(message, office_id, number_id)


def _row_of(model: type[_M], fields: "Sequence[_Field]", values: Sequence[Any]) -> _M:
    return model.from_db(connection.alias, [field.attname for field in fields], values)


def start(attempts: Sequence[Attempt], now: datetime) -> list[Attempt]:
    """Mark rows as SENDING and return those that are ours to send once this is committed.

    A row that another worker has taken is left out: taken, it is no longer queued, or it is again
    but with one attempt more. So is a row whose session has closed.
    """
    wanted = {attempt.message.pk: attempt for attempt in attempts}
    seen = [value for pk, attempt in wanted.items() for value in (pk, attempt.message.attempts)]
    skips = connection.features.has_select_for_update_skip_locked
    statement = _START.format(
        seen=", ".join(["(%s, %s)"] * len(wanted)),
        locked="FOR NO KEY UPDATE OF message SKIP LOCKED" if skips else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*_written(now, now, now - FAREWELL_UNTIL), *seen])
        started = {pk for (pk,) in cursor.fetchall()}
    return [attempt for pk, attempt in wanted.items() if pk in started]


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


def _written(*times: datetime) -> list[Any]:
    return [connection.ops.adapt_datetimefield_value(at) for at in times]


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _being_sent() -> Exists:
    sending = Message.objects.filter(delivery=DeliveryState.SENDING)
    return Exists(sending.filter(conversation=OuterRef("conversation")))
