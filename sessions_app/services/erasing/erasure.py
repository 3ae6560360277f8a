"""Erase: destroy the key, delete rows and files, compact, check, record. Safe to repeat at any point.

A record is made before anything goes, so that its counts survive a crash; it is finished and the
session marked as erased only when a check has found nothing left. Until then every tick tries again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ParamSpec

from django.db import DatabaseError
from django.utils import timezone

from sessions_app import wording
from sessions_app.enums import ErasureTrigger, SessionState
from sessions_app.models import ConsultationSession, Conversation, ErasureRecord, Staff
from sessions_app.services.erasing import closing, leftovers, records, steps
from sessions_app.services.erasing.compaction import compact
from sessions_app.services.erasing.records import StillReadable
from sessions_app.whatsapp import outgoing
from sessions_app.whatsapp.client import graph
from sessions_app.whatsapp.errors import WhatsAppError
from sprechstunde.vault.errors import KeyUnavailable, VaultError
from sprechstunde.vault.keystore import keystore

log = logging.getLogger(__name__)
P = ParamSpec("P")

OVERDUE_AFTER = timedelta(seconds=60)
_FAILURES = (DatabaseError, VaultError, OSError, StillReadable)


def erase_due(now: datetime) -> None:
    """Erase all that is due at `now` (aware), whatever was down before; one failure stops no other."""
    _try(leftovers.sweep, now)
    for session in ConsultationSession.objects.to_be_erased(now).select_related("office"):
        _try(_close_and_erase, session, now)
    for conversation_id in _wished():
        _try(erase_conversation, conversation_id)
    for record in ErasureRecord.objects.filter(finished_at=None).exclude(conversation_number=None):
        _try(_complete_conversation, record)


def erase_closed(session_id: int) -> None:
    """Say farewell and erase, if this session is closed or cancelled; the tick does what is left."""
    now = timezone.now()
    due = ConsultationSession.objects.to_be_erased(now).filter(pk=session_id)
    for session in due.select_related("office"):
        _try(_close_and_erase, session, now)


def erase(
    session: ConsultationSession, *, trigger: ErasureTrigger, by: Staff | None = None
) -> ErasureRecord:
    """Erase everything about the citizens of a session; the record tells whether nothing is left.

    Raises StillReadable, KeystoreUnavailable, OSError (media), DatabaseError. After any of the
    last three, and while the record has no `finished_at`, call again: the session stays due.
    """
    if session.state(timezone.now()) not in _OVER:
        raise StillReadable
    role = by.role if by else ""
    record = records.begin(session, trigger=trigger, actor_role=role)
    conversation_ids = list(session.conversations.values_list("pk", flat=True))
    keystore().destroy(session.key_id)
    steps.delete_rows(steps.rows_of_session(session))
    steps.remove_media(session.key_id)
    steps.forget_session(session, conversation_ids)
    return records.finish(record, compacted=compact())


def erase_conversation(conversation_id: int) -> None:
    """Erase what one citizen wrote, if that citizen wished it; then tell them so, if WhatsApp lets us.

    The session's key goes on living for the others: until it is destroyed, a backup made during
    the hour still holds a readable copy. Raises OSError, DatabaseError.
    """
    wished = Conversation.objects.exclude(erase_requested_at=None).select_related("session__office")
    conversation = wished.filter(pk=conversation_id).first()
    if conversation is None:
        return
    recipient = _recipient(conversation)
    session = conversation.session
    record = records.begin(session, conversation.number, trigger=ErasureTrigger.CITIZEN)
    is_ours = _complete_conversation(record)
    steps.forget_conversation(conversation)
    if is_ours and recipient:
        _confirm(session, recipient)


def overdue(now: datetime) -> list[ConsultationSession]:
    """Return sessions that should have been erased a minute before `now` (aware) and are not."""
    since = now - OVERDUE_AFTER
    times = ConsultationSession.objects.only("office_id", "cancelled_at", "closes_at")
    due = times.to_be_erased(since)
    return [session for session in due if (session.cancelled_at or session.closes_at) <= since]


def overdue_wishes(now: datetime) -> int:
    """Count citizens whose wish to be erased is older than a minute at `now` (aware)."""
    return Conversation.objects.filter(erase_requested_at__lte=now - OVERDUE_AFTER).count()


_OVER = frozenset({SessionState.CLOSED, SessionState.CANCELLED, SessionState.ERASED})


def _close_and_erase(session: ConsultationSession, now: datetime) -> None:
    closing.queue_farewells(session, now)
    if not closing.awaits_farewells(session, now):
        erase(session, trigger=_trigger(session), by=session.ended_by)


def _trigger(session: ConsultationSession) -> ErasureTrigger:
    if session.cancelled_at:
        return ErasureTrigger.CANCELLED
    ended_at_once = session.ended_early_at == session.closes_at
    return ErasureTrigger.STAFF if ended_at_once else ErasureTrigger.END


def _complete_conversation(record: ErasureRecord) -> bool:
    """Return whether the conversation was there until now: one worker alone tells the citizen."""
    session, number = record.session, record.conversation_number or 0
    deleted = steps.delete_rows(steps.rows_of_conversation(session, number))
    steps.remove_stray_files(session)
    records.finish(record, compacted=compact())
    return bool(deleted["conversations"])


def _wished() -> list[int]:
    wished = Conversation.objects.exclude(erase_requested_at=None)
    return list(wished.values_list("pk", flat=True))


def _recipient(conversation: Conversation) -> outgoing.Recipient | None:
    if not conversation.session.is_readable(timezone.now()):
        return None
    try:
        return outgoing.Recipient(phone=conversation.phone, bsuid=conversation.bsuid)
    except KeyUnavailable:
        return None


def _confirm(session: ConsultationSession, recipient: outgoing.Recipient) -> None:
    # After the erasure, so that Meta cannot delay it; the address was kept in memory only.
    with wording.in_office_language():
        text = wording.erased_confirmation()
    try:
        graph().send(session.office.phone_number_id, outgoing.text(recipient, text))
    except (WhatsAppError, outgoing.BadMessage):
        log.warning("session %s: a citizen was not told that the erasure is done", session.pk)


def _try(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    try:
        work(*args, **kwargs)
    except _FAILURES as error:
        log.warning("erasure: %s failed (%s), next try soon", work.__name__, type(error).__name__)
