"""What happens to tickets between the chat and the citizen's mailbox: hand over, accept, return, pass on.

Whoever comes second in a race gets WrongState: each verb locks the row and looks at it anew.
"""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from routing.enums import (
    Action,
    ConsentKind,
    ConsentState,
    MailKind,
    MailState,
    Party,
    TicketState,
)
from routing.lifecycle import UNFINISHED
from routing.models import Consent, Department, OutgoingMail, Question, Reply, Ticket
from routing.services import departments
from routing.services.mail_out import outbox
from routing.services.work import handover, moves
from routing.services.work.actors import CITIZEN, SYSTEM, Actor
from routing.services.work.deadlines import due_on
from routing.services.work.moves import NotAllowed, ReasonMissing, TicketError, WrongState

__all__ = [
    "NotAllowed",
    "ReasonMissing",
    "TicketError",
    "WrongDepartment",
    "WrongState",
    "accept",
    "dispatch",
    "give_back",
    "mark_sent",
    "mark_undeliverable",
    "pass_on",
    "reopen",
    "reopen_locked",
    "send_again",
    "withdraw",
]

# After a withdrawal the address is needed once more, for the mail that confirms it.
WITHDRAWAL_GRACE = timedelta(hours=1)
KEPT_AFTER_BOUNCE = timedelta(days=7)

_UNSENT = (MailState.QUEUED, MailState.WAITING, MailState.UNCONFIRMED, MailState.FAILED)
_WAITS_FOR_ITS_TURN = (MailState.QUEUED, MailState.WAITING)


class WrongDepartment(TicketError):
    """It takes no questions, belongs to another office, or has this question already."""


def dispatch(question: Question, *, by: Actor, now: datetime) -> list[Ticket]:
    """Hand all waiting tickets of a question to their departments and tell these by e-mail.

    Due days that were chosen stay. Doing it again does nothing. Raises NotAllowed.
    """
    with transaction.atomic():
        waiting = [t for t in moves.locked_of(question) if t.state == TicketState.WAITING]
        for ticket in waiting:
            due = ticket.due_on or _due_on(ticket, now)
            moves.move(ticket, Action.DISPATCH, by=by, now=now, forwarded_at=now, due_on=due)
            outbox.post_about_ticket(MailKind.NOTIFICATION, ticket)
    return waiting


def accept(ticket: Ticket, *, by: Actor) -> Ticket:
    """Make it this clerk's; raises NotAllowed, WrongState if a colleague was faster."""
    with transaction.atomic():
        ticket = moves.locked(ticket)
        return moves.move(ticket, Action.ACCEPT, by=by, now=timezone.now(), clerk=by.staff)


def give_back(ticket: Ticket, *, by: Actor, reason: str) -> Ticket:
    """Return it to the mayor's office; raises NotAllowed, ReasonMissing, WrongState."""
    with transaction.atomic():
        ticket = moves.locked(ticket)
        moves.check(ticket, Action.RETURN, by=by)
        text = moves.reason_given(reason)
        now = timezone.now()
        return moves.move(ticket, Action.RETURN, by=by, now=now, reason=text, clerk=None)


def pass_on(ticket: Ticket, *, to: Department, by: Actor, reason: str) -> Ticket:
    """Give it to another department, which gets its own number of days.

    Raises NotAllowed, ReasonMissing, WrongDepartment, WrongState.
    """
    now = timezone.now()
    with transaction.atomic():
        ticket = moves.locked(ticket)
        moves.check(ticket, Action.PASS_ON, by=by)
        _check_takes(to, ticket)
        text = moves.reason_given(reason)
        fresh = _fresh(ticket, to, now)
        moves.move(
            ticket, Action.PASS_ON, by=by, now=now, reason=text, department=to, clerk=None, **fresh
        )
        outbox.post_about_ticket(MailKind.NOTIFICATION, ticket)
    return ticket


def withdraw(question: Question, *, by: Actor, wording: str = "") -> None:
    """Take the question back from everybody; it is erased within an hour.

    A citizen may do so at any time, others only before it was handed over. Doing it again does
    nothing. `wording` is the version of what the citizen was shown. Raises NotAllowed, WrongState.
    """
    now = timezone.now()
    with transaction.atomic():
        moves.lock_question(question.pk)
        found = Question.objects.filter(pk=question.pk).first()
        alive = [ticket for ticket in moves.locked_of(question) if ticket.state not in _GONE]
        if found is None or not alive:
            return
        question, is_confirmed_by_mail = found, found.may_be_mailed
        erase_at = now + WITHDRAWAL_GRACE if is_confirmed_by_mail else now
        for ticket in alive:
            moves.move(ticket, Action.WITHDRAW, by=by, now=now, erase_at=erase_at)
        _revoke(question, by, now, wording)
        _stop_mails(question)
        if is_confirmed_by_mail:
            outbox.post(MailKind.WITHDRAWN, office_id=question.office_id, question=question)


