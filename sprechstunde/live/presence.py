"""Who of the staff reads or types where: ids in Redis, forgotten after seconds.

A place is a conversation in its session's room, or a ticket in its office's.
"""

import logging
from enum import StrEnum

from redis.exceptions import RedisError

from sprechstunde.broker import name, redis
from sprechstunde.live.events import Room, publish

log = logging.getLogger(__name__)

READS_FOR = 40  # seconds after the last sign of life
TYPES_FOR = 7


class Doing(StrEnum):
    """What a member of staff does at a place."""

    READS = "reads"
    TYPES = "types"
    LEFT = "left"


def note(room: Room, place_id: int, staff_id: int, doing: Doing) -> None:
    """Remember what somebody does and tell the others if it is new. Never raises."""
    key = _key(room, place_id, staff_id)
    try:
        before = redis().getdel(key) if doing is Doing.LEFT else _set(key, doing)
    except (RedisError, OSError):
        log.warning("presence away: nobody sees who reads or types")
        return
    if before != (None if doing is Doing.LEFT else doing.encode()):
        publish(room, f"presence-{place_id}")


def others(room: Room, place_id: int, staff_ids: list[int]) -> list[tuple[int, Doing]]:
    """Return who of `staff_ids` reads or types there now; nobody while Redis is away."""
    keys = [_key(room, place_id, staff_id) for staff_id in staff_ids]
    try:
        found = redis().mget(keys) if keys else []
    except (RedisError, OSError):
        return []
    pairs = zip(staff_ids, found, strict=True)
    return [(pk, Doing(what.decode())) for pk, what in pairs if isinstance(what, bytes)]


def first_within(seconds: int, *parts: object) -> bool:
    """Say whether nobody asked for `parts` in the last `seconds`; True while Redis is away."""
    try:
        return bool(redis().set(name("once", *parts), 1, nx=True, ex=seconds))
    except (RedisError, OSError):
        return True


def _set(key: str, doing: Doing) -> bytes | None:
    seconds = TYPES_FOR if doing is Doing.TYPES else READS_FOR
    before = redis().set(key, doing, ex=seconds, get=True)
    return before if isinstance(before, bytes) else None


def _key(room: Room, place_id: int, staff_id: int) -> str:
    return name("presence", room, place_id, staff_id)
