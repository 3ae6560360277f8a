"""Turns what citizens sent into rows, each stored once however often and wherever it arrives."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from sessions_app.enums import AttachmentState, Direction, MessageKind, PicturePolicy
from sessions_app.models import Attachment, Conversation, Message
from sessions_app.services.identity import wamid_digest
from sessions_app.whatsapp.events import IdentityChange, Incoming, Media

_ROWS_A_STATEMENT = 400  # SQLite takes 32,766 parameters


def message_of(event: Incoming, conversation: Conversation, *, now: datetime) -> Message:
    """Return the unsaved row of what a citizen sent."""
    message = _row(conversation, event.identity, event.sent_at, now)
    message.kind, message.content = event.kind, event.content
    message.wamid = event.wamid
    if event.quoted_wamid:
        message.quoted_wamid = event.quoted_wamid
        message.quoted_digest = wamid_digest(conversation.key_id, event.quoted_wamid)
    return message


def note_of(
    event: IdentityChange, conversation: Conversation, *, other: Conversation | None, now: datetime
) -> Message:
    """Return the unsaved note of a changed number or id.

    `other` is the conversation to which the new ids lead already; both then get a note of their own.
    """
    place = f"{event.identity} in {conversation.number}" if other else event.identity
    message = _row(conversation, place, event.sent_at, now)
    message.kind = MessageKind.IDENTITY
    message.content = {"change": event.change} | ({"other": other.number} if other else {})
    return message


def insert_new(messages: Iterable[Message]) -> list[Message]:
    """Insert the rows but for those that are there already; return the new ones, with their keys.

    Duplicates are skipped and never fail: PostgreSQL would write the row into its log.
    """
    # The same order in every transaction, or two deliveries of the same batch block each other.
    rows = sorted(messages, key=lambda row: (row.conversation_id, row.sent_at))
    new: list[Message] = []
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        new += _insert(rows[start : start + _ROWS_A_STATEMENT])
    return new


def attach(arrived: Iterable[tuple[Message, Media]], policy: str) -> list[Attachment]:
    """Store where the files of new messages are fetched; of declined ones nothing but that.

    Returns those to fetch.
    """
    rows = Attachment.objects.bulk_create(
        _attachment(message, media, policy) for message, media in arrived
    )
    return [row for row in rows if row.state == AttachmentState.WAITING]


def _row(conversation: Conversation, identity: str, sent_at: datetime, now: datetime) -> Message:
    return Message(
        session_id=conversation.session_id,
        conversation=conversation,
        key_id=conversation.key_id,
        direction=Direction.IN,
        wamid_digest=wamid_digest(conversation.key_id, identity),
        sent_at=sent_at,
        created_at=now,
    )


def _attachment(message: Message, media: Media, policy: str) -> Attachment:
    row = Attachment(message=message, key_id=message.key_id, media_type=media.media_type)
    if policy == PicturePolicy.DECLINE:
        row.state = AttachmentState.DECLINED
        return row
    if media.media_id is None:
        row.state = AttachmentState.FAILED
    row.media_id, row.claimed_sha256 = media.media_id, media.sha256
    row.filename = media.filename
    return row


# All columns but the key, which the database draws.
_FIELDS = [field for field in Message._meta.concrete_fields if not field.primary_key]  # noqa: SLF001
_COLUMNS = [field.column for field in _FIELDS if field.column]


def _insert(rows: list[Message]) -> list[Message]:
    # Django's bulk_create either skips duplicates or says which rows are new, never both.
    if not rows:
        return []
    values = [_values(row) for row in rows]
    place = f"({', '.join(['%s'] * len(_FIELDS))})"
    statement = (
        f"INSERT INTO {_quoted(Message._meta.db_table)} "  # noqa: S608, SLF001 (names of ours only)
        f"({', '.join(map(_quoted, _COLUMNS))}) "
        f"VALUES {', '.join([place] * len(rows))} "
        "ON CONFLICT DO NOTHING RETURNING id, wamid_digest"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for row in values for value in row])
        keys = {bytes(digest): key for key, digest in cursor.fetchall()}
    return [_with_key(row, keys.pop(row.wamid_digest)) for row in rows if row.wamid_digest in keys]


def _values(row: Message) -> list[Any]:
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in _FIELDS]


def _with_key(row: Message, key: int) -> Message:
    row.pk = key
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001
    return row


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
