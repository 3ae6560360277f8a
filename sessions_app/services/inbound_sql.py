"""The three statements that every message costs, written out.

Django needs several times longer to compile them anew for each message than the database to run
them; all else that is rare goes through models.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from sessions_app.models import CitizenIdentifier, ConsultationSession, Conversation, Message
from sprechstunde.vault.sealed import Sealed

_PLAIN = ("id", "uid", "number")
_SEALED = ("name", "username", "phone", "bsuid")
_NAMES = ("id", "session_id", "key_id", "uid", "number", *_SEALED)  # in the model's order

_IDENTIFIERS, _CONVERSATIONS, _SESSIONS, _MESSAGES = (
    f'"{model._meta.db_table}"'  # noqa: SLF001
    for model in (CitizenIdentifier, Conversation, ConsultationSession, Message)
)
_LOOK_UP = (
    f"SELECT i.digest, {', '.join(f'c.{name}' for name in (*_PLAIN, *_SEALED))} "  # noqa: S608
    f"FROM {_IDENTIFIERS} i JOIN {_CONVERSATIONS} c ON c.id = i.conversation_id "
    "WHERE i.session_id = %s AND i.digest IN ({places})"
)
# The last condition: a session that was remembered as running may have been ended since.
_NOTE = (
    f"UPDATE {_CONVERSATIONS} SET unread = unread + %s{{changes}} "  # noqa: S608
    "WHERE id = %s AND erase_requested_at IS NULL AND EXISTS ("
    f"SELECT 1 FROM {_SESSIONS} s WHERE s.id = {_CONVERSATIONS}.session_id "
    "AND s.erased_at IS NULL AND s.cancelled_at IS NULL AND s.closes_at > %s)"
)
_LAST_MESSAGE, _LAST_INBOUND = (
    f", {column} = CASE WHEN {column} < %s THEN %s ELSE {column} END"
    for column in ("last_message_at", "last_inbound_at")
)
_BEGAN, _WAITING = (
    f", {column} = CASE WHEN {column} <= %s THEN {column} ELSE %s END{more}"
    for column, more in (("began_at", ""), ("waiting_since", ", done_at = NULL"))
)

# Of the columns that may be empty only these are ever filled in what comes in.
_FILLED = {"wamid", "wamid_digest", "quoted_wamid", "quoted_digest"}
_FIELDS = [
    field
    for field in Message._meta.concrete_fields  # noqa: SLF001
    if not field.primary_key and (not field.null or field.name in _FILLED)
]
_COLUMNS = [f'"{field.column}"' for field in _FIELDS]
_ROW = f"({', '.join(['%s'] * len(_FIELDS))})"
_INSERT = (
    f"INSERT INTO {_MESSAGES} ({', '.join(_COLUMNS)}) "  # noqa: S608
    "VALUES {rows} ON CONFLICT DO NOTHING RETURNING id, wamid_digest"
)


def conversations_of(
    session: ConsultationSession, digests: Sequence[bytes]
) -> Iterator[tuple[bytes, Conversation]]:
    """Yield the digests that lead to a conversation, with what is needed of it; the rest deferred."""
    if not digests:
        return
    statement = _LOOK_UP.format(places=", ".join(["%s"] * len(digests)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [session.pk, *digests])
        found = cursor.fetchall()
    for digest, pk, uid, number, *sealed in found:
        values = [pk, session.pk, session.key_id, _uuid(uid), number, *map(_sealed, sealed)]
        yield bytes(digest), Conversation.from_db(connection.alias, _NAMES, values)


def insert_messages(rows: Sequence[Message]) -> dict[bytes, int]:
    """Insert the rows but for those whose `wamid_digest` is there; return digest and key of the new.

    Django's bulk_create either skips duplicates or says which rows are new, never both. Duplicates
    never fail: PostgreSQL would write the row into its log.
    """
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in _FIELDS
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT.format(rows=", ".join([_ROW] * len(rows))), values)
        return {bytes(digest): key for key, digest in cursor.fetchall()}


def note_activity(
    conversation_id: int,
    *,
    unread: int,
    counted: Sequence[datetime],
    heard: Sequence[datetime],
    turns: Sequence[datetime],
    now: datetime,
) -> bool:
    """Move the conversation to its place in the queue; False if it or its session is gone.

    `counted` are the times of all that staff see as new, `heard` of what opens WhatsApp's 24-hour
    window, `turns` of what waits for an answer (all aware).
    """
    changes: list[tuple[str, datetime]] = []
    if counted:
        changes.append((_LAST_MESSAGE, max(counted)))
    if heard:
        changes += [(_LAST_INBOUND, max(heard)), (_BEGAN, min(heard))]
    if turns:
        changes.append((_WAITING, min(turns)))
    values = [value for _, at in changes for value in [_written(at)] * 2]
    statement = _NOTE.format(changes="".join(clause for clause, _ in changes))
    with connection.cursor() as cursor:
        cursor.execute(statement, [unread, *values, conversation_id, _written(now)])
        return bool(cursor.rowcount)


def _written(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)  # SQLite keeps it as text


def _sealed(value: Any) -> Sealed | None:
    return None if value is None else Sealed(bytes(value))
