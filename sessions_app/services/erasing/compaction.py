"""Rewrites the database's storage, so that nothing of deleted rows remains in its files."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from sessions_app.models import Attachment, CitizenIdentifier, Conversation, EarlyReceipt, Message

log = logging.getLogger(__name__)

# How long to wait for others, in milliseconds; the next tick tries again.
TURN_PATIENCE = 2000  # SQLite: for our turn to write, while others go on
BLOCKING_PATIENCE = 300  # while everybody else has to wait for us

CHAT: tuple[type[Model], ...] = (
    Attachment,
    Message,
    CitizenIdentifier,
    Conversation,
    EarlyReceipt,
)


def compact(models: Iterable[type[Model]] = CHAT) -> bool:
    """Rewrite the storage of `models`; return False if somebody was in the way, for another try later.

    Outside of a transaction only. SQLite: afterwards neither the database nor its write-ahead log
    holds a byte of a deleted row. PostgreSQL: the tables are written anew, but its write-ahead log
    keeps ciphertext until it is recycled; there the destroyed key is the proof.
    """
    if connection.in_atomic_block:
        return False
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                return _rewrite_sqlite(cursor)
            return _rewrite_postgresql(cursor, models)
    except OperationalError:
        log.warning("storage in use: compacting waits for the next tick")
        return False


def _rewrite_sqlite(cursor: CursorWrapper) -> bool:
    # secure_delete zeroes freed cells and pages. VACUUM is needed all the same: when SQLite
    # spreads rows over pages, it leaves copies of them in the unused part of a page.
    with _patience(cursor, TURN_PATIENCE):
        cursor.execute("VACUUM")
    with _patience(cursor, BLOCKING_PATIENCE):
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return bool(cursor.fetchone()[0] == 0)


@contextmanager
def _patience(cursor: CursorWrapper, milliseconds: int) -> Iterator[None]:
    cursor.execute("PRAGMA busy_timeout")
    usual = int(cursor.fetchone()[0])
    cursor.execute(f"PRAGMA busy_timeout={milliseconds}")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA busy_timeout={usual}")


def _rewrite_postgresql(cursor: CursorWrapper, models: Iterable[type[Model]]) -> bool:
    cursor.execute(f"SET lock_timeout = {BLOCKING_PATIENCE}")
    try:
        for model in models:
            cursor.execute(f"VACUUM (FULL) {connection.ops.quote_name(model._meta.db_table)}")  # noqa: SLF001
    finally:
        cursor.execute("RESET lock_timeout")
    return True
