"""Write to a citizen: a reply, a reaction, a text of the office; decide about a stuck message."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_app import wording
from sessions_app.enums import DeliveryState, Direction, MessageKind, Notice
from sessions_app.models import Conversation, Message, Staff
from sessions_app.models.message import STUCK
from sessions_app.services.conversations import unseen_since
from sessions_app.whatsapp import outgoing
from sprechstunde.doorbell import ring
from sprechstunde.live.events import announce

# WhatsApp's clock may be a little ahead of ours; an answer still stands below what it answers.
CLOCK_SKEW = timedelta(minutes=1)
_ONCE = (Notice.GREETING, Notice.FAREWELL)


class MessageError(Exception):
    """What was asked of a message cannot be done."""


class SessionClosed(MessageError):
    """The session can no longer be written in."""


class ColleagueAnswered(MessageError):
    """A colleague has written since the writer last looked; `answer` is the newest such message."""

    def __init__(self, answer: Message) -> None:
        super().__init__(answer.pk)
        self.answer = answer


class TextRefused(MessageError):
    """WhatsApp takes no such text; `reason` says why in the active language."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoTarget(MessageError):
    """The message reacted to is not known to WhatsApp (yet)."""


class NotStuck(MessageError):
    """There is nothing to decide: the message is on its way, has arrived, or is gone."""


def reply(
    conversation: Conversation,
    *,
    by: Staff,
    text: str,
    token: UUID,
    last_seen: int | None,
    quoted: Message | None = None,
    despite_colleague: bool = False,
) -> Message:
    """Queue a text for the citizen and ring for a worker.

    `token` names one press of "send": the same one again returns the first row. `last_seen` is the
    newest message id on the writer's screen; what came since goes on waiting. Raises TextRefused,
    SessionClosed, ColleagueAnswered, KeyUnavailable.
    """
    text = _checked(text)
    with transaction.atomic():
        conversation = _locked(conversation)
        if earlier := conversation.messages.filter(client_token=token).first():
            return earlier
        if not despite_colleague:
            _refuse_second_answer(conversation, by, last_seen or 0)
        message = _new(conversation, MessageKind.TEXT, {"text": text})
        message.author, message.client_token = by, token
        _quote(message, quoted)
        message.save(force_insert=True)
        conversation.waiting_since = unseen_since(conversation, last_seen)
        _note_answer(conversation, by, message.sent_at)
        _queued(message)
    return message


def react(message: Message, *, by: Staff, emoji: str | None) -> Message:
    """Queue a reaction to `message`, or with None take ours back. It is no answer.

    Raises NoTarget, SessionClosed, KeyUnavailable.
    """
    if not message.wamid:
        raise NoTarget
    with transaction.atomic():
        conversation = _locked(message.conversation)
        reaction = _new(conversation, MessageKind.REACTION, {"emoji": emoji or None})
        reaction.author = by
        _quote(reaction, message)
        reaction.save(force_insert=True)
        _queued(reaction)
    return reaction


def send_notice(conversation: Conversation, notice: Notice, *, now: datetime) -> Message | None:
    """Queue the office's text of this kind; greeting and farewell once only, else return None.

    For use inside the caller's transaction. `now` is aware. Raises KeyUnavailable.
    """
    kind, content = _notice_content(conversation, notice)
    message = _new(conversation, kind, content, now)
    message.notice = notice
    if notice not in _ONCE:
        message.save(force_insert=True)
        _queued(message)
        return message
    Message.objects.bulk_create([message], ignore_conflicts=True)
    created = conversation.messages.filter(notice=notice, uid=message.uid).first()
    if created:
        _queued(created)
    return created


def ask(
    conversation: Conversation,
    *,
    text: str,
    buttons: Sequence[tuple[str, str]] = (),
    now: datetime,
) -> Message:
    """Queue an own text of the office, as a question if it has `buttons` (at most 3 of id and title).

    It is no answer to what the citizen asked: who waits goes on waiting. For use inside the caller's
    transaction. `now` is aware. Raises KeyUnavailable.
    """
    kind, content = MessageKind.TEXT, dict[str, object](text=text)
    if buttons:
        kind = MessageKind.BUTTONS
        content |= {"buttons": [list(button) for button in buttons]}
    message = _new(conversation, kind, content, now)
    message.notice = Notice.DIALOGUE
    message.save(force_insert=True)
    _queued(message)
    return message


