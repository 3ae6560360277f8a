"""Begins and finishes erasure records; a finished one is a link of the chain and never changes."""

import logging
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from sessions_app.enums import ErasureTrigger
from sessions_app.models import ConsultationSession, ErasureRecord
from sessions_app.services.erasing import chain
from sessions_app.services.erasing.check import Left, left_of_conversation, left_of_session
from sprechstunde.live.events import announce
from sprechstunde.version import VERSION

log = logging.getLogger(__name__)


class StillReadable(Exception):
    """The session is neither closed nor cancelled: nothing of it may be erased yet."""


_COUNTED = ("conversations", "messages", "attachments", "files", "keys")


def begin(
    session: ConsultationSession,
    number: int | None = None,
    *,
    trigger: ErasureTrigger,
    actor_role: str = "",
) -> ErasureRecord:
    """Count what is there and return its record; one that was begun before stays as it is.

    `number` is that of a single citizen. Two workers at once get the same record. Raises
    StillReadable for a session that was extended in the last moment.
    """
    with transaction.atomic():
        # The second worker waits here.
        locked = ConsultationSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        if number is None and locked.is_readable(timezone.now()):
            raise StillReadable
        known = session.erasure_records.filter(conversation_number=number).first()
        if known:
            return known
        return ErasureRecord.objects.create(
            session=session,
            conversation_number=number,
            trigger=trigger,
            actor_role=actor_role,
            software_version=VERSION,
            started_at=timezone.now(),
            **_counts(_left(session, number)),
        )


def finish(record: ErasureRecord, *, compacted: bool) -> ErasureRecord:
    """Check that nothing is left; only then finish the record and mark the session as erased.

    A record that was finished before (a backup was put back) stays as it was.
    """
    left = _left(record.session, record.conversation_number).total
    is_done = compacted and not left
    with transaction.atomic():
        record = ErasureRecord.objects.select_for_update(no_key=True).get(pk=record.pk)
        if record.finished_at is None:
            record.remaining, record.compacted = left, compacted
            if is_done:
                record.finished_at = timezone.now()
                chain.append(record)
            record.save()
        if is_done and record.conversation_number is None:
            _mark_erased(record)
    _log(record, left, compacted=compacted)
    return record


def _mark_erased(record: ErasureRecord) -> None:
    session = ConsultationSession.objects.filter(pk=record.session_id, erased_at=None)
    if session.update(erased_at=timezone.now()):
        announce(record.session_id, "session", "queue")


def _left(session: ConsultationSession, number: int | None) -> Left:
    return left_of_session(session) if number is None else left_of_conversation(session, number)


def _counts(left: Left) -> dict[str, int]:
    return {kind: count for kind, count in asdict(left).items() if kind in _COUNTED}


def _log(record: ErasureRecord, left: int, *, compacted: bool) -> None:
    if compacted and not left:
        log.info(
            "erased, checked and recorded: session %s, record %s", record.session_id, record.pk
        )
    else:
        log.warning(
            "not yet erased: session %s, %s left, compacted: %s", record.session_id, left, compacted
        )
