"""Everything that can be made to go wrong, and the seedable dice that decide when."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, fields
from typing import Any

Span = tuple[float, float]


@dataclass(slots=True)
class Faults:
    """Shares are probabilities between 0 and 1, times are seconds as [least, most]."""

    # answers of the Graph API
    latency: Span = (0.0, 0.0)
    refuse_rate_limit: float = 0.0
    error_before: float = 0.0
    error_after: float = 0.0
    cut_before: float = 0.0
    cut_after: float = 0.0
    late_after: float = 0.0
    late_seconds: Span = (30.0, 30.0)
    media_error: float = 0.0
    next_errors: list[int] = field(default_factory=list)
    next_failures: list[int] = field(default_factory=list)
    # limits that Meta enforces; 0 switches one off
    messages_per_second: float = 80.0
    pair_burst: float = 45.0
    pair_per_second: float = 1 / 6
    plus_required: bool = False
    # statuses
    status_delay: Span = (0.02, 0.12)
    status_loss: float = 0.0
    status_disorder: float = 0.0
    skip_delivered: float = 0.0
    late_pricing: float = 0.0
    callback_on_failed: bool = True
    # webhooks
    webhook_delay: Span = (0.0, 0.0)
    webhook_duplicate: float = 0.0
    webhook_reorder: float = 0.0
    webhook_drop: float = 0.0
    webhook_concurrency: int = 16
    batch_size: int = 1
    batch_wait: float = 0.0
    raw_utf8: bool = False
    media_url: bool = True
    empty_emoji_on_removal: bool = False
    retry_delays: list[float] = field(
        default_factory=lambda: [0.3, 1, 2, 5, 10, 30, 60, 300, 900, 3600]
    )

    def change(self, changes: dict[str, Any]) -> None:
        """Take over some settings; raises ValueError for an unknown or impossible one."""
        known = {item.name for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown fault: {name}")
            setattr(self, name, _checked(name, value, getattr(self, name)))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


SHARES = {
    *("refuse_rate_limit", "error_before", "error_after", "cut_before", "cut_after", "late_after"),
    *("media_error", "status_loss", "status_disorder", "skip_delivered", "late_pricing"),
    *("webhook_duplicate", "webhook_reorder", "webhook_drop"),
}
AT_LEAST_ONE = {"webhook_concurrency", "batch_size"}


def _checked(name: str, value: object, current: object) -> object:
    if isinstance(current, bool):
        return _flag(name, value)
    if isinstance(current, tuple):
        return _span(name, value)
    if isinstance(current, list):
        return _numbers(name, value)
    return _number(name, value, whole=isinstance(current, int))


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: true or false")  # noqa: TRY004 - one error for all settings
    return value


def _span(name: str, value: object) -> Span:
    pair = [value, value] if isinstance(value, int | float) else value
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not 0 <= pair[0] <= pair[1]:
        raise ValueError(f"{name}: seconds, or [least, most]")
    return (float(pair[0]), float(pair[1]))


def _numbers(name: str, value: object) -> list[float]:
    if not isinstance(value, list) or not all(isinstance(item, int | float) for item in value):
        raise ValueError(f"{name}: a list of numbers")
    return list(value)


def _number(name: str, value: object, *, whole: bool) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name}: a number from 0")
    if name in SHARES and value > 1:
        raise ValueError(f"{name}: a share between 0 and 1")
    if name in AT_LEAST_ONE and not 1 <= value <= 1000:
        raise ValueError(f"{name}: between 1 and 1000")
    return int(value) if whole else float(value)


class Dice:
    """One seedable source of chance for everything."""

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(seed)

    def seed(self, seed: int | None) -> None:
        self.random.seed(seed)

    def happens(self, share: float) -> bool:
        return share > 0 and self.random.random() < share

    def within(self, span: Span) -> float:
        least, most = span
        return most if least == most else self.random.uniform(least, most)

    def choose(self, shares: dict[str, float]) -> str | None:
        """At most one of several exclusive faults, each with its own share."""
        drawn = self.random.random() if any(shares.values()) else 1.0
        for name, share in shares.items():
            if drawn < share:
                return name
            drawn -= share
        return None
