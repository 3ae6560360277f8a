"""Slows down guessing of links, without keeping who tried or from where."""

import logging

from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from routing.mail import tokens
from routing.mail.tokens import BadToken
from sprechstunde.broker import name, redis

log = logging.getLogger(__name__)

GUESSES_ALLOWED = 10
FORGOTTEN_AFTER = 300  # seconds since the first wrong one


def are_too_many(token: str) -> bool:
    """Say whether what this token claims was guessed at too often. Without Redis it never is."""
    try:
        count = redis().get(_key(token))
    except (RedisError, OSError):
        return False
    return isinstance(count, bytes) and int(count) >= GUESSES_ALLOWED


def note(token: str) -> None:
    """Count a wrong token."""
    try:
        with redis().pipeline() as pipeline:
            pipeline.set(_key(token), 0, ex=FORGOTTEN_AFTER, nx=True)
            pipeline.incr(_key(token))
            pipeline.execute()
    except (RedisError, OSError):
        log.warning("redis away: wrong links are not counted")


def _key(token: str) -> str:
    try:
        claimed = tokens.uid_in(token).hex
    except BadToken:
        claimed = ""  # all of them together
    digest = salted_hmac("routing.guesses", claimed, algorithm="sha256")
    return name("guesses", digest.hexdigest()[:32])
