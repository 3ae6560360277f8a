"""The threads that wait for Meta: a few while it answers at once, many while it takes its time.

Threads of Python take turns at computing, so more of them than Meta keeps waiting only cost time.
"""

import contextlib
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue

from sessions_app.services.outbound import attempts
from sessions_app.services.outbound.attempts import Answer, Attempt
from sessions_app.whatsapp import errors

AT_ONCE = 32  # requests to Meta at the same time, from one worker
FEW = 2  # with a Meta that takes 10 ms still more than twice what it allows a number

PATIENCE = 0.01  # seconds without an answer after which nothing waits for a free thread any more


class Senders:
    """Asks Meta for each attempt and hands the answer to `answered`, from a thread of its own.

    One thread uses it: it calls `send` and, as long as anything waits, `keep_up` now and then.
    """

    def __init__(self, answered: Callable[[Attempt, Answer], None]) -> None:
        self._answered = answered
        self._waiting: SimpleQueue[Attempt] = SimpleQueue()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="meta")
        self._shifts: set[Future[None]] = set()
        self._answered_at = time.monotonic()

    def send(self, started: Iterable[Attempt]) -> None:
        """Ask Meta for all of these, as soon as one of a few threads is free."""
        if not self.have_waiting():
            self._answered_at = time.monotonic()
        for attempt in started:
            self._waiting.put(attempt)
        self._call_in(FEW)

    def keep_up(self) -> None:
        """If Meta takes its time, give each that waits a thread of its own."""
        if time.monotonic() - self._answered_at > PATIENCE:
            self._call_in(AT_ONCE)

    def have_waiting(self) -> bool:
        """Say whether something waits for a free thread."""
        return not self._waiting.empty()

    def _call_in(self, most: int) -> None:
        self._shifts = {shift for shift in self._shifts if not shift.done()}
        for _ in range(min(self._waiting.qsize(), most - len(self._shifts))):
            self._shifts.add(self._pool.submit(self._work))

    def _work(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._ask(self._waiting.get_nowait())

    def _ask(self, attempt: Attempt) -> None:
        # An error of our own while asking leaves open whether the request left.
        answer: Answer = errors.Ambiguous()
        try:
            answer = attempts.make(attempt)
        finally:
            self._answered_at = time.monotonic()
            self._answered(attempt, answer)