def reopen(
    ticket: Ticket, *, text: str, original: bytes | None = None, by: Actor = CITIZEN
) -> Reply:
    """Keep what the citizen wrote back. An answered ticket goes to its department again.

    While it is still being worked on the reply is only added. `original` is the raw mail. Raises
    NotAllowed, WrongState.
    """
    with transaction.atomic():
        return reopen_locked(moves.locked(ticket), text=text, original=original, by=by)


def reopen_locked(ticket: Ticket, *, text: str, original: bytes | None, by: Actor) -> Reply:
    """Like `reopen`, of a ticket that is `moves.locked`, in the caller's transaction."""
    now = timezone.now()
    if ticket.state in UNFINISHED:
        moves.move(ticket, Action.REPLY, by=by, now=now)
    else:
        fresh = _fresh(ticket, ticket.department, now)
        again = ticket.reopened + 1
        moves.move(ticket, Action.REOPEN, by=by, now=now, reopened=again, **fresh)
    reply = Reply.objects.create(
        ticket=ticket, key_id=ticket.key_id, text=text, original=original, at=now
    )
    outbox.post_about_ticket(MailKind.REOPENED, ticket)
    return reply


def mark_sent(ticket: Ticket, *, now: datetime) -> bool:
    """Note that the answer has left for the citizen; from then on the days until erasure count.

    Returns False where that is no news: it was reopened or withdrawn meanwhile, or another answer
    is still to be sent.
    """
    with transaction.atomic():
        ticket = moves.locked(ticket)
        if ticket.state != TicketState.ANSWERED or _newest_is_queued(ticket):
            return False
        end = handover.kept_until(ticket.office_id, now)
        moves.move(ticket, Action.SEND, by=SYSTEM, now=now, sent_at=now, erase_at=end)
    return True


def mark_undeliverable(ticket: Ticket, *, now: datetime) -> bool:
    """Note that the answer came back, and tell the mayor's office, who have a week from then.

    Returns False where that is no news.
    """
    with transaction.atomic():
        ticket = moves.locked(ticket)
        expected = {TicketState.ANSWERED, TicketState.SENT}
        if ticket.state not in expected or _newest_is_queued(ticket):
            return False
        end = now + KEPT_AFTER_BOUNCE
        moves.move(ticket, Action.BOUNCE, by=SYSTEM, now=now, erase_at=end)
        moves.move(ticket, Action.ESCALATE, by=SYSTEM, now=now, escalated_at=now)
        outbox.post_about_ticket(MailKind.ESCALATION, ticket)
    return True


def send_again(ticket: Ticket, *, by: Actor) -> Ticket:
    """Try the answer that came back once more; raises NotAllowed, WrongState."""
    now = timezone.now()
    with transaction.atomic():
        ticket = moves.locked(ticket)
        moves.move(ticket, Action.SEND_AGAIN, by=by, now=now, erase_at=None, sent_at=None)
        failed = ticket.mails.filter(kind=MailKind.ANSWER).order_by("-pk").first()
        answer = failed.answer if failed else None
        if failed and answer:
            failed.delete()  # a new row: late reports about the old one then change nothing
            handover.post_answer(ticket, answer)
    return ticket


_GONE = frozenset({TicketState.WITHDRAWN, TicketState.ERASED})


def _due_on(ticket: Ticket, now: datetime, department: Department | None = None) -> date:
    department = department or ticket.department
    return due_on(department, timezone.localdate(now, department.office.zone))


def _fresh(ticket: Ticket, department: Department, now: datetime) -> dict[str, Any]:
    """Return what a ticket begins with when it comes to a department (again)."""
    return {
        "due_on": _due_on(ticket, now, department),
        "forwarded_at": now,
        "reminded_at": None,
        "escalated_at": None,
        "answered_at": None,
        "sent_at": None,
        "erase_at": None,
    }


def _check_takes(department: Department, ticket: Ticket) -> None:
    siblings = Ticket.objects.filter(question=ticket.question_id, department=department)
    if not departments.keep_open(ticket.office_id, [department]) or siblings.exists():
        raise WrongDepartment


def _revoke(question: Question, by: Actor, now: datetime, wording: str) -> None:
    question.withdrawn_at = now
    refused = {ConsentState.REFUSED, ConsentState.UNANSWERED}
    if by.party is Party.CITIZEN and question.consent not in refused:
        question.consent = ConsentState.REVOKED
    question.save(update_fields=("withdrawn_at", "consent"))
    Consent.objects.create(
        question=question,
        kind=ConsentKind.WITHDRAWAL,
        is_given=True,
        wording=wording,
        by=by.party,
        at=now,
    )


def _stop_mails(question: Question) -> None:
    about = OutgoingMail.objects.filter(question=question) | OutgoingMail.objects.filter(
        ticket__question=question
    )
    OutgoingMail.objects.filter(pk__in=about.filter(state__in=_UNSENT).values("pk")).delete()


def _newest_is_queued(ticket: Ticket) -> bool:
    newest = ticket.mails.filter(kind=MailKind.ANSWER).order_by("pk").last()
    return newest is not None and newest.state in _WAITS_FOR_ITS_TURN
