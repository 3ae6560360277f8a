"""Meta's rate limits, kept on the simulator's clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """Tokens that come back at a steady rate, never more than the burst."""

    tokens: float
    updated: float

    def take(self, *, now: float, burst: float, per_second: float) -> bool:
        passed = max(0.0, now - self.updated)
        self.tokens = min(burst, self.tokens + passed * per_second)
        self.updated = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Limits:
    """One bucket for the number, one for each citizen."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def allow(self, name: str, *, now: float, burst: float, per_second: float) -> bool:
        """Take a token; a burst of 0 means that there is no limit."""
        if burst <= 0:
            return True
        bucket = self._buckets.setdefault(name, Bucket(burst, now))
        return bucket.take(now=now, burst=burst, per_second=per_second)

    def set(self, name: str, tokens: float, *, now: float) -> None:
        self._buckets[name] = Bucket(tokens, now)
