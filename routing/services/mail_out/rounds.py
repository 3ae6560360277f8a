"""One thread's work from the first ring until nothing is due: claim, compose, hand over, write down.

One thread of each worker works in the database, for all mails that are due just then; a few others
wait for the mail server. That way many mails share a transaction, which a single one would pay alone.
"""

import contextlib
import logging
import threading
import time
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from routing.enums import MailKind, MailState
from routing.mail import relay
from routing.mail.compose import Envelope, Letter, envelope
from routing.mail.smtp import MailError, NotNow, Refused, Unconfirmed
from routing.models import OutgoingMail
from routing.services.mail_out import ladder, letters, results
from routing.services.mail_out.results import Result
from sprechstunde.vault.errors import KeyUnavailable, Tampered

log = logging.getLogger(__name__)

IN_HAND: Final = 24  # claimed at the same time; each is in doubt after a crash
STOCK: Final = 2 * relay.CONNECTIONS  # with the server or next to be, while others are made ready
GATHERING: Final = 0.05  # seconds that a result waits for others to share its transaction
DATABASE_TRIES: Final = 20
DATABASE_PAUSE: Final = 0.5  # seconds
PUT_OFF_AT_ONCE: Final = 500

_NOBODY: Final = "5.4.4"  # RFC 3463: unable to route
_LOST_FILE: Final = "5.6.0"
_OUR_ERROR: Final = "4.3.0"
_READY = (MailState.QUEUED, MailState.WAITING)


def run() -> None:
    """Send whatever is due.

    Returns when nothing is due any more, or at once if another thread of this process is sending:
    that one then looks once more. Safe to call at any time, twice, and anywhere.
    """
    _events.put(None)
    while not _events.empty() and _at_work.acquire(blocking=False):
        try:
            _Round().run()
        finally:
            _at_work.release()


def due(now: datetime) -> QuerySet[OutgoingMail]:
    """Return what may be sent at the aware time `now`."""
    ripe = Q(next_attempt_at=None) | Q(next_attempt_at__lte=now)
    return OutgoingMail.objects.filter(ripe, state__in=_READY)


# Rings, and what became of attempts. One thread at a time works them off.
_events: SimpleQueue[Result | None] = SimpleQueue()
_at_work = threading.Lock()


class _Round:
    """A mail is in one of three places: claimed and to be composed, with the server, or come back."""

    def __init__(self) -> None:
        self._claimed: list[int] = []
        self._out: set[int] = set()
        self._results: list[Result] = []
        self._failures = 0

    def run(self) -> None:
        """Work off all that is due; raises DatabaseError if the database stays away."""
        going = True
        while going:
            self._collect()
            try:
                going = self._step()
                self._failures = 0
            except DatabaseError as error:
                self._survive(error)

    def _collect(self) -> None:
        """Take what has come, waiting for it if there is nothing else to do."""
        with contextlib.suppress(Empty):
            if self._out and not self._results:
                self._take(_events.get())
            until = time.monotonic() + GATHERING
            while self._is_busy:
                self._take(_events.get(timeout=max(until - time.monotonic(), 0)))
            while True:
                self._take(_events.get_nowait())

    @property
    def _is_busy(self) -> bool:
        """Whether the connections have enough to do: more would only be in doubt after a crash."""
        return len(self._out) > STOCK

    def _take(self, event: Result | None) -> None:
        if event is not None:
            self._out.discard(event.mail.pk)  # of an earlier round it is not among ours
            self._results.append(event)

    def _step(self) -> bool:
        """Write down results, claim what is due, send it; False once there is nothing to do."""
        receipts = self._receipts()
        claimed: list[int] = []
        with transaction.atomic():
            results.record(self._results)
            if receipts is not None:
                room = IN_HAND - len(self._out) - len(self._claimed)
                claimed = _claim(room, with_receipts=receipts)
        self._claimed += claimed  # not before the commit: without it they are not ours
        self._results = []
        for mail in letters.rows(self._claimed):
            self._send(mail)
        self._claimed = []
        return bool(self._out or self._results)

    def _receipts(self) -> bool | None:
        """Return whether the server promises reports; None if nothing is to be claimed now."""
        if self._is_busy:
            return None
        try:
            return relay.promises_receipts() and bool(settings.INBOX_URL)
        except NotNow as error:
            _put_off(error)
            return None

    def _send(self, mail: OutgoingMail) -> None:
        composed = _composed(mail)
        if isinstance(composed, Result):
            self._results.append(composed)
            return
        self._out.add(mail.pk)
        sent = relay.hand_over(composed, with_receipts=mail.receipt_promised)
        sent.add_done_callback(partial(_came_back, mail))

    def _survive(self, error: DatabaseError) -> None:
        self._failures += 1
        if self._failures >= DATABASE_TRIES:
            for result in self._results:
                _events.put(result)  # the next round writes them down
            raise error
        log.warning("database away: %d results wait to be written down", len(self._results))
        close_old_connections()
        time.sleep(DATABASE_PAUSE)


