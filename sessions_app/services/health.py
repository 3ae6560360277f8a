"""Whether everything that the portal needs is there and nothing is overdue."""

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from sessions_app.services.erasing import erasure
from sprechstunde.broker import name, redis
from sprechstunde.vault.errors import VaultError
from sprechstunde.vault.keystore import keystore

log = logging.getLogger(__name__)

OK = "ok"
SILENT_AFTER = 30  # seconds without a heartbeat

# Each counts erasures that are overdue at an aware time; an app above this one adds its own.
OVERDUE: list[Callable[[datetime], int]] = [
    lambda now: len(erasure.overdue(now)),
    erasure.overdue_wishes,
]


def beat() -> None:
    """Note in Redis that a worker works; forgotten after SILENT_AFTER seconds. Never raises."""
    try:
        redis().set(name("heartbeat"), 1, ex=SILENT_AFTER)
    except (RedisError, OSError):
        log.warning("redis away: no heartbeat")


def readiness(now: datetime) -> dict[str, str]:
    """Return `ok`, or one word for what is wrong, by part. `now` is aware. Never raises."""
    return {
        "database": _answer(_database),
        "redis": _answer(_redis),
        "worker": _answer(_worker),
        "keystore": _answer(_keystore),
        "erasure": _answer(lambda: _erasure(now)),
    }


def overdue_erasures(now: datetime) -> int:
    """Count sessions, citizens' wishes and tickets that should have been erased by `now` (aware)."""
    return sum(count(now) for count in OVERDUE)


def _answer(check: Callable[[], str]) -> str:
    # What went wrong is not repeated: an address may hold a password.
    try:
        return check()
    except (DatabaseError, RedisError, VaultError, OSError):
        return "unreachable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def _redis() -> str:
    redis().ping()
    return OK


def _worker() -> str:
    return OK if redis().exists(name("heartbeat")) else "silent"


def _keystore() -> str:
    keystore().check()
    return OK


def _erasure(now: datetime) -> str:
    return "overdue" if overdue_erasures(now) else OK
