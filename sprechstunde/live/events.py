"""Publishes that something changed. An event is a name with ids; the browser fetches what it may see."""

import logging
from functools import partial

from django.db import transaction
from redis.exceptions import RedisError

from sprechstunde.broker import name, redis

log = logging.getLogger(__name__)

# One message carries all events of a commit; no event name contains a space.
SEPARATOR = " "

Room = int | str  # a session by its primary key, anything else by a name of its own


def topic(room: Room) -> str:
    """Return the Redis topic on which the events of a room go out."""
    return name("live", room)


def announce(room: Room, *events: str) -> None:
    """Publish `events` (of a session: `queue`, `session`, `conversation-<pk>`, …) after the commit.

    Never raises: a browser that hears nothing catches up from the database when its stream returns.
    """
    if events:
        transaction.on_commit(partial(publish, room, *events))


def publish(room: Room, *events: str) -> None:
    """Publish at once, for what is not in the database (who is typing). Never raises."""
    try:
        redis().publish(topic(room), SEPARATOR.join(events))
    except (RedisError, OSError):
        log.warning("live channel away: room %s was not told", room)
