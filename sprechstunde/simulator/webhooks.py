"""The queue of webhook updates: batched, signed, delivered in order per citizen, and repeated."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sprechstunde.simulator.clock import Clock, Timers
from sprechstunde.simulator.config import Config
from sprechstunde.simulator.envelope import MAX_BYTES, Update, envelope
from sprechstunde.simulator.faults import Dice, Faults
from sprechstunde.simulator.transport import Transport, TransportError

GIVE_UP_SECONDS = 7 * 24 * 3600
REORDER_SECONDS = (0.05, 0.6)
LOST_CONNECTION = 0
KEPT_BYTES = 64 * 1024


def encode(payload: dict[str, Any], *, raw_utf8: bool = False) -> bytes:
    """Bytes as Meta sends them: compact, non-ASCII escaped in lower case, `/` escaped too."""
    text = json.dumps(payload, ensure_ascii=not raw_utf8, separators=(",", ":"))
    return (text if raw_utf8 else text.replace("/", "\\/")).encode("utf-8", "surrogatepass")


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(slots=True)
class Delivery:
    """One POST with its attempts: (HTTP status, milliseconds); status 0 is no answer."""

    body: bytes
    signed: str | None
    begun: float
    updates: int
    lanes: frozenset[str] = frozenset()
    attempts: list[tuple[int, float]] = field(default_factory=list)
    state: str = "waiting"
    on_success: list[Callable[[], None]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        attempts = [{"status": status, "ms": round(ms, 2)} for status, ms in self.attempts]
        return {"state": self.state, "updates": self.updates, "attempts": attempts}


class Outbox:
    """First attempts keep the order within a lane (a citizen); repetitions do not hold it up."""

    def __init__(self, config: Config, clock: Clock, faults: Faults, dice: Dice) -> None:
        self.url = config.webhook_url
        self.history: deque[Delivery] = deque(maxlen=5000)
        self._secret = config.app_secret
        self._account = config.waba_id
        self._clock, self._faults, self._dice = clock, faults, dice
        self._timers = Timers()
        self._transport = Transport()
        self._lanes: dict[str, deque[Update]] = {}
        self._busy: set[str] = set()
        self._posts: set[asyncio.Task[None]] = set()
        self._pump: asyncio.TimerHandle | None = None
        self._loners = 0
        self.posted = 0
        self.dropped = 0
        self.retrying = 0

    def state(self) -> dict[str, int]:
        waiting = sum(len(lane) for lane in self._lanes.values())
        delayed = len(self._timers) - self.retrying
        return {
            "queued": waiting + delayed,
            "in_flight": len(self._posts),
            "retrying": self.retrying,
            "dropped": self.dropped,
        }

    def put(self, update: Update) -> None:
        """Queue an update; the faults decide whether it is lost, doubled, late or overtaken."""
        if self._dice.happens(self._faults.webhook_drop):
            self.dropped += 1
            return
        copies = 2 if self._dice.happens(self._faults.webhook_duplicate) else 1
        for _ in range(copies):
            self._timers.after(self._delay(update), lambda: self._enqueue(update))

    def post_raw(self, body: bytes, signed: str | None, updates: int = 1) -> None:
        """Send exactly these bytes, outside every lane."""
        self._send(Delivery(body, signed, self._clock.now(), updates))

    def _delay(self, update: Update) -> float:
        delay = self._dice.within(self._faults.webhook_delay)
        if self._dice.happens(self._faults.webhook_reorder):
            self._loners += 1
            update.lane = f"{update.lane}/{self._loners}"
            delay += self._dice.within(REORDER_SECONDS)
        return delay

    def _enqueue(self, update: Update) -> None:
        self._lanes.setdefault(update.lane, deque()).append(update)
        self._wake()

    def _wake(self) -> None:
        if self._pump is None:
            loop = asyncio.get_running_loop()
            self._pump = loop.call_later(self._faults.batch_wait, self._dispatch)

    def _dispatch(self) -> None:
        self._pump = None
        while len(self._posts) < self._faults.webhook_concurrency:
            batch = self._take(self._faults.batch_size)
            if not batch:
                return
            self._post(batch)

    def _take(self, size: int) -> list[Update]:
        batch: list[Update] = []
        for lane in [lane for lane in self._lanes if lane not in self._busy]:
            queue = self._lanes[lane]
            while queue and len(batch) < size:
                batch.append(queue.popleft())
            if not queue:
                del self._lanes[lane]
            if len(batch) == size:
                break
        return batch

    def _post(self, batch: list[Update]) -> None:
        body = encode(envelope(self._account, batch, self._dice), raw_utf8=self._faults.raw_utf8)
        if len(body) > MAX_BYTES and len(batch) > 1:
            half = len(batch) // 2
            self._post(batch[:half])
            self._post(batch[half:])
            return
        delivery = Delivery(
            body,
            signature(body, self._secret),
            self._clock.now(),
            len(batch),
            frozenset(update.lane for update in batch),
            on_success=[update.on_success for update in batch if update.on_success],
        )
        self._send(delivery)

    def _send(self, delivery: Delivery) -> None:
        self._busy |= delivery.lanes
        self.history.append(delivery)
        self.posted += 1
        self._start(delivery)

    def _start(self, delivery: Delivery) -> None:
        task = asyncio.get_running_loop().create_task(self._attempt(delivery))
        self._posts.add(task)
        task.add_done_callback(lambda done: self._finish(done, delivery))

    def _finish(self, task: asyncio.Task[None], delivery: Delivery) -> None:
        self._posts.discard(task)
        if len(delivery.attempts) <= 1:
            self._busy -= delivery.lanes
        if self._lanes:
            self._dispatch_soon()

    def _dispatch_soon(self) -> None:
        if self._faults.batch_wait:
            self._wake()
        else:
            self._dispatch()

    async def _attempt(self, delivery: Delivery) -> None:
        headers = {"Content-Type": "application/json", "Connection": "keep-alive"}
        if delivery.signed is not None:
            headers["X-Hub-Signature-256"] = delivery.signed
        started = time.perf_counter()
        try:
            reply = await self._transport.request(
                "POST", self.url, headers=headers, body=delivery.body
            )
            status = reply.status
        except TransportError:
            status = LOST_CONNECTION
        delivery.attempts.append((status, (time.perf_counter() - started) * 1000))
        self._settle(delivery, status)

    def _settle(self, delivery: Delivery, status: int) -> None:
        if status == 200:
            delivery.state = "delivered"
            if len(delivery.body) > KEPT_BYTES:
                delivery.body = b""
            for tell in delivery.on_success:
                tell()
        elif self._clock.now() - delivery.begun > GIVE_UP_SECONDS or not self._faults.retry_delays:
            delivery.state = "given up"
        else:
            self._repeat(delivery)

    def _repeat(self, delivery: Delivery) -> None:
        delays = self._faults.retry_delays
        delivery.state = "retrying"
        self.retrying += 1

        def again() -> None:
            self.retrying -= 1
            self._start(delivery)

        self._timers.after(max(0.001, delays[min(len(delivery.attempts), len(delays)) - 1]), again)

    def reset(self) -> None:
        """Forget everything, also what is on its way."""
        for task in self._posts:
            task.cancel()
        self._timers.cancel()
        self._lanes.clear()
        self._busy.clear()
        self.history.clear()
        self.posted = self.dropped = self.retrying = 0
        self._transport.close()
