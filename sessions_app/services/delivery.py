"""Send what is queued: each conversation in its order, many conversations at once, nothing twice.

The database is the outbox. A row is claimed and marked SENDING in one committed step before its
request leaves, so a worker that dies leaves a row that says so, and nobody sends that row again but
a person. What Meta answered is written in a second step.
"""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sessions_app.enums import DeliveryState, MessageKind
from sessions_app.models import Conversation, Message
from sessions_app.models.message import UNCONFIRMED_GRACE
from sessions_app.services import outbox, pace, receipts
from sessions_app.whatsapp import errors, outgoing
from sessions_app.whatsapp.client import graph
from sprechstunde.doorbell import ring
from sprechstunde.live.events import announce
from sprechstunde.vault.errors import KeyUnavailable

log = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(seconds=30)  # longer than all timeouts of one request
SWEEP_LIMIT = 500  # conversations a tick
TICK_REACH = timedelta(seconds=5)  # a tick of beat comes at least that often


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A row on its way: claimed, marked as SENDING and committed as such."""

    message: Message
    number_id: str
    request: outgoing.Payload | None
    refusal: errors.WhatsAppError | None = None


def deliver(conversation_id: int) -> None:
    """Send what is due in this conversation, row by row; return when nothing more is.

    Safe to call at any time, twice and at once: one worker at a time has the conversation.
    """
    worker = uuid.uuid4()
    try:
        while _turn_came(conversation_id):
            attempt = _begin(conversation_id, worker)
            if attempt is None:
                return
            _record(attempt, worker, _ask_meta(attempt))
    except KeyUnavailable:
        log.info("conversation %s was erased while it was sent to", conversation_id)


def deliver_due(now: datetime) -> None:
    """Ring for what waits although nobody rang, and show what a dead worker left.

    `now` is aware.
    """
    _show_abandoned(now)
    _show_unconfirmed(now)
    for conversation_id in outbox.waiting(now)[:SWEEP_LIMIT]:
        ring("sessions_app.deliver", conversation_id)


def _turn_came(conversation_id: int) -> bool:
    """Wait until the next row may be sent; False if there is none, or its time comes much later."""
    now = timezone.now()
    queue = outbox.sendable(now).filter(conversation=conversation_id).order_by("sent_at", "id")
    row = queue.values_list("pk", "next_attempt_at", "session__office_id").first()
    if row is None or (row[1] and row[1] > now):
        return False
    wait = pace.reserve(office_id=row[2], conversation_id=conversation_id)
    if wait > pace.LONGEST_WAIT:
        later = now + timedelta(seconds=wait)
        Message.objects.filter(pk=row[0], delivery=DeliveryState.QUEUED).update(
            next_attempt_at=later
        )
        return False
    time.sleep(wait)
    return True


def _begin(conversation_id: int, worker: uuid.UUID) -> _Attempt | None:
    """Claim the conversation and mark its first queued row as SENDING, in one committed step.

    The row is chosen under the claim: chosen before, it could overtake one that came back.
    """
    now = timezone.now()
    with transaction.atomic():
        if not outbox.claim(conversation_id, worker, now):
            return None
        message = outbox.first(conversation_id, now)
        if message is None or (message.next_attempt_at and message.next_attempt_at > now):
            outbox.release(conversation_id, worker)
            return None
        attempt = _prepare(message, now)
        message.attempts += 1
        Message.objects.filter(pk=message.pk).update(
            delivery=DeliveryState.SENDING, attempts=message.attempts, attempted_at=now
        )
    return attempt


def _prepare(message: Message, now: datetime) -> _Attempt:
    number_id: str = getattr(message, "number_id")  # noqa: B009 (annotated)
    if now >= message.conversation.window_closes_at():
        return _Attempt(message, number_id, None, errors.Refused(errors.WINDOW_CLOSED))
    try:
        return _Attempt(message, number_id, _request(message))
    except outgoing.BadMessage:
        return _Attempt(message, number_id, None, errors.Refused(errors.INVALID_PARAMETER))


def _request(message: Message) -> outgoing.Payload:
    conversation, content = message.conversation, message.content
    to = outgoing.Recipient(conversation.phone, conversation.bsuid)
    mark = str(message.pk)
    if message.kind == MessageKind.REACTION:
        return outgoing.reaction(to, message.quoted_wamid or "", content["emoji"], mark=mark)
    if message.kind == MessageKind.BUTTONS:
        choices = [(key, title) for key, title in content["buttons"]]
        return outgoing.buttons(to, content["text"], choices, mark=mark)
    return outgoing.text(to, content["text"], quoted=message.quoted_wamid, mark=mark)


def _ask_meta(attempt: _Attempt) -> str | errors.WhatsAppError:
    if attempt.request is None:
        return attempt.refusal or errors.Refused()
    try:
        return graph().send(attempt.number_id, attempt.request)
    except errors.WhatsAppError as error:
        return error


def _record(attempt: _Attempt, worker: uuid.UUID, answer: str | errors.WhatsAppError) -> None:
    message = attempt.message
    with transaction.atomic():
        outbox.release(message.conversation_id, worker)
        if isinstance(answer, str):
            _accepted(message, answer)
        else:
            _not_accepted(message, answer)
    if message.wamid_digest:
        receipts.settle_early(message.session_id, (message.wamid_digest,))


def _accepted(message: Message, wamid: str) -> None:
    """Note Meta's id, unless a status has already brought it and more."""
    message.wamid, message.wamid_digest = wamid, receipts.wamid_digest(message, wamid)
    failed_before = Q(delivery=DeliveryState.FAILED) & ~Q(wamid_digest=message.wamid_digest)
    rows = Message.objects.filter(Q(delivery__lt=DeliveryState.SENT) | failed_before)
    rows.filter(pk=message.pk, attempts=message.attempts).update(
        delivery=DeliveryState.SENT,
        error_code=None,
        next_attempt_at=None,
        wamid=_sealed_wamid(message),
        wamid_digest=message.wamid_digest,
    )
    announce(message.session_id, f"conversation-{message.conversation_id}")


