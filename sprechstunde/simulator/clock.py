"""The simulator's own time, which a test can move, and the timers that wait on real time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


class Clock:
    """Unix seconds (UTC); moved or frozen through the control API."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._frozen_at: float | None = None

    def now(self) -> float:
        if self._frozen_at is not None:
            return self._frozen_at
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        self.set(self.now() + seconds)

    def set(self, moment: float) -> None:
        self._offset = moment - time.time()
        if self._frozen_at is not None:
            self._frozen_at = moment

    def freeze(self, frozen: bool) -> None:
        """Stop or restart the time; it continues where it stood."""
        moment = self.now()
        self._frozen_at = moment if frozen else None
        self._offset = moment - time.time()

    def reset(self) -> None:
        self._offset, self._frozen_at = 0.0, None


class Timers:
    """What is to happen later, countable and cancellable as a whole."""

    def __init__(self) -> None:
        self._pending: set[asyncio.TimerHandle] = set()
        self._quiet: set[asyncio.TimerHandle] = set()

    def __len__(self) -> int:
        return len(self._pending)

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it at once if there is nothing to wait for, so that order is kept."""
        if seconds <= 0:
            action()
            return
        self._schedule(self._pending, seconds, action)

    def quiet(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it later, without counting as something that is still to come."""
        self._schedule(self._quiet, seconds, action)

    def _schedule(
        self, group: set[asyncio.TimerHandle], seconds: float, action: Callable[[], None]
    ) -> None:
        handle: asyncio.TimerHandle

        def run() -> None:
            group.discard(handle)
            action()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        group.add(handle)

    def cancel(self) -> None:
        for group in (self._pending, self._quiet):
            for handle in group:
                handle.cancel()
            group.clear()
