"""The one connection pool to Redis, and the prefix that every name there carries."""

from functools import cache

from django.conf import settings
from redis import Redis


@cache
def redis() -> Redis:
    """Return the process-wide client; its pool is safe to share between threads."""
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2, health_check_interval=30
    )


def name(*parts: object) -> str:
    """Return the Redis key or topic for `parts`, apart from every other installation's."""
    return ":".join((f"{settings.REDIS_PREFIX}{parts[0]}", *map(str, parts[1:])))
