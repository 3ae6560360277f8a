"""What staff do with a conversation besides writing: open, take over, finish, see the number."""

from collections.abc import Collection
from datetime import datetime

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from sessions_app.enums import Direction, MessageKind
from sessions_app.models import Conversation, Message, NumberReveal, Staff
from sprechstunde.doorbell import ring
from sprechstunde.live import presence
from sprechstunde.live.events import announce

TYPING_SHOWN_FOR = 20  # seconds; Meta's indicator ends by itself after 25

# These say nothing that waits for an answer.
NO_TURN = (MessageKind.REACTION, MessageKind.IDENTITY, MessageKind.EDIT, MessageKind.REVOKE)


class NotSeen(Exception):
    """The citizen has written something that is not on the screen yet."""


def open_by(conversation: Conversation, staff: Staff) -> None:
    """Mark a conversation as read, here and, where the office wishes it, on the citizen's phone."""
    if not conversation.unread:
        return
    with transaction.atomic():
        _rows(conversation).update(unread=0)
        announce(conversation.session_id, _event(conversation))
        if staff.office.sends_read_receipts:
            ring("sessions_app.mark_read", conversation.pk)
    conversation.unread = 0


def take_over(conversation: Conversation, *, by: Staff) -> None:
    """Make `by` the one who talks, whoever did before."""
    _change(conversation, assigned_to=by)


def hand_back(conversation: Conversation) -> None:
    """Give the conversation back to whoever has time."""
    _change(conversation, assigned_to=None)


def finish(conversation: Conversation, *, last_seen: int | None = None) -> None:
    """Mark as done; a new message of the citizen opens it again.

    `last_seen` is the newest message id on the screen. Raises NotSeen if the citizen wrote since.
    """
    with transaction.atomic():
        _lock(conversation)
        if unseen_since(conversation, last_seen):
            raise NotSeen
        _change(conversation, done_at=timezone.now(), waiting_since=None, unread=0)


def handled_elsewhere(conversation: Conversation, *, by: Staff, now: datetime) -> None:
    """Count what another part of the portal does for the citizen as an answer of `by`.

    For use inside the caller's transaction, with the conversation locked.
    """
    first, assigned = conversation.first_answered_at, conversation.assigned_to_id
    values = {"waiting_since": None, "first_answered_at": first or now}
    _change(conversation, **values, assigned_to_id=assigned or by.pk)


def taken_elsewhere(message: Message, *, also: Collection[int] = ()) -> None:
    """Let the citizen not wait because of `message`: another part of the portal took it as a reply.

    `also` are the keys of messages that were taken so before. For use inside the caller's
    transaction, with the conversation locked.
    """
    waiting = _rows(message.conversation).filter(waiting_since__gte=message.sent_at)
    if not waiting.exists():
        return  # an older turn waits, or none
    turns = Message.objects.filter(
        conversation=message.conversation_id,
        direction=Direction.IN,
        sent_at__gte=message.sent_at,
    ).exclude(kind__in=NO_TURN)
    rest = turns.exclude(pk__in=[message.pk, *also]).order_by("sent_at", "id")
    waiting.update(waiting_since=rest.values_list("sent_at", flat=True).first())


def reopen(conversation: Conversation) -> None:
    """Take "done" back; what nobody answered waits again since it was written."""
    with transaction.atomic():
        _lock(conversation)
        _change(conversation, done_at=None, waiting_since=unanswered_since(conversation))


def reveal_number(conversation: Conversation, *, by: Staff) -> str | None:
    """Return the citizen's number (`+` and digits) and note who asked; None if there is none."""
    if conversation.phone is None:
        return None
    NumberReveal.objects.create(
        session_id=conversation.session_id,
        staff=by,
        conversation_number=conversation.number,
        at=timezone.now(),
    )
    return f"+{conversation.phone}"


def types(conversation: Conversation, *, by: Staff, doing: presence.Doing) -> None:
    """Tell colleagues that `by` reads or types here, and the citizen that somebody types."""
    presence.note(conversation.session_id, conversation.pk, by.pk, doing)
    shown = doing is presence.Doing.TYPES and by.office.sends_typing
    if shown and presence.first_within(
        TYPING_SHOWN_FOR, "typing", conversation.session_id, conversation.pk
    ):
        ring("sessions_app.show_typing", conversation.pk)


def unanswered_since(conversation: Conversation) -> datetime | None:
    """Return when the citizen's oldest turn without an answer of the staff was written."""
    written = Message.objects.filter(conversation=conversation).exclude(kind__in=NO_TURN)
    answers = written.filter(direction=Direction.OUT, notice="")
    last = answers.order_by("-sent_at", "-id").values_list("sent_at", "id").first()
    turns = written.filter(direction=Direction.IN)
    if last is not None:
        at, pk = last
        turns = turns.filter(Q(sent_at__gt=at) | Q(sent_at=at, pk__gt=pk))
    return turns.order_by("sent_at", "id").values_list("sent_at", flat=True).first()


def unseen_since(conversation: Conversation, last_seen: int | None) -> datetime | None:
    """Return when the citizen's oldest turn was written that came after the message `last_seen`.

    None if there is none, or if nobody knows what was on the screen.
    """
    if last_seen is None:
        return None
    turns = Message.objects.filter(
        conversation=conversation, direction=Direction.IN, pk__gt=last_seen
    ).exclude(kind__in=NO_TURN)
    return turns.order_by("sent_at", "id").values_list("sent_at", flat=True).first()


def _lock(conversation: Conversation) -> None:
    # What comes in moves the conversation in the queue: it waits, or we see it.
    _rows(conversation).select_for_update(no_key=True).first()


def _change(conversation: Conversation, **values: object) -> None:
    with transaction.atomic():
        _rows(conversation).update(**values)
        announce(conversation.session_id, _event(conversation))
    for field, value in values.items():
        setattr(conversation, field, value)


def _rows(conversation: Conversation) -> models.QuerySet[Conversation]:
    return Conversation.objects.filter(pk=conversation.pk)


def _event(conversation: Conversation) -> str:
    return f"conversation-{conversation.pk}"
