"""The statement behind the desk's queue, written out: all conversations with what was said last.

As models, two hundred rows and compiling their query anew for each page took longer than all else on
the page (docs/adr/0007-the-desks-one-statement.md). Times come as text, in UTC: SQLite knows nothing
else, and for PostgreSQL it is quicker than Django's own way.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import connection

from sessions_app.enums import DeliveryState, MessageKind
from sessions_app.models import Conversation, Message, Staff


class Found(NamedTuple):
    """One conversation, its last message and who talks; uids are hex digits, words are sealed.

    `since`: when the oldest turn came that waits for an answer, else the newest message (aware).
    """

    pk: int
    uid: str
    number: int
    name: bytes | None
    username: bytes | None
    unread: int
    is_done: bool
    has_turn: bool
    is_answered: bool
    since: datetime
    assigned_to: int | None
    staff_first_name: str | None
    staff_last_name: str | None
    staff_username: str | None
    said_uid: str | None
    said_direction: str | None
    said_kind: str | None
    said_content: bytes | None
    is_stuck: bool


_CONVERSATIONS, _MESSAGES, _STAFF, _USERS = (
    f'"{model._meta.db_table}"'  # noqa: SLF001
    for model in (Conversation, Message, Staff, User)
)
_QUEUE = f"""
SELECT c.id, CAST(c.uid AS text), c.number, c.name, c.username, c.unread,
    c.done_at IS NOT NULL, c.waiting_since IS NOT NULL, c.first_answered_at IS NOT NULL,
    CAST(CASE WHEN c.done_at IS NULL AND c.waiting_since IS NOT NULL
        THEN c.waiting_since ELSE c.last_message_at END AS text),
    c.assigned_to_id, u.first_name, u.last_name, u.username,
    CAST(m.uid AS text), m.direction, m.kind, m.content,
    EXISTS (
        SELECT 1 FROM {_MESSAGES} s
        WHERE s.conversation_id = c.id AND s.given_up_at IS NULL AND s.kind <> '{MessageKind.REACTION}'
        AND (s.delivery = {DeliveryState.FAILED.value} OR s.delivery = {DeliveryState.UNCONFIRMED.value}
            AND (s.attempted_at IS NULL OR s.attempted_at <= %s))
    )
FROM {_CONVERSATIONS} c
LEFT JOIN {_STAFF} t ON t.id = c.assigned_to_id
LEFT JOIN {_USERS} u ON u.id = t.user_id
LEFT JOIN {_MESSAGES} m ON m.id = (
    SELECT l.id FROM {_MESSAGES} l
    WHERE l.conversation_id = c.id AND l.notice = '' AND l.kind <> '{MessageKind.REACTION}'
    ORDER BY l.sent_at DESC, l.id DESC LIMIT 1
)
WHERE c.session_id = %s AND c.erase_requested_at IS NULL
"""  # noqa: S608


def conversations(
    session_id: int, stuck_since: datetime, only: Sequence[int] | None = None
) -> Iterator[Found]:
    """Yield the conversations of a session, or `only` those of it, in no order.

    Stuck is one in which a message needs a decision: it failed, or is unconfirmed since `stuck_since`.
    Messages that the office sent by itself and reactions are not what was said last.
    """
    statement, values = _QUEUE, [_written(stuck_since), session_id]
    if only is not None:
        statement += f" AND c.id IN ({', '.join(['%s'] * len(only)) or 'NULL'})"
        values += only
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    return map(_found, rows)


def _found(row: tuple[Any, ...]) -> Found:
    pk, uid, number, name, username, unread, done, turn, answered, since, *talks_and_said = row
    *talks, said_uid, direction, kind, content, stuck = talks_and_said
    who = pk, _hex(uid), number, name, username, unread
    where = bool(done), bool(turn), bool(answered), _time(since)
    said = said_uid and _hex(said_uid), direction, kind, content
    return Found._make((*who, *where, *talks, *said, bool(stuck)))


def _written(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=UTC)


def _hex(uid: str) -> str:
    return uid.replace("-", "")  # PostgreSQL writes them with hyphens