def _claim(most: int, *, with_receipts: bool) -> list[int]:
    """Mark the first rows that are due as in flight; they are ours once this is committed.

    Whether a report was promised is written before the mail leaves: after a crash it is all we know.
    """
    now = timezone.now()
    rows = due(now).select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("pk")
    pks = list(rows.values_list("pk", flat=True)[:most])
    OutgoingMail.objects.filter(pk__in=pks).update(
        state=MailState.IN_FLIGHT,
        attempts=F("attempts") + 1,
        attempted_at=now,
        next_attempt_at=None,
        receipt_promised=with_receipts,
    )
    return pks


def _put_off(error: NotNow) -> None:
    """Let all that is due wait, because the server cannot be used at all."""
    log.warning("mail server: %s", error.status)
    now = timezone.now()
    with transaction.atomic():
        rows = due(now).select_for_update(of=("self",), skip_locked=True, no_key=True)[
            :PUT_OFF_AT_ONCE
        ]
        by_attempts: dict[int, list[int]] = {}
        for pk, attempts in rows.values_list("pk", "attempts"):
            by_attempts.setdefault(attempts + 1, []).append(pk)
        for attempts, pks in by_attempts.items():
            OutgoingMail.objects.filter(pk__in=pks).update(
                state=MailState.WAITING,
                attempts=attempts,
                attempted_at=now,
                next_attempt_at=now + results.pause(attempts),
                status=error.status,
            )


def _composed(mail: OutgoingMail) -> Envelope | Result:
    """Return the mail as the server gets it, or why it cannot go now."""
    try:
        letter = letters.letter(mail, now=timezone.now())
        wait = _demanded_wait(mail, letter)
        return Result(mail, wait=wait) if wait else envelope(letter)
    except (letters.Pointless, KeyUnavailable, Tampered):
        return Result(mail, is_pointless=True)
    except letters.NoMailbox:
        return Result(mail, Refused(_NOBODY))
    except FileNotFoundError:
        return Result(mail, Refused(_LOST_FILE))
    except Exception as error:  # noqa: BLE001 (one mail that we cannot compose must not stop the others)
        log.warning("mail %s: cannot be composed (%s)", mail.pk, type(error).__name__)
        return Result(mail, NotNow(_OUR_ERROR))


def _demanded_wait(mail: OutgoingMail, letter: Letter) -> int:
    name = mail.uid.hex
    if mail.kind == MailKind.CONFIRMATION:
        return ladder.wait(letter.recipients, name, ladder.CONFIRMATION_STEPS)
    return ladder.wait(letter.recipients, name) if letter.is_automatic else 0


def _came_back(mail: OutgoingMail, sent: "Future[None]") -> None:
    error = sent.exception()
    if error is not None and not isinstance(error, MailError):
        error = Unconfirmed(_OUR_ERROR)  # an error of our own leaves open whether the mail left
    _events.put(Result(mail, error))
