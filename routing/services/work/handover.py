"""Hands final answers to the outbox as soon as they may go, and says how long answered tickets stay."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from routing.enums import AnswerState, ConsentState, MailKind, TicketState
from routing.models import Answer, Correspondence, OutgoingMail, Question, Ticket
from routing.models.question import ASKING
from routing.services.mail_out import outbox
from routing.services.work import moves

_GIVEN = Q(question__consent=ConsentState.GIVEN, question__address__isnull=False)
_MAILABLE = _GIVEN & Q(
    question__address_confirmed_at__isnull=False, question__withdrawn_at__isnull=True
)
_HOPEFUL = _GIVEN | Q(question__consent__in=ASKING)  # in the chat the address may still change


def kept_until(office_id: int, since: datetime) -> datetime:
    """Return when a ticket that is done `since` then is erased: the office's days later."""
    return since + timedelta(days=Correspondence.of(office_id).retention_days)


def post_answer(ticket: Ticket, answer: Answer) -> None:
    """Queue the mail with a final answer that has none yet, if it may go to the citizen now."""
    question = ticket.question
    if question is None or not question.may_be_mailed:
        return
    if ticket.erase_at is not None:  # it had been given up
        ticket.erase_at = None
        ticket.save(update_fields=("erase_at",))
    outbox.post(
        MailKind.ANSWER,
        office_id=ticket.office_id,
        department=ticket.department,
        question=question,
        ticket=ticket,
        answer=answer,
    )


def post_waiting(question: Question) -> None:
    """Queue the answers that waited for the citizen to confirm the address."""
    with transaction.atomic():
        for ticket in moves.locked_of(question):
            if ticket.state == TicketState.ANSWERED:
                for answer in _unposted().filter(ticket=ticket):
                    post_answer(ticket, answer)


def settle_waiting(now: datetime) -> None:
    """Find answers that may go and were not queued, and those that never can: these get their end.

    `now` is aware; a ticket that stays inside is kept as long as one whose answer was sent.
    """
    answered = Ticket.objects.filter(state=TicketState.ANSWERED)
    may_go = answered.filter(_MAILABLE, Exists(_unposted().filter(ticket=OuterRef("pk"))))
    for question in Question.objects.filter(pk__in=may_go.values("question")):
        post_waiting(question)
    for ticket in answered.filter(erase_at=None).exclude(_HOPEFUL):
        since = ticket.answered_at or now
        end = kept_until(ticket.office_id, since)
        answered.filter(pk=ticket.pk, erase_at=None).update(erase_at=end)


def _unposted() -> QuerySet[Answer]:
    mails = OutgoingMail.objects.filter(kind=MailKind.ANSWER, answer=OuterRef("pk"))
    return Answer.objects.filter(~Exists(mails), state=AnswerState.FINAL)
