"""The three statements that every message costs, written out.

Django needs several times longer to compile them anew for each message than the database to run
them; all else that is rare goes through models.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections

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
    f"UPDATE {_CONVERSATIONS} SET unread = unread + new.column2, "  # noqa: S608
    "last_message_at = CASE WHEN last_message_at < new.column3 THEN new.column3 "
    "ELSE last_message_at END, "
    "last_inbound_at = CASE WHEN last_inbound_at < new.column4 THEN new.column4 "
    "ELSE last_inbound_at END, "
    "began_at = CASE WHEN began_at > new.column5 THEN new.column5 ELSE began_at END, "
    "waiting_since = CASE WHEN waiting_since <= new.column6 THEN waiting_since "
    "WHEN new.column6 < %s THEN new.column6 END, "
    "done_at = CASE WHEN new.column6 = %s THEN done_at END "
    "FROM (VALUES {rows}) AS new "
    "WHERE id = new.column1 AND erase_requested_at IS NULL AND EXISTS ("
    f"SELECT 1 FROM {_SESSIONS} s WHERE s.id = {_CONVERSATIONS}.session_id "
    "AND s.erased_at IS NULL AND s.cancelled_at IS NULL AND s.closes_at > %s) RETURNING id, listener"
)

# Of the columns that may be empty only these are ever filled in what comes in.
_FILLED = {"wamid", "wamid_digest", "quoted_wamid", "quoted_digest"}
_FIELDS = [
    field
    for field in Message._meta.concrete_fields  # noqa: SLF001
    if not field.primary_key and (not field.null or field.name in _FILLED)
]
_COLUMNS = [f'"{field.column}"' for field in _FIELDS]
_INSERT = (
    f"INSERT INTO {_MESSAGES} ({', '.join(_COLUMNS)}) "  # noqa: S608
    "VALUES {rows} ON CONFLICT DO NOTHING RETURNING id, wamid_digest"
)

_ROWS_A_STATEMENT = 400  # SQLite takes 32,766 parameters
# Times that change nothing; PostgreSQL could not tell the type of a NULL.
LONG_AGO, NEVER = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
_T = TypeVar("_T")


class Activity(NamedTuple):
    """What new messages change about a conversation's place in the queue (all times aware)."""

    conversation_id: int
    unread: int
    last_message_at: datetime  # or LONG_AGO
    last_inbound_at: datetime  # or LONG_AGO
    began_at: datetime  # or NEVER
    waiting_since: datetime  # or NEVER


def conversations_of(
    session: ConsultationSession, digests: Sequence[bytes]
) -> Iterator[tuple[bytes, Conversation]]:
    """Yield the digests that lead to a conversation, with what is needed of it; the rest deferred."""
    rows: dict[int, Conversation] = {}
    for some in _portions(digests):
        statement = _LOOK_UP.format(places=_places(len(some)))
        for digest, pk, uid, number, *sealed in _fetched(statement, [session.pk, *some]):
            if pk not in rows:
                values = [pk, session.pk, session.key_id, _uuid(uid), number, *map(_sealed, sealed)]
                rows[pk] = Conversation.from_db(connection.alias, _NAMES, values)
            yield bytes(digest), rows[pk]


def insert_messages(rows: Sequence[Message]) -> dict[bytes, int]:
    """Insert the rows but for those whose `wamid_digest` is there; return digest and key of the new.

    Django's bulk_create either skips duplicates or says which rows are new, never both. Duplicates
    never fail: PostgreSQL would write the row into its log.
    """
    keys: dict[bytes, int] = {}
    database = connections[DEFAULT_DB_ALIAS]  # `connection` looks it up at every mention
    for some in _portions(rows):
        values = [
            field.get_db_prep_save(field.pre_save(row, add=True), database)
            for row in some
            for field in _FIELDS
        ]
        statement = _INSERT.format(rows=_rows(len(some), len(_FIELDS)))
        keys |= {bytes(digest): key for key, digest in _fetched(statement, values)}
    return keys


def note(activities: Sequence[Activity], *, now: datetime) -> dict[int, str]:
    """Move conversations to their places in the queue; return those that are there, with who listens.

    The others, or their sessions, are gone.
    """
    there: dict[int, str] = {}
    written = connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value
    never = written(NEVER)
    for some in _portions(activities):
        values = [
            written(value) if isinstance(value, datetime) else value
            for each in some
            for value in each
        ]
        statement = _NOTE.format(rows=_rows(len(some), len(Activity._fields)))
        there.update(_fetched(statement, [never, never, *values, written(now)]))
    return there


def _portions(rows: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        yield rows[start : start + _ROWS_A_STATEMENT]


def _rows(rows: int, columns: int) -> str:
    return ", ".join([f"({_places(columns)})"] * rows)


def _places(count: int) -> str:
    return ", ".join(["%s"] * count)


def _fetched(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)  # SQLite keeps it as text


def _sealed(value: Any) -> Sealed | None:
    return None if value is None else Sealed(bytes(value))
