"""Empties the portal's mailbox: each mail is stored and committed first, and only then deleted there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from redis.exceptions import LockError, LockNotOwnedError
from redis.lock import Lock

from routing.enums import Doubt, Outcome
from routing.mail import imap
from routing.mail.imap import Inbox, Unreadable
from routing.models import IncomingMail, MailboxPlace
from routing.services.mail_in import incoming
from routing.services.mail_in.incoming import Place
from sprechstunde.broker import name, redis
from sprechstunde.vault.errors import VaultError

log = logging.getLogger(__name__)

WATCHED_FOR = 110.0  # seconds that one task watches; the next tick goes on
LOCKED_FOR = 30.0  # seconds without a sign of life after which another worker may take over
_LOOKED_AFTER = 8.0  # seconds of waiting between two signs of life
_DELETED_AT_ONCE = 20
_FAILURES = 3  # in a row: then it is us, not the mails


def watch(stopped: Event, *, seconds: float = WATCHED_FOR) -> int:
    """Take in what lies in the mailbox, then wait for more; returns how many mails were stored.

    One worker at a time does this. Ends early once `stopped` is set. What goes wrong with the
    server is logged in one line: the next tick tries again.
    """
    if not settings.INBOX_URL:
        return 0
    with _alone() as lock:
        if lock is None:
            return 0
        try:
            return _watch(imap.account(settings.INBOX_URL), lock, stopped, seconds)
        except imap.ImapTrouble as trouble:
            if not stopped.is_set():  # else the server may end with us
                log.warning("the mailbox cannot be read now: %s", type(trouble).__name__)
        except LockError:
            log.warning("another worker reads the mailbox now")
    return 0


def _watch(account: imap.Account, lock: Lock, stopped: Event, seconds: float) -> int:
    end, stored = monotonic() + seconds, 0
    with imap.opened(account) as inbox:
        while True:
            stored += _empty(inbox, account.place, lock, stopped)
            left = end - monotonic()
            if left <= 0 or not inbox.wait(min(left, _LOOKED_AFTER), stopped):
                return stored
            lock.reacquire()


def _empty(inbox: Inbox, place: str, lock: Lock, stopped: Event) -> int:
    """Store what is new and delete what is stored; returns the number of new ones."""
    sizes = inbox.sizes()
    validity = inbox.validity if sizes else 0
    known = _known(place, validity, sizes)
    stays = _too_large(place, validity)
    done = [uid for uid in sizes if uid in known - stays]
    stored = failures = 0
    for uid in sorted(sizes.keys() - known):
        if stopped.is_set() or failures >= _FAILURES:
            break
        where = Place(place, validity, uid)
        mail = _stored(inbox, where, sizes[uid])
        failures = 0 if mail else failures + 1
        stored += bool(mail)
        if mail and mail.doubt != Doubt.TOO_LARGE:
            done.append(uid)
        if len(done) >= _DELETED_AT_ONCE:
            _delete(inbox, place, validity, done)
        lock.reacquire()
    _delete(inbox, place, validity, done)
    return stored


def _stored(inbox: Inbox, where: Place, size: int) -> IncomingMail | None:
    """Read and store one mail. One that fails stays in the mailbox and holds up no other."""
    is_cut = size > settings.INBOX_MAX_BYTES
    try:
        raw = inbox.read(where.uid, only_head=is_cut)
        return incoming.receive(raw, now=timezone.now(), place=where, is_cut=is_cut)
    except (Unreadable, DatabaseError, VaultError) as trouble:
        log.warning("1 mail stays in the mailbox: %s", type(trouble).__name__)
        return None


def _known(place: str, validity: int, sizes: dict[int, int]) -> set[int]:
    places = MailboxPlace.objects.filter(mailbox=place, validity=validity)
    return set(places.values_list("uid", flat=True)) & sizes.keys()


def _too_large(place: str, validity: int) -> set[int]:
    """Return those of which only the head is stored: they stay there until a person has decided."""
    places = MailboxPlace.objects.filter(
        mailbox=place,
        validity=validity,
        mail__doubt=Doubt.TOO_LARGE,
        mail__outcome=Outcome.QUARANTINED,
    )
    return set(places.values_list("uid", flat=True))


def _delete(inbox: Inbox, place: str, validity: int, done: list[int]) -> None:
    """Delete in the mailbox, then forget the places: a UID never comes again (RFC 9051, 2.3.1.1)."""
    if not done:
        return
    inbox.delete(done)
    MailboxPlace.objects.filter(mailbox=place, validity=validity, uid__in=done).delete()
    done.clear()


@contextmanager
def _alone() -> Iterator[Lock | None]:
    lock = redis().lock(name("inbox"), timeout=LOCKED_FOR, blocking=False, thread_local=False)
    if not lock.acquire():
        yield None
        return
    try:
        yield lock
    finally:
        try:
            lock.release()
        except (LockError, LockNotOwnedError):
            log.info("the lock of the mailbox had gone")
