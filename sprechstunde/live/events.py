"""Publishes that something changed. An event is a name with ids; the browser fetches what it may see."""

import logging
from functools import partial

from django.db import transaction
from redis.exceptions import RedisError

from sprechstunde.broker import name, redis

log = logging.getLogger(__name__)

# One message carries all events of a commit; no event name contains a space.
SEPARATOR = " "


def topic(session_id: int) -> str:
    """Return the Redis topic on which the events of a session go out."""
    return name("live", session_id)


def announce(session_id: int, *events: str) -> None:
    """Publish `events` (`queue`, `session`, `conversation-<pk>`, `presence-<pk>`) after the commit.

    Never raises: a browser that hears nothing catches up from the database when its stream returns.
    """
    if events:
        transaction.on_commit(partial(publish, session_id, *events))


def publish(session_id: int, *events: str) -> None:
    """Publish at once, for what is not in the database (who is typing). Never raises."""
    try:
        redis().publish(topic(session_id), SEPARATOR.join(events))
    except (RedisError, OSError):
        log.warning("live channel away: session %s was not told", session_id)
