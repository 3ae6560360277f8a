"""Send what is queued: each conversation in its order, many conversations at once, nothing twice.

The database is the outbox. A row is marked as SENDING and committed before its request leaves, so a
worker that dies leaves a row that says so, and only a person sends that row again. One thread of
each worker talks to the database, for all messages that are due just then; others wait for Meta.
That way many messages share a statement and its commit, which a single one would pay alone.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from sessions_app.enums import DeliveryState
from sessions_app.models import Message
from sessions_app.models.message import UNCONFIRMED_GRACE
from sessions_app.services.outbound import attempts, outbox, outcomes, pace, receipts
from sessions_app.services.outbound.attempts import Answer, Attempt
from sessions_app.services.outbound.senders import AT_ONCE, PATIENCE, Senders
from sprechstunde.doorbell import ring
from sprechstunde.live.events import announce
from sprechstunde.vault.errors import VaultError

log = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(seconds=30)  # longer than all timeouts of one request
SWEEP_LIMIT = 500  # conversations a tick
TICK_REACH = timedelta(seconds=5)  # a tick of beat comes at least that often
GATHERING = 0.005  # seconds
DATABASE_TRIES = 20
DATABASE_PAUSE = 0.5  # seconds


def deliver(conversation_id: int) -> None:
    """Send what is due in this conversation, in order.

    Returns when nothing is due any more, or at once if another thread of this process is sending:
    that one looks after this conversation, too. Safe to call at any time, twice, and anywhere.
    """
    _events.put(conversation_id)
    while not _events.empty() and _at_work.acquire(blocking=False):
        try:
            _Round().run()
        finally:
            _at_work.release()


def deliver_due(now: datetime) -> None:
    """Ring for what waits although nobody rang, and show what a dead worker left.

    `now` is aware.
    """
    _show_abandoned(now)
    _show_unconfirmed(now)
    for conversation_id in outbox.waiting(now)[:SWEEP_LIMIT]:
        ring("sessions_app.deliver", conversation_id)


# Conversations to look at, and answers that have come. One thread at a time works them off.
_events: SimpleQueue[int | tuple[Attempt, Answer]] = SimpleQueue()
_at_work = threading.Lock()
_senders = Senders(lambda attempt, answer: _events.put((attempt, answer)))


class _Round:
    """What one thread does from the first conversation asked for until nothing is left to do.

    A conversation is in one of three places: to be looked at, waiting for its turn, or with Meta.
    """

    def __init__(self) -> None:
        self._asked: dict[int, None] = {}  # in the order of asking
        self._turns: list[tuple[float, Attempt]] = []  # monotonic time
        self._with_meta: set[int] = set()
        self._answers: list[tuple[Attempt, Answer]] = []
        self._failures = 0

    def run(self) -> None:
        """Work off all events; raises DatabaseError if the database stays away."""
        while self._collect():
            try:
                self._record()
                self._look()
                self._start()
                self._failures = 0
            except DatabaseError as error:
                self._survive(error)

    def _collect(self) -> bool:
        """Take what has come, waiting for it if there is nothing else to do; False at the end."""
        timeout = self._idle_time()
        if timeout is None and not self._with_meta and _events.empty():
            return False
        if _senders.have_waiting():
            timeout = PATIENCE if timeout is None else min(timeout, PATIENCE)
        with contextlib.suppress(Empty):
            self._take(_events.get(timeout=timeout))
        self._take_all()
        if len(self._answers) < len(self._with_meta) / 2:
            time.sleep(GATHERING)  # more answers are about to come and can share a commit
            self._take_all()
        _senders.keep_up()
        return True

    def _idle_time(self) -> float | None:
        """Return the seconds until there is something to do by ourselves, None for never."""
        if self._answers or (self._asked and self._room()):
            return 0
        if self._turns:
            return max(0, min(at for at, _ in self._turns) - time.monotonic())
        return None

    def _take_all(self) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._take(_events.get_nowait())

    def _take(self, event: int | tuple[Attempt, Answer]) -> None:
        if isinstance(event, int):
            self._asked[event] = None
        else:
            self._answers.append(event)

    def _room(self) -> int:
        return AT_ONCE - len(self._with_meta) - len(self._turns)

    def _record(self) -> None:
        if not self._answers:
            return
        digests = outcomes.record(self._answers)
        for attempt, _ in self._answers:
            self._with_meta.discard(attempt.message.conversation_id)
            self._asked[attempt.message.conversation_id] = None
        self._answers = []
        for session_id, new in digests.items():
            receipts.settle_early(session_id, new)

    def _look(self) -> None:
        """Give the next conversations that have something due their turn."""
        asked = self._next_asked()
        if not asked:
            return
        now = timezone.now()
        prepared = list(_prepared(outbox.due(asked, now), now))
        pairs = [(attempt.office_id, attempt.message.conversation_id) for attempt in prepared]
        for attempt, wait in zip(prepared, pace.reserve(pairs), strict=True):
            if wait > pace.LONGEST_WAIT:
                outbox.put_off(attempt.message, now + timedelta(seconds=wait))
            else:
                self._turns.append((time.monotonic() + wait, attempt))

    def _start(self) -> None:
        """Send what has its turn, once it is marked as being sent."""
        now = time.monotonic()
        ripe = [attempt for at, attempt in self._turns if at <= now]
        if not ripe:
            return
        started = outbox.start(ripe, timezone.now())
        self._turns = [turn for turn in self._turns if turn[0] > now]
        self._with_meta |= {attempt.message.conversation_id for attempt in started}
        _senders.send(started)

    def _next_asked(self) -> list[int]:
        busy = self._with_meta | {attempt.message.conversation_id for _, attempt in self._turns}
        # What is busy is looked at again when its answer has come.
        free = [conversation_id for conversation_id in self._asked if conversation_id not in busy]
        chosen = free[: self._room()]
        self._asked = dict.fromkeys(free[len(chosen) :])
        return chosen

    def _survive(self, error: DatabaseError) -> None:
        self._failures += 1
        if self._failures >= DATABASE_TRIES:
            raise error
        log.warning("database away: %d answers wait to be written down", len(self._answers))
        close_old_connections()
        time.sleep(DATABASE_PAUSE)


def _prepared(firsts: Iterable[outbox.Due], now: datetime) -> Iterator[Attempt]:
    for due in firsts:
        try:
            yield attempts.prepare(
                due.message, office_id=due.office_id, number_id=due.number_id, now=now
            )
        except VaultError as error:
            log.warning("message %s: cannot be read (%s)", due.message.pk, type(error).__name__)


def _show_abandoned(now: datetime) -> None:
    """Turn what a dead worker left as SENDING into UNCONFIRMED, which frees its conversation."""
    left = Message.objects.filter(
        delivery=DeliveryState.SENDING, attempted_at__lte=now - ABANDONED_AFTER
    )
    for message in left.only("session_id", "conversation_id", "attempts"):
        if left.filter(pk=message.pk, attempts=message.attempts).update(
            delivery=DeliveryState.UNCONFIRMED
        ):
            log.warning("message %s: its worker was lost", message.pk)
            announce(message.session_id, "queue", f"conversation-{message.conversation_id}")


def _show_unconfirmed(now: datetime) -> None:
    """Tell the desks of messages that begin to stand before the staff about now."""
    since = now - UNCONFIRMED_GRACE
    begun = Message.objects.filter(
        delivery=DeliveryState.UNCONFIRMED,
        given_up_at=None,
        attempted_at__gt=since - TICK_REACH,
        attempted_at__lte=since,
    )
    for session_id, conversation_id in begun.values_list("session_id", "conversation_id"):
        announce(session_id, "queue", f"conversation-{conversation_id}")
