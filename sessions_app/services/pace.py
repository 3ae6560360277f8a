"""Keeps Meta's rate limits before Meta has to: so many messages a number, so many a citizen.

Limits of Meta's pages on throughput: 80 messages a second from one number (more once Meta raises it,
`WHATSAPP_MESSAGES_PER_SECOND`), and to one citizen a message every 6 seconds with a burst of 45.
Kept in Redis by the generic cell rate algorithm: one timestamp a bucket, on Redis' own clock.
"""

import logging
import random
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

# KEYS: a bucket each. ARGV: interval and tolerance of each bucket, then the longest wait.
# Returns the wait, all in microseconds; takes a place in every bucket only if it is short enough.
_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local wait, due = 0, {}
for i, key in ipairs(KEYS) do
  due[i] = math.max(tonumber(redis.call('GET', key) or now), now)
  wait = math.max(wait, due[i] - ARGV[2 * i] - now)
end
if wait > tonumber(ARGV[#ARGV]) then return string.format('%.0f', wait) end
for i, key in ipairs(KEYS) do
  local next_due = math.max(due[i], now + wait) + ARGV[2 * i - 1]
  local lifetime = math.ceil((next_due - now) / 1000)
  redis.call('SET', key, string.format('%.0f', next_due), 'PX', lifetime)
end
return string.format('%.0f', wait)
"""


def reserve(*, office_id: int, conversation_id: int, longest_wait: float = LONGEST_WAIT) -> float:
    """Take a place in the queues of number and citizen; return the seconds until it is its turn.

    A wait above `longest_wait` takes no place: ask again then. While Redis is away nobody waits,
    and Meta enforces its limits itself.
    """
    number_interval = 1 / settings.WHATSAPP_MESSAGES_PER_SECOND
    buckets = (PAIR_INTERVAL, PAIR_INTERVAL * (PAIR_BURST - 1), number_interval, 0.0)
    keys = (key_of_pair(conversation_id), name("pace", "number", office_id))
    try:
        wait = redis().eval(
            _RESERVE, len(keys), *keys, *(_microseconds(span) for span in (*buckets, longest_wait))
        )
    except (RedisError, OSError):
        log.warning("redis away: conversation %s is sent to unpaced", conversation_id)
        return 0.0
    return int(wait) * _MICROSECOND


def pause(code: int | None, attempts: int) -> timedelta:
    """Return how long to wait after the given attempt (from 1) was rejected, with some jitter."""
    first, growth = _PAUSES.get(code or 0, _ORDINARY_PAUSE)
    seconds = min(first * growth ** min(attempts - 1, _MOST_STEPS), LONGEST_PAUSE)
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 (nothing secret)


def key_of_pair(conversation_id: int) -> str:
    """Return the Redis key that says when the next message to this citizen is due."""
    return name("pace", "pair", conversation_id)


def _microseconds(seconds: float) -> int:
    return round(seconds / _MICROSECOND)
