"""Stops mail loops: only so many automatic mails to one address in a time, the more the longer.

The steps are those of Zammad, whose operators live with them: 30 in ten minutes, 360 in ten hours.
"""

import logging
from collections.abc import Sequence

from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from sprechstunde.broker import name, redis

log = logging.getLogger(__name__)

Steps = tuple[tuple[int, int], ...]  # minutes, mails

STEPS: Steps = ((10, 30), (30, 60), (60, 120), (180, 240), (600, 360))
# A confirmation goes to an address that may be a stranger's: whoever types it must not annoy them.
CONFIRMATION_STEPS: Steps = ((60, 3), (1440, 5))

# KEYS: one sorted set of times per address. ARGV: the mail's name, then minutes and mails of each
# step. Returns the seconds to wait; 0 took a place. The same mail takes one place only.
_CLIMB = """
local now = tonumber(redis.call('TIME')[1])
local longest = tonumber(ARGV[#ARGV - 1]) * 60
for _, key in ipairs(KEYS) do
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - longest)
  if not redis.call('ZSCORE', key, ARGV[1]) then
    for i = 2, #ARGV, 2 do
      local span, most = tonumber(ARGV[i]) * 60, tonumber(ARGV[i + 1])
      if redis.call('ZCOUNT', key, '(' .. (now - span), '+inf') >= most then return span end
    end
  end
end
for _, key in ipairs(KEYS) do
  redis.call('ZADD', key, now, ARGV[1])
  redis.call('EXPIRE', key, longest)
end
return 0
"""


def wait(recipients: Sequence[str], mail: str, steps: Steps = STEPS) -> int:
    """Return for how many seconds this automatic mail has to wait; 0 if it may go now.

    Which addresses were written to is kept for a day at most, as digests under our secret.
    Without Redis nothing waits.
    """
    keys = [_key(recipient, steps) for recipient in recipients]
    numbers = [number for step in steps for number in step]
    try:
        seconds = redis().eval(_CLIMB, len(keys), *keys, mail, *numbers)
    except (RedisError, OSError):
        log.warning("redis away: automatic mails are sent uncounted")
        return 0
    return int(seconds)


def _key(recipient: str, steps: Steps) -> str:
    digest = salted_hmac("routing.mail_ladder", recipient.casefold(), algorithm="sha256")
    return name("mails-to", steps[0][0], digest.hexdigest()[:32])
