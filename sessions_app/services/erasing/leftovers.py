"""Finds what belongs to nobody any more: after a restored backup, a race at the end, a crash."""

import logging
import shutil
import time
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from redis.exceptions import RedisError

from sessions_app.models import (
    CitizenIdentifier,
    ConsultationSession,
    Conversation,
    EarlyReceipt,
    Message,
)
from sessions_app.services.erasing import check, steps
from sprechstunde.broker import name, redis
from sprechstunde.vault.errors import KeyExists
from sprechstunde.vault.keystore import keystore

log = logging.getLogger(__name__)

SWEEP_EVERY = 60  # seconds
FOLDER_AGE = 3600  # seconds
# Long: keys of planned sessions would be destroyed if the portal ran with a wrong database.
KEY_AGE = 86_400  # seconds
_MEMORY = 7 * KEY_AGE


def sweep(now: datetime) -> None:
    """Once a minute: find what is there and should not be, and keys that should be and are not.

    Raises KeystoreUnavailable, OSError, DatabaseError.
    """
    if not _is_turn():
        return
    reopen_erased()
    for session in ConsultationSession.objects.running(now):
        steps.remove_stray_files(session)
    _remove_old_folders()
    _destroy_old_keys()
    _draw_missing_keys(now)


def reopen_erased() -> None:
    """Make erased sessions due again of which rows, files or the key are there (again).

    They are due like any other from then on, and overdue until it is done.
    """
    found = _erased_with_leftovers()
    if found:
        log.warning("something of %s erased sessions is there again", len(found))
        ConsultationSession.objects.filter(pk__in=found).update(erased_at=None)


def _erased_with_leftovers() -> set[int]:
    erased = ConsultationSession.objects.exclude(erased_at=None)
    found: set[int] = set()
    for model in (Conversation, Message, CitizenIdentifier, EarlyReceipt):
        rows = model._default_manager.filter(session__in=erased)  # noqa: SLF001
        found |= set(rows.values_list("session_id", flat=True).distinct())
    key_ids = {*keystore().ids(), *check.media_folders()}
    return found | set(erased.filter(key_id__in=key_ids).values_list("pk", flat=True))


def _remove_old_folders() -> None:
    folders = check.media_folders()
    known = ConsultationSession.objects.filter(key_id__in=folders)
    for key_id in folders.keys() - set(known.values_list("key_id", flat=True)):
        if folders[key_id].stat().st_mtime < time.time() - FOLDER_AGE:
            shutil.rmtree(folders[key_id])
            log.warning("removed a folder of sealed files that belonged to no session")


def _destroy_old_keys() -> None:
    for key_id in check.keys_without_owner():
        if _first_seen(key_id) < time.time() - KEY_AGE:
            keystore().destroy(key_id)
            log.warning("destroyed a key that belonged to nobody for a day")


def _draw_missing_keys(now: datetime) -> None:
    """Give sessions to come a key if theirs is lost: keys are in no backup, and no word is sealed yet."""
    coming = ConsultationSession.objects.standing().filter(closes_at__gt=now, conversations=None)
    for key_id in coming.values_list("key_id", flat=True):
        if not keystore().exists(key_id):
            with suppress(KeyExists):
                keystore().create(key_id)
                log.warning("drew a key for a session to come whose key was lost")


def _first_seen(key_id: UUID) -> float:
    """Return since when the key is known to be without owner (seconds since the epoch)."""
    memory, now = name("orphan", key_id), time.time()
    try:
        redis().set(memory, now, nx=True, ex=_MEMORY)
        before = redis().get(memory)
    except (RedisError, OSError):
        return now
    return float(before) if isinstance(before, bytes) else now


def _is_turn() -> bool:
    try:
        return bool(redis().set(name("sweep"), 1, nx=True, ex=SWEEP_EVERY))
    except (RedisError, OSError):
        return True
