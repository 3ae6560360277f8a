"""Fetches what came with a message, proves it harmless and keeps it sealed; gives it back."""

import base64
import hashlib
import hmac
import logging
import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from sessions_app.enums import AttachmentState
from sessions_app.models import Attachment, ConsultationSession
from sessions_app.whatsapp import errors
from sessions_app.whatsapp.client import graph
from sessions_app.whatsapp.media_types import VIEWABLE, sniff
from sprechstunde.doorbell import ring
from sprechstunde.live.events import announce
from sprechstunde.vault.errors import KeyUnavailable
from sprechstunde.vault.files import read_sealed, remove, write_sealed

log = logging.getLogger(__name__)

# Ends well before Meta forgets the file (7 days), within the hour that it is of use.
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 45, 120))
LEASE = timedelta(seconds=60)  # after this a worker is taken for dead and another one begins
_MOST_AT_ONCE = 100


class Altered(Exception):
    """The bytes are not those that were announced; perhaps the next attempt brings them."""


class Unsafe(Exception):
    """The file could act when it is opened, or is not what it pretends to be."""


def fetch(attachment_id: int) -> None:
    """Fetch the file, if it still waits and nobody else does; safe to call at any time.

    A failure is tried again after BACKOFF, then the attachment is FAILED. Nothing is fetched for a
    session that can no longer be read.
    """
    attachment = _claimed(attachment_id, timezone.now())
    if attachment is None:
        return
    try:
        content = _downloaded(attachment)
        media_type = sniff(content)
        _keep(attachment, _harmless(content, media_type), media_type or "")
    except Unsafe:
        _finish(attachment, AttachmentState.REFUSED)
    except (errors.Rejected, errors.Ambiguous, errors.Misconfigured, Altered, OSError) as error:
        _try_later(attachment, error)
    except errors.WhatsAppError:
        _finish(attachment, AttachmentState.FAILED)
    except KeyUnavailable:
        log.info("attachment %s: erased while it was fetched", attachment.pk)


def fetch_due(now: datetime) -> None:
    """Ring for every attachment that waits although nobody rang, or whose time has come again."""
    for pk in due(now)[:_MOST_AT_ONCE]:
        ring("sessions_app.fetch_attachment", pk)


def due(now: datetime) -> QuerySet[Attachment, int]:
    """Return the keys of attachments of running sessions to be fetched at `now` (aware)."""
    running = ConsultationSession.objects.running(now)
    waiting = _due(now).filter(message__session__in=running)
    return waiting.order_by("pk").values_list("pk", flat=True)


def read(attachment: Attachment) -> bytes:
    """Return the bytes of a STORED attachment.

    Raises FileNotFoundError, KeyUnavailable, KeystoreUnavailable, Tampered.
    """
    return read_sealed(attachment.path, attachment.key_id, _context(attachment))


def is_viewable(attachment: Attachment) -> bool:
    """Whether a browser may show it in the page; anything else is for download only."""
    return attachment.state == AttachmentState.STORED and attachment.media_type in VIEWABLE


def _due(now: datetime) -> QuerySet[Attachment]:
    waiting = Attachment.objects.filter(state=AttachmentState.WAITING)
    return waiting.filter(Q(next_attempt_at=None) | Q(next_attempt_at__lte=now))


def _claimed(attachment_id: int, now: datetime) -> Attachment | None:
    # Compare-and-set: of two workers one gets it.
    claim = {"next_attempt_at": now + LEASE, "attempts": F("attempts") + 1}
    if not _due(now).filter(pk=attachment_id).update(**claim):
        return None
    rows = Attachment.objects.select_related("message__session__office")
    attachment = rows.filter(pk=attachment_id).first()
    if attachment is not None and attachment.attempts > len(BACKOFF) + 1:
        _finish(attachment, AttachmentState.FAILED)  # it has killed workers before
        return None
    readable = attachment is not None and attachment.message.session.is_readable(now)
    return attachment if readable else None


def _downloaded(attachment: Attachment) -> bytes:
    """Return the bytes, checked; an address that has expired is asked for once more."""
    try:
        return _at_its_address(attachment)
    except errors.TooLarge:
        raise
    except errors.Refused:
        return _at_its_address(attachment)


def _at_its_address(attachment: Attachment) -> bytes:
    if not attachment.media_id:
        raise errors.Refused
    number = attachment.message.session.office.phone_number_id
    limit = settings.ATTACHMENT_MAX_BYTES
    location = graph().media(attachment.media_id, number)
    if location.size is not None and location.size > limit:
        raise errors.TooLarge
    content = graph().download(location.url, limit)
    if location.size not in {None, len(content)}:
        raise Altered
    for claimed in (attachment.claimed_sha256, location.sha256):
        if claimed and not _is_digest_of(claimed, content):
            raise Altered
    return content


def _is_digest_of(claimed: str, content: bytes) -> bool:
    """Compare with a SHA-256 in base64 (webhooks) or in hex (Meta's media endpoint)."""
    digest = hashlib.sha256(content)
    spellings = (digest.hexdigest(), base64.b64encode(digest.digest()).decode())
    return any(hmac.compare_digest(claimed.encode(), each.encode()) for each in spellings)


def _harmless(content: bytes, media_type: str | None) -> bytes:
    if media_type is None:
        raise Unsafe
    if media_type not in VIEWABLE:
        return content
    from sessions_app.whatsapp.pictures import BadPicture, cleaned

    try:
        return cleaned(content, media_type)
    except BadPicture:
        raise Unsafe from None


def _keep(attachment: Attachment, content: bytes, media_type: str) -> None:
    # The file first: a crash in between leaves a row that is fetched again, never one without file.
    write_sealed(attachment.path, attachment.key_id, _context(attachment), content)
    stored = _finish(attachment, AttachmentState.STORED, media_type=media_type, size=len(content))
    if not stored and not Attachment.objects.filter(pk=attachment.pk).exists():
        remove(attachment.path)


def _finish(attachment: Attachment, state: AttachmentState, **values: object) -> bool:
    """End the fetching; Meta's names for the file are of no more use."""
    done = {"state": state, "next_attempt_at": None, "media_id": None, "claimed_sha256": None}
    waiting = Attachment.objects.filter(pk=attachment.pk, state=AttachmentState.WAITING)
    changed = waiting.update(**done, **values)
    if changed:
        message = attachment.message
        announce(message.session_id, "queue", f"conversation-{message.conversation_id}")
    return bool(changed)


def _try_later(attachment: Attachment, error: Exception) -> None:
    log.warning("attachment %s: not fetched (%s)", attachment.pk, type(error).__name__)
    if attachment.attempts > len(BACKOFF):
        _finish(attachment, AttachmentState.FAILED)
        return
    pause = BACKOFF[attachment.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311
    rows = Attachment.objects.filter(pk=attachment.pk, attempts=attachment.attempts)
    rows.update(next_attempt_at=timezone.now() + pause)


def _context(attachment: Attachment) -> str:
    return f"attachment:{attachment.uid.hex}"
