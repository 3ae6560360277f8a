"""Erases tickets when their time has come: keys first, then files and rows, storage, check, record.

From the first step on the ticket's state is ERASED and nobody opens it any more; its record is
finished only when a check has found nothing left. Until then every tick tries again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from routing import models
from routing.enums import Action, ConsentState, MailKind, MailState, Party, TicketState
from routing.models import OutgoingMail, Ticket, TicketErasure
from routing.services.erasing import remains, sweep
from routing.services.erasing.remains import Remains
from routing.services.links import confirmation
from routing.services.work import moves
from routing.services.work.actors import CITIZEN, SYSTEM, Actor
from routing.services.work.live import announce_office
from routing.services.work.tickets import KEPT_AFTER_BOUNCE
from sessions_app.services.erasing.compaction import compact
from sprechstunde.vault.errors import VaultError
from sprechstunde.version import VERSION

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

# Small tables without citizens' data are not written anew.
STORED: tuple[type[Model], ...] = (
    models.AnswerFile,
    models.Answer,
    models.Reply,
    models.TicketEvent,
    models.IncomingMail,
    models.OutgoingMail,
    models.QuestionFile,
    models.Note,
    models.Consent,
    models.Question,
)
OVERDUE_AFTER = timedelta(minutes=5)  # a tick every ten seconds begins what is due
_FAILURES = (DatabaseError, VaultError, OSError, moves.TicketError)
_ARRIVED_OR_GIVEN_UP = (MailState.SENT, MailState.FAILED)


def erase_due(now: datetime) -> None:
    """Erase all that is due at `now` (aware); one failure stops no other.

    Addresses that nobody confirmed in 48 hours go as well.
    """
    _try(sweep.sweep, now)
    expired = _try(confirmation.expire_due, now)
    for ticket in due(now):
        _try(_begin_if_due, ticket, now)
    begun = [(record, _try(_destroy, record)) for record in _unfinished()]
    if not begun and not expired:
        return
    compacted = compact(STORED)
    for record, left in begun:
        if left is not None:
            _try(_finish, record, left, compacted)


def erase(ticket: Ticket, *, by: Actor) -> TicketErasure:
    """Erase a ticket that is answered or withdrawn; `by` is who caused it.

    The record tells whether nothing is left. Raises WrongState, KeystoreUnavailable, OSError,
    DatabaseError; after the last three the next tick goes on.
    """
    record = _begin(ticket, by)
    left = _destroy(record)
    return _finish(record, left, compact(STORED))


def due(now: datetime) -> list[Ticket]:
    """Return the tickets to be erased at `now` (aware)."""
    tickets = _whose_time_has_come(now).select_related("question")
    return [ticket for ticket in tickets if _may_go(ticket, now)]


def overdue(now: datetime) -> int:
    """Count tickets that should have been erased OVERDUE_AFTER before `now` (aware) and are not."""
    since = now - OVERDUE_AFTER
    late = Ticket.objects.to_be_erased(since).select_related("question")
    unfinished = _unfinished().filter(started_at__lte=since).count()
    return unfinished + sum(_may_go(ticket, since) for ticket in late)


def _whose_time_has_come(now: datetime) -> QuerySet[Ticket]:
    is_waiting = OutgoingMail.objects.filter(
        question=OuterRef("question"), kind=MailKind.WITHDRAWN
    ).exclude(state__in=_ARRIVED_OR_GIVEN_UP)
    withdrawn = Ticket.objects.filter(~Exists(is_waiting), state=TicketState.WITHDRAWN)
    return Ticket.objects.to_be_erased(now) | withdrawn


def _may_go(ticket: Ticket, now: datetime) -> bool:
    if ticket.state != TicketState.UNDELIVERABLE:
        return True
    told_at = _told_at(ticket)
    return told_at is not None and told_at + KEPT_AFTER_BOUNCE <= now


def _told_at(ticket: Ticket) -> datetime | None:
    """Return since when the mayor's office knows; None while the mail to them is on its way."""
    mail = ticket.mails.filter(kind=MailKind.ESCALATION).order_by("pk").last()
    if mail is None or mail.state == MailState.FAILED:
        return ticket.escalated_at  # the portal has shown it since then
    return mail.sent_at


def _who_caused(ticket: Ticket) -> Actor:
    is_wish = ticket.question and ticket.question.consent == ConsentState.REVOKED
    return CITIZEN if is_wish else SYSTEM


def _unfinished() -> QuerySet[TicketErasure]:
    records = TicketErasure.objects.filter(finished_at=None)
    return records.select_related("ticket__question")


def _begin_if_due(ticket: Ticket, now: datetime) -> None:
    """Begin unless somebody sent the answer again, or wrote, since the list was read."""
    with transaction.atomic():
        locked = moves.locked(ticket)
        if _whose_time_has_come(now).filter(pk=locked.pk).exists() and _may_go(locked, now):
            _begin(locked, _who_caused(locked))


def _begin(ticket: Ticket, by: Actor) -> TicketErasure:
    """Close the ticket for everybody and count what is there."""
    now = timezone.now()
    with transaction.atomic():
        ticket = moves.locked(ticket)
        ticket.state = moves.check(ticket, Action.ERASE, by=SYSTEM)
        ticket.erased_at, ticket.clerk = now, None
        ticket.save(update_fields=("state", "erased_at", "clerk"))
        there = remains.count(remains.of_ticket(ticket))
        announce_office(ticket.office_id)
        return TicketErasure.objects.create(
            ticket=ticket,
            party=by.party if by.party is Party.CITIZEN else Party.SYSTEM,
            software_version=VERSION,
            started_at=now,
            rows=there.rows,
            files=there.files,
            keys=there.keys,
        )


def _destroy(record: TicketErasure) -> Remains:
    left = remains.of_ticket(record.ticket)
    remains.destroy_keys(left)
    remains.remove_files(left)
    remains.delete_rows(left)
    return left


def _finish(record: TicketErasure, left: Remains, compacted: bool) -> TicketErasure:
    remaining = remains.count(left).total
    is_done = compacted and not remaining
    # Another worker may have finished it meanwhile: that stays.
    TicketErasure.objects.filter(pk=record.pk, finished_at=None).update(
        remaining=remaining,
        compacted=compacted,
        finished_at=timezone.now() if is_done else None,
    )
    verdict = "erased, checked and recorded" if is_done else "not yet erased"
    log.info("%s: ticket %s, %s left", verdict, record.ticket_id, remaining)
    record.refresh_from_db()
    return record


def _try(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    try:
        return work(*args, **kwargs)
    except _FAILURES as error:
        name = getattr(work, "__name__", "work")
        log.warning("tickets: %s failed (%s), next try soon", name, type(error).__name__)
        return None
