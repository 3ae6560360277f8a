"""Writes down what became of an attempt to send a mail, and tells the ticket, question or department."""

import logging
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from routing.enums import MailKind, MailState
from routing.mail.smtp import MailError, Refused, Unconfirmed
from routing.models import Department, OutgoingMail, Question, Ticket
from routing.services.mail_out import letters
from routing.services.work import moves, sent_answers, tickets
from routing.services.work.live import announce_office

log = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 130  # with pauses of an hour that is five days, as mail servers try
MOST_DOUBTS: Final = 3  # how often an automatic mail may be sent although it perhaps arrived
LONGEST_PAUSE: Final = 3600.0  # seconds

_OPEN = (MailState.IN_FLIGHT, MailState.UNCONFIRMED)
# Everything else (5.3 their system, 5.4 their network, 5.6 our content, 5.7 their rules) says
# nothing about the mailbox.
_ABOUT_THE_MAILBOX: Final = ("5.0.", "5.1.", "5.2.", "5.5.")


@dataclass(frozen=True, slots=True)
class Result:
    """What one attempt led to; without an error the server accepted the mail."""

    mail: OutgoingMail
    error: MailError | None = None
    is_pointless: bool = False  # nobody needs it any more
    wait: int = 0  # seconds that the loop ladder demands


def record(results: Sequence[Result]) -> None:
    """Write all of them down; for use inside a transaction.

    A result counts only for the attempt that it belongs to, so a late one changes nothing.
    """
    now = timezone.now()
    results = sorted(results, key=lambda result: result.mail.pk)
    lock_questions(result.mail for result in results)
    accepted = [result.mail for result in results if result.error is None]
    _accepted([mail for mail in accepted if mail not in _put_off(results)], now)
    for result in results:
        if result.is_pointless:
            _of_attempt(result.mail).delete()
        elif result.wait:
            _wait(result.mail, timedelta(seconds=result.wait), status="")
        elif result.error is not None:
            _not_accepted(result.mail, result.error, now)
    for office_id in {result.mail.office_id for result in results}:
        announce_office(office_id)


def lock_questions(mails: Iterable[OutgoingMail]) -> None:
    """Lock what the mails are about, as everybody does before the mails; inside a transaction only."""
    moves.lock_question(
        *(mail.question_id or (mail.ticket.question_id if mail.ticket else None) for mail in mails)
    )


def fail(mail: OutgoingMail, status: str, *, now: datetime, is_refusal: bool) -> None:
    """Give it up. A refusal of the mailbox itself marks the address or the department's mailbox."""
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.FAILED, status=status, next_attempt_at=None
    )
    log.warning("mail %s: given up with status %s", mail.pk, status)
    if is_refusal and status.startswith(_ABOUT_THE_MAILBOX):
        _blame(mail, now)
    if mail.kind == MailKind.ANSWER and mail.ticket is not None:
        _tell_ticket(mail.ticket, now, arrived=False)


def accept(mail: OutgoingMail, *, now: datetime) -> None:
    """Note that the server has it, of whatever attempt."""
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.SENT, sent_at=now, next_attempt_at=None, status=""
    )
    if mail.kind == MailKind.ANSWER and mail.ticket is not None:
        _tell_ticket(mail.ticket, now, arrived=True)


def pause(attempts: int) -> timedelta:
    """Return how long to wait after that many attempts: a minute, two, four … an hour."""
    seconds = min(60.0 * 2 ** min(attempts - 1, 10), LONGEST_PAUSE)
    return timedelta(seconds=seconds * random.uniform(0.9, 1.1))  # noqa: S311 (nothing secret)


def may_be_doubled(mail: OutgoingMail) -> bool:
    """Whether one more copy does less harm than none; an answer is never doubled."""
    return mail.kind != MailKind.ANSWER and mail.attempts < MOST_DOUBTS


def _accepted(mails: Sequence[OutgoingMail], now: datetime) -> None:
    attempts: dict[int, list[int]] = defaultdict(list)
    for mail in mails:
        attempts[mail.attempts].append(mail.pk)
    for count, pks in attempts.items():
        OutgoingMail.objects.filter(pk__in=pks, attempts=count, state__in=_OPEN).update(
            state=MailState.SENT, sent_at=now, next_attempt_at=None, status=""
        )
    answered = [mail.ticket_id for mail in mails if mail.kind == MailKind.ANSWER and mail.ticket_id]
    if answered:
        sent_answers.mark_sent(answered, now=now)


def _put_off(results: Sequence[Result]) -> list[OutgoingMail]:
    return [result.mail for result in results if result.is_pointless or result.wait]


def _not_accepted(mail: OutgoingMail, error: MailError, now: datetime) -> None:
    log.warning("mail %s: %s %s", mail.pk, type(error).__name__, error.status)
    if isinstance(error, Unconfirmed) and not may_be_doubled(mail):
        _of_attempt(mail).update(state=MailState.UNCONFIRMED, status=error.status)
    elif isinstance(error, Refused) or mail.attempts >= MOST_ATTEMPTS:
        if _of_attempt(mail).exists():
            fail(mail, error.status, now=now, is_refusal=isinstance(error, Refused))
    else:
        _wait(mail, pause(mail.attempts), status=error.status)


def _wait(mail: OutgoingMail, span: timedelta, *, status: str) -> None:
    _of_attempt(mail).update(
        state=MailState.WAITING, next_attempt_at=timezone.now() + span, status=status
    )


def _of_attempt(mail: OutgoingMail) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(pk=mail.pk, attempts=mail.attempts, state__in=_OPEN)


def _tell_ticket(ticket: Ticket, now: datetime, *, arrived: bool) -> None:
    try:
        if arrived:
            tickets.mark_sent(ticket, now=now)
        else:
            tickets.mark_undeliverable(ticket, now=now)
    except (Ticket.DoesNotExist, tickets.TicketError):
        log.warning("ticket %s: its answer's mail came too late to matter", ticket.pk)


def _blame(mail: OutgoingMail, now: datetime) -> None:
    # What was confirmed since is another address.
    sent_at = mail.attempted_at or now
    if mail.kind in letters.TO_CITIZENS:
        question = mail.question or (mail.ticket.question if mail.ticket else None)
        if question is not None:
            rows = Question.objects.filter(pk=question.pk)
            rows.exclude(address_confirmed_at__gt=sent_at).update(address_failed_at=now)
    elif mail.kind != MailKind.ESCALATION:
        department = mail.ticket.department if mail.ticket else mail.department
        if department is not None and department.mailbox_failed_at is None:
            departments = Department.objects.filter(pk=department.pk)
            departments.exclude(mailbox_confirmed_at__gt=sent_at).update(mailbox_failed_at=now)
