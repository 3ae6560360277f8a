"""Proves that nothing is left of erased tickets: looks at records, rows, files, keys, SQLite's files."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import connection

from routing.enums import TicketState
from routing.models import Ticket, TicketErasure
from routing.services.erasing import retention, sweep
from sessions_app.services.erasing.verification import Finding

# Every row holds the key id and then its own id; the empty shell of the ticket does so too.
_ROW_ON_SQLITE = re.compile(rb"(?<![0-9a-f])([0-9a-f]{32})([0-9a-f]{32})")


def examine(now: datetime) -> Iterator[Finding]:
    """Look for anything that is left of erased tickets, and for what is due at `now` (aware).

    Raises KeystoreUnavailable, OSError, DatabaseError when something cannot be looked at.
    """
    yield _of_tickets()
    yield _of_records()
    yield _of_due(now)
    yield _of_folders()
    yield _of_questions(now)
    yield _of_storage()


def _of_tickets() -> Finding:
    erased = Ticket.objects.filter(state=TicketState.ERASED).count()
    left = sweep.erased_with_leftovers()
    text = f"tickets: {erased} erased, rows, files or keys of {len(left)} of them"
    return Finding(text, not left)


def _of_records() -> Finding:
    begun = TicketErasure.objects.filter(finished_at=None).count()
    finished = TicketErasure.objects.exclude(finished_at=None).count()
    text = f"records of tickets: {finished} finished, {begun} begun and not finished"
    return Finding(text, not begun)


def _of_due(now: datetime) -> Finding:
    due = retention.due(now)
    return Finding(f"tickets: {len(due)} are due and not erased", not due)


def _of_folders() -> Finding:
    lost = sweep.folders_of_nobody()
    count = len(sweep.folders())
    return Finding(f"files of tickets: {count} folders, {len(lost)} of nobody", not lost)


def _of_questions(now: datetime) -> Finding:
    lost = sweep.questions_of_nobody(now).count()
    return Finding(f"questions: {lost} without a ticket", not lost)


def _of_storage() -> Finding:
    if connection.vendor != "sqlite":
        text = "database: a server; there the destroyed keys are the proof, see the records"
        return Finding(text, is_clean=True)
    erased = Ticket.objects.filter(state=TicketState.ERASED)
    shells = {
        key_id.hex.encode(): uid.hex.encode() for key_id, uid in erased.values_list("key_id", "uid")
    }
    database = Path(connection.settings_dict["NAME"])
    connection.close()  # as in sessions_app/services/erasing/verification.py, for the same reason
    paths = [path for path in (database, Path(f"{database}-wal")) if path.exists()]
    found = {pair for path in paths for pair in _ROW_ON_SQLITE.findall(path.read_bytes())}
    rests = {key_id for key_id, uid in found if key_id in shells and shells[key_id] != uid}
    text = f"database files: rests of rows of {len(rests)} of {len(shells)} erased tickets"
    return Finding(text, not rests)
