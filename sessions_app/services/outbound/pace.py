"""Keeps Meta's rate limits before Meta has to: so many messages a number, so many a citizen.

Limits of Meta's pages on throughput: 80 messages a second from one number (more once Meta raises it,
`WHATSAPP_MESSAGES_PER_SECOND`), and to one citizen a message every 6 seconds with a burst of 45.
Kept in Redis by the generic cell rate algorithm: one timestamp a bucket, on Redis' own clock.
"""

import logging
import random
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from redis.exceptions import RedisError

from sessions_app.whatsapp import errors
from sprechstunde.broker import name, redis

log = logging.getLogger(__name__)

PAIR_INTERVAL = 6.0  # seconds
PAIR_BURST = 45
LONGEST_WAIT = 1.0  # seconds for which a worker's thread waits; longer waits are put off
LONGEST_PAUSE = 60.0  # seconds between two attempts

_MICROSECOND = 1e-6
# Seconds before the second attempt, and by what they grow. Meta asks for 4^X after a pair limit;
# its limits on all calls of an app or account recover over minutes.
_PAUSES = {
    errors.PAIR_RATE_LIMIT: (4.0, 4),
    errors.APP_RATE_LIMIT: (15.0, 2),
    errors.ACCOUNT_RATE_LIMIT: (15.0, 2),
}
_ORDINARY_PAUSE = (0.5, 2)
_MOST_STEPS = 8

# KEYS: for each message the buckets of its citizen and its number. ARGV: interval and tolerance of
# either, then the longest wait. Returns each message's wait; a place in both buckets is taken only
# if it is short enough. All in microseconds.
_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local waits = {}
for message = 1, #KEYS, 2 do
  local wait, due = 0, {}
  for i = 1, 2 do
    due[i] = math.max(tonumber(redis.call('GET', KEYS[message + i - 1]) or now), now)
    wait = math.max(wait, due[i] - ARGV[2 * i] - now)
  end
  if wait <= tonumber(ARGV[5]) then
    for i = 1, 2 do
      local next_due = math.max(due[i], now + wait) + ARGV[2 * i - 1]
      local lifetime = math.ceil((next_due - now) / 1000)
      redis.call('SET', KEYS[message + i - 1], string.format('%.0f', next_due), 'PX', lifetime)
    end
  end
  waits[#waits + 1] = string.format('%.0f', wait)
end
return waits
"""


def reserve(pairs: Sequence[tuple[int, int]]) -> list[float]:
    """Take a place for each message, given as ids of office and conversation.

    Returns the seconds until it is each one's turn. A wait above `LONGEST_WAIT` took no place: ask
    again then. While Redis is away nobody waits, and Meta enforces its limits itself.
    """
    if not pairs:
        return []
    keys = [
        key
        for office_id, conversation_id in pairs
        for key in (key_of_pair(conversation_id), name("pace", "number", office_id))
    ]
    try:
        waits = redis().eval(_RESERVE, len(keys), *keys, *_arguments())
    except (RedisError, OSError):
        log.warning("redis away: %d messages are sent unpaced", len(pairs))
        return [0.0] * len(pairs)
    return [int(wait) * _MICROSECOND for wait in waits]


def _arguments() -> list[int]:
    number_interval = 1 / settings.WHATSAPP_MESSAGES_PER_SECOND
    pair_tolerance = PAIR_INTERVAL * (PAIR_BURST - 1)
    spans = (PAIR_INTERVAL, pair_tolerance, number_interval, 0.0, LONGEST_WAIT)
    return [round(span / _MICROSECOND) for span in spans]


def pause(code: int | None, attempts: int) -> timedelta:
    """Return how long to wait after the given attempt (from 1) was rejected, with some jitter."""
    first, growth = _PAUSES.get(code or 0, _ORDINARY_PAUSE)
    seconds = min(first * growth ** min(attempts - 1, _MOST_STEPS), LONGEST_PAUSE)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 (nothing secret)


def key_of_pair(conversation_id: int) -> str:
    """Return the Redis key that says when the next message to this citizen is due."""
    return name("pace", "pair", conversation_id)