def _sealed_wamid(message: Message) -> object:
    # An update by a query takes no readable value, and saving the row would know no condition.
    return Message._meta.get_field("wamid").pre_save(message, add=False)  # noqa: SLF001


def _not_accepted(message: Message, error: errors.WhatsAppError) -> None:
    rows = Message.objects.filter(
        pk=message.pk, delivery=DeliveryState.SENDING, attempts=message.attempts
    )
    if isinstance(error, errors.Rejected):
        later = timezone.now() + pace.pause(error.code, message.attempts)
        rows.update(delivery=DeliveryState.QUEUED, next_attempt_at=later, error_code=error.code)
    elif isinstance(error, errors.Ambiguous):
        rows.update(delivery=DeliveryState.UNCONFIRMED, error_code=error.code)
    else:
        rows.update(delivery=DeliveryState.FAILED, error_code=error.code)
    log.warning("message %s: %s %s", message.pk, type(error).__name__, error.code)
    announce(message.session_id, "queue", f"conversation-{message.conversation_id}")


def _show_abandoned(now: datetime) -> None:
    """Turn what a dead worker left as SENDING into UNCONFIRMED and free its conversation."""
    left = Message.objects.filter(
        delivery=DeliveryState.SENDING, attempted_at__lte=now - ABANDONED_AFTER
    )
    for message in left.only("session_id", "conversation_id", "attempts", "attempted_at"):
        mine = left.filter(pk=message.pk, attempts=message.attempts)
        if mine.update(delivery=DeliveryState.UNCONFIRMED) and message.attempted_at:
            Conversation.objects.filter(
                pk=message.conversation_id, claimed_until=message.attempted_at + outbox.LEASE
            ).update(claimed_by=None, claimed_until=None)
            log.warning("message %s: its worker was lost", message.pk)
            announce(message.session_id, "queue", f"conversation-{message.conversation_id}")


def _show_unconfirmed(now: datetime) -> None:
    """Tell the desks of messages that begin to stand before the staff about now."""
    since = now - UNCONFIRMED_GRACE
    waiting = Message.objects.filter(
        delivery=DeliveryState.UNCONFIRMED,
        given_up_at=None,
        attempted_at__gt=since - TICK_REACH,
        attempted_at__lte=since,
    )
    for session_id, conversation_id in waiting.values_list("session_id", "conversation_id"):
        announce(session_id, "queue", f"conversation-{conversation_id}")
