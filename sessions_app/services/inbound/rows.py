"""Turns what citizens sent into rows, each stored once however often and wherever it arrives."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from sessions_app.enums import AttachmentState, Direction, MessageKind, PicturePolicy
from sessions_app.models import Attachment, Conversation, Message
from sessions_app.services.inbound.identity import wamid_digest
from sessions_app.services.inbound.sql import insert_messages
from sessions_app.whatsapp.events import IdentityChange, Incoming, Media

UNNAMED_TYPE = "application/octet-stream"  # until the bytes are there


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
    """Insert the rows but for those that are there already; return the new ones, with their keys."""
    # The same order in every transaction, or two deliveries of the same batch block each other.
    rows = sorted(messages, key=lambda row: (row.conversation_id, row.sent_at))
    keys = insert_messages(rows)
    return [_with_key(row, keys.pop(row.wamid_digest)) for row in rows if row.wamid_digest in keys]


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


def _with_key(row: Message, key: int) -> Message:
    row.pk = key
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001
    return row


def _attachment(message: Message, media: Media, policy: str) -> Attachment:
    row = Attachment(message=message, key_id=message.key_id, media_type=UNNAMED_TYPE)
    if policy == PicturePolicy.DECLINE:
        row.state = AttachmentState.DECLINED
        return row
    if media.media_id is None:
        row.state = AttachmentState.FAILED
    row.media_id, row.claimed_sha256 = media.media_id, media.sha256
    row.filename = media.filename
    return row
