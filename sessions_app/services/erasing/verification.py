"""Proves that nothing is left: looks at rows, files, keys, the database's own files and the records."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.models import Q

from sessions_app.models import ConsultationSession, ErasureRecord
from sessions_app.services.erasing import chain
from sessions_app.services.erasing.check import (
    keys_without_owner,
    left_of_session,
    media_folders,
)
from sprechstunde.vault.keystore import keystore

# Every row about a citizen holds the key id of its session and then its own, both in hex.
_ROW_ON_SQLITE = re.compile(rb"(?<![0-9a-f])([0-9a-f]{32})[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, in words without personal data, and whether it is as it must be."""

    text: str
    is_clean: bool


def past_sessions(now: datetime) -> list[ConsultationSession]:
    """Return all sessions that are closed or cancelled at `now` (aware)."""
    past = ConsultationSession.objects.filter(Q(closes_at__lte=now) | ~Q(cancelled_at=None))
    return list(past.order_by("pk"))


def examine(sessions: Iterable[ConsultationSession]) -> Iterator[Finding]:
    """Look for anything that is left of `sessions`, and at the chain of all records.

    Raises KeystoreUnavailable, OSError, DatabaseError when something cannot be looked at.
    """
    sessions = list(sessions)
    for session in sessions:
        yield _of_session(session)
    yield _of_storage(sessions)
    yield from _of_records()


def examine_orphans() -> Iterator[Finding]:
    """Look for keys and folders of sealed files that belong to no session and to nothing else."""
    keys = keys_without_owner()
    count = len(set(keystore().ids()))
    yield Finding(f"keystore: {count} keys, {len(keys)} of them without an owner", not keys)
    folders = media_folders()
    owned = ConsultationSession.objects.filter(key_id__in=folders, erased_at=None).count()
    lost = len(folders) - owned
    yield Finding(f"media: {len(folders)} folders, {lost} of them without a session", not lost)


def _of_session(session: ConsultationSession) -> Finding:
    left = left_of_session(session)
    record = session.erasure_records.filter(conversation_number=None).first()
    proven = record is not None and record.remaining == 0 and record.finished_at is not None
    counts = ", ".join(f"{kind} {count}" for kind, count in asdict(left).items())
    verdict = "record is complete" if proven else "no complete record"
    text = f"session {session.pk} ({session.starts_at:%Y-%m-%d %H:%M %Z}): {counts}; {verdict}"
    return Finding(text, proven and left.total == 0)


def _of_storage(sessions: list[ConsultationSession]) -> Finding:
    if connection.vendor != "sqlite":
        text = "database: a server; there the destroyed keys are the proof, see the records"
        return Finding(text, is_clean=True)
    database = Path(connection.settings_dict["NAME"])
    # Closing any file handle of a database drops the locks that SQLite holds on it, so our own
    # connection goes first. Not for use in a process with other threads at the database.
    connection.close()
    paths = [path for path in (database, Path(f"{database}-wal")) if path.exists()]
    found = {match for path in paths for match in _ROW_ON_SQLITE.findall(path.read_bytes())}
    rests = sum(session.key_id.hex.encode() in found for session in sessions)
    sizes = ", ".join(f"{path.name} {path.stat().st_size} bytes" for path in paths)
    text = f"database files: rests of rows of {rests} of {len(sessions)} sessions in {sizes}"
    return Finding(text, rests == 0)


def _of_records() -> Iterator[Finding]:
    broken = chain.broken_links()
    count = ErasureRecord.objects.exclude(finished_at=None).count()
    newest = chain.newest_digest() or "none"
    yield Finding(f"records: {count} finished, newest digest {newest}", is_clean=True)
    if broken:
        yield Finding(f"records: changed or torn out of the chain: {broken}", is_clean=False)
    open_records = ErasureRecord.objects.filter(finished_at=None).count()
    if open_records:
        yield Finding(f"records: {open_records} begun and not finished", is_clean=False)
