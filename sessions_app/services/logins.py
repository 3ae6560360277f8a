"""Slows down guessing of passwords, without keeping who tried or from where."""

import logging

from django.utils.crypto import salted_hmac
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import TimeoutError as RedisSlow

from sprechstunde.broker import name, redis

log = logging.getLogger(__name__)

FAILURES_ALLOWED = 10
FORGOTTEN_AFTER = 300  # seconds since the first failure


def is_blocked(username: str) -> bool:
    """Say whether `username` failed too often lately. Without Redis nobody is kept out."""
    try:
        failures = redis().get(_key(username))
    except (RedisAway, RedisSlow):
        log.warning("redis away: failed logins are not counted")
        return False
    return isinstance(failures, bytes) and int(failures) >= FAILURES_ALLOWED


def note_failure(username: str) -> None:
    """Count one wrong password; the count lives for FORGOTTEN_AFTER seconds."""
    try:
        with redis().pipeline() as pipeline:
            pipeline.set(_key(username), 0, ex=FORGOTTEN_AFTER, nx=True)
            pipeline.incr(_key(username))
            pipeline.execute()
    except (RedisAway, RedisSlow):
        log.warning("redis away: failed logins are not counted")


def forget(username: str) -> None:
    """Drop the count after a login that worked."""
    try:
        redis().delete(_key(username))
    except (RedisAway, RedisSlow):
        log.warning("redis away: failed logins are not counted")


def _key(username: str) -> str:
    digest = salted_hmac("sessions_app.logins", username.casefold(), algorithm="sha256")
    return name("login", digest.hexdigest()[:32])