def send_again(message: Message, *, by: Staff) -> None:
    """Queue a stuck message once more, as the newest of its conversation.

    Its old id at WhatsApp stays until the new one comes: by it one can tell what is still heard of
    the attempt before. Raises NotStuck, SessionClosed.
    """
    with transaction.atomic():
        conversation = _locked(message.conversation)
        # Its id is older than its neighbours' of the same second: so it gets a place behind them.
        now = _place_of_next(conversation, timezone.now()) + timedelta(microseconds=1)
        _decide(
            message,
            delivery=DeliveryState.QUEUED,
            sent_at=now,
            next_attempt_at=None,
            error_code=None,
            given_up_at=None,
        )
        conversation.last_message_at = now
        conversation.save(update_fields=("last_message_at",))
        _queued(message)


def give_up(message: Message, *, by: Staff) -> None:
    """Leave a stuck message as it is: it no longer stands before the staff. Raises NotStuck."""
    with transaction.atomic():
        _decide(message, given_up_at=timezone.now())
        announce(message.session_id, "queue", f"conversation-{message.conversation_id}")


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise TextRefused(_("The message is empty."))
    length = outgoing.length(text)
    if length > outgoing.TEXT_LIMIT:
        raise TextRefused(
            _("The message has %(length)d characters, WhatsApp takes at most %(limit)d.")
            % {"length": length, "limit": outgoing.TEXT_LIMIT}
        )
    return text


def _locked(conversation: Conversation) -> Conversation:
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related(
        "session__office"
    )
    row = rows.filter(pk=conversation.pk, erase_requested_at=None).first()
    if row is None or not row.session.is_readable(timezone.now()):
        raise SessionClosed
    return row


def _refuse_second_answer(conversation: Conversation, by: Staff, last_seen: int) -> None:
    answers = conversation.messages.filter(
        direction=Direction.OUT, author__isnull=False, pk__gt=last_seen
    )
    others = answers.exclude(author=by).exclude(kind=MessageKind.REACTION)
    if answer := others.order_by("pk").last():
        raise ColleagueAnswered(answer)


def _new(
    conversation: Conversation,
    kind: MessageKind,
    content: dict[str, object],
    now: datetime | None = None,
) -> Message:
    now = now or timezone.now()
    return Message(
        session_id=conversation.session_id,
        conversation=conversation,
        key_id=conversation.key_id,
        direction=Direction.OUT,
        kind=kind,
        content=content,
        sent_at=_place_of_next(conversation, now),
        created_at=now,
        delivery=DeliveryState.QUEUED,
    )


def _place_of_next(conversation: Conversation, now: datetime) -> datetime:
    # Whole seconds, as WhatsApp counts: finer ones would put what the citizen writes in the same
    # second before what it answers. Within a second the ids tell the order.
    second, last = now.replace(microsecond=0), conversation.last_message_at
    return max(second, last) if last <= now + CLOCK_SKEW else second


def _quote(message: Message, quoted: Message | None) -> None:
    if quoted is not None and quoted.wamid:
        message.quoted_wamid, message.quoted_digest = quoted.wamid, quoted.wamid_digest


def _note_answer(conversation: Conversation, by: Staff, at: datetime) -> None:
    conversation.done_at = None
    conversation.first_answered_at = conversation.first_answered_at or at
    conversation.assigned_to_id = conversation.assigned_to_id or by.pk
    conversation.last_message_at = at
    conversation.save(
        update_fields=(
            "waiting_since",
            "done_at",
            "first_answered_at",
            "assigned_to",
            "last_message_at",
        )
    )


def _notice_content(
    conversation: Conversation, notice: Notice
) -> tuple[MessageKind, dict[str, object]]:
    office = conversation.session.office
    with wording.in_office_language():
        text = wording.notice(office, notice, privacy_url=office.privacy_url)
        if notice is not Notice.ERASE_QUESTION:
            return MessageKind.TEXT, {"text": text}
        buttons = [list(button) for button in wording.erase_buttons()]
        return MessageKind.BUTTONS, {"text": text, "buttons": buttons}


def _decide(message: Message, **values: object) -> None:
    # Compare-and-set: two people may press at once, and a status may come in between.
    rows = Message.objects.filter(pk=message.pk, delivery__in=STUCK)
    if not rows.update(**values):
        raise NotStuck
    for field, value in values.items():
        setattr(message, field, value)


def _queued(message: Message) -> None:
    announce(message.session_id, "queue", f"conversation-{message.conversation_id}")
    ring("sessions_app.deliver", message.conversation_id)
