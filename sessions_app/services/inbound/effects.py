"""What new messages of a citizen change: the place in the queue and the office's own texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sessions_app import wording
from sessions_app.enums import AttachmentState, MessageKind, Notice
from sessions_app.models import Conversation, Message
from sessions_app.services.conversations import NO_TURN
from sessions_app.services.inbound import sql, wishes
from sessions_app.services.inbound.identity import Vanished
from sessions_app.services.inbound.sql import LONG_AGO, NEVER, Activity
from sessions_app.services.messages import send_notice
from sessions_app.whatsapp.events import IdentityChange, Incoming
from sprechstunde.doorbell import ring

_NEVER_TAKEN = {MessageKind.AUDIO, MessageKind.VIDEO, MessageKind.CALL}
_UNCOUNTED = {MessageKind.REACTION, MessageKind.IDENTITY}


@dataclass(frozen=True, slots=True, repr=False)
class Arrival:
    """A row that was not there before, and what it was made of."""

    message: Message
    event: Incoming | IdentityChange

    @property
    def is_turn(self) -> bool:
        """Whether it waits for an answer of the staff."""
        if not isinstance(self.event, Incoming) or self.event.kind in NO_TURN:
            return False
        return not wishes.is_wish(self.event) and wishes.answer(self.event) is None


def note(by_conversation: Mapping[int, Sequence[Arrival]], *, now: datetime) -> None:
    """Move the conversations to their places in the queue, and let listen who listens there.

    Raises Vanished if one is gone.
    """
    activities = [_activity(pk, its) for pk, its in by_conversation.items()]
    there = sql.note(activities, now=now)
    if len(there) < len(activities):
        raise Vanished
    for pk, listener in there.items():
        for each in by_conversation[pk] if listener else ():
            ring(listener, pk, each.message.pk)


def answer(
    conversation: Conversation, arrivals: Sequence[Arrival], *, is_new: bool, now: datetime
) -> None:
    """Send what the office answers by itself; in the caller's transaction."""
    if is_new:
        conversation.last_message_at = max(each.message.sent_at for each in arrivals)
        send_notice(conversation, Notice.GREETING, now=now)
    if not _answer_wishes(conversation, arrivals, now):
        _decline(conversation, arrivals, now)


def _activity(conversation_id: int, arrivals: Sequence[Arrival]) -> Activity:
    counted = [each.message.sent_at for each in arrivals if each.message.kind not in _UNCOUNTED]
    heard = [each.message.sent_at for each in arrivals if each.message.kind not in NO_TURN]
    turns = [each.message.sent_at for each in arrivals if each.is_turn]
    return Activity(
        conversation_id,
        unread=len(counted),
        last_message_at=max(counted, default=LONG_AGO),
        last_inbound_at=max(heard, default=LONG_AGO),
        began_at=min(heard, default=NEVER),
        waiting_since=min(turns, default=NEVER),
    )


def _answer_wishes(conversation: Conversation, arrivals: Sequence[Arrival], now: datetime) -> bool:
    """Return whether the conversation is about to be erased."""
    said = [each.event for each in arrivals if isinstance(each.event, Incoming)]
    answers = {wishes.answer(event): event for event in said}
    if yes := answers.get(wording.ERASE_YES):
        wishes.request_erasure(conversation, at=yes.sent_at, now=now)
        return True
    if wording.ERASE_NO in answers:
        send_notice(conversation, Notice.ERASE_KEPT, now=now)
    elif any(wishes.is_wish(event) for event in said):
        send_notice(conversation, Notice.ERASE_QUESTION, now=now)
    return False


def _decline(conversation: Conversation, arrivals: Sequence[Arrival], now: datetime) -> None:
    messages = [each.message for each in arrivals]
    if any(message.kind in _NEVER_TAKEN for message in messages):
        _send_once(conversation, Notice.MEDIA_DECLINED, "media_declined_at", now)
    if any(_was_declined(message) for message in messages):
        _send_once(conversation, Notice.PICTURES_DECLINED, "pictures_declined_at", now)


def _was_declined(message: Message) -> bool:
    # `attach` has put the row beside the message; no query.
    attachment = message._state.fields_cache.get("attachment")  # noqa: SLF001
    return attachment is not None and attachment.state == AttachmentState.DECLINED


def _send_once(conversation: Conversation, notice: Notice, mark: str, now: datetime) -> None:
    rows = Conversation.objects.filter(pk=conversation.pk, **{mark: None})
    if rows.update(**{mark: now}):
        send_notice(conversation, notice, now=now)
