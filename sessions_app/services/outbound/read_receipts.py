"""Tell the citizen's phone what was read and that somebody types; best effort, never in the way."""

import logging

from django.utils import timezone

from sessions_app.enums import Direction
from sessions_app.models import Conversation, Message
from sessions_app.whatsapp import errors, outgoing
from sessions_app.whatsapp.client import graph
from sprechstunde.vault.errors import VaultError

log = logging.getLogger(__name__)


def mark_read(conversation_id: int) -> None:
    """Show the citizen that everything so far was read, where the office wishes it."""
    conversation = _readable(conversation_id)
    if conversation and conversation.session.office.sends_read_receipts:
        _tell(conversation, typing=False)


def show_typing(conversation_id: int) -> None:
    """Show the citizen for 25 seconds that somebody types.

    Meta's call marks as read, too, so it is made only where the office wishes both.
    """
    conversation = _readable(conversation_id)
    if conversation is None:
        return
    office = conversation.session.office
    if office.sends_typing and office.sends_read_receipts:
        _tell(conversation, typing=True)


def _readable(conversation_id: int) -> Conversation | None:
    rows = Conversation.objects.select_related("session__office")
    conversation = rows.filter(pk=conversation_id, erase_requested_at=None).first()
    if conversation and conversation.session.is_readable(timezone.now()):
        return conversation
    return None


def _tell(conversation: Conversation, *, typing: bool) -> None:
    written = Message.objects.filter(conversation=conversation, direction=Direction.IN)
    last = written.exclude(wamid_digest=None).order_by("sent_at", "id").last()
    try:
        if last and last.wamid:
            note = outgoing.read(last.wamid, typing=typing)
            graph().mark(conversation.session.office.phone_number_id, note)
    except (errors.WhatsAppError, VaultError) as error:
        log.info("conversation %s: not marked as read (%s)", conversation.pk, type(error).__name__)
