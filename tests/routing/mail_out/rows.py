"""Mails to send, and where they are."""

from typing import Any

from routing.enums import MailKind, MailState, TicketState
from routing.models import OutgoingMail, Question, Ticket
from tests.routing import factories


def of_ticket(kind: MailKind, ticket: Ticket | None = None, **fields: Any) -> OutgoingMail:
    """A queued mail about a ticket, as the services post it."""
    ticket = ticket or factories.ticket()
    given = {
        "department": ticket.department,
        "question": ticket.question,
        "ticket": ticket,
        "created_at": ticket.created_at,
    }
    return OutgoingMail.objects.create(office=ticket.office, kind=kind, **given | fields)


def of_question(kind: MailKind, question: Question | None = None, **fields: Any) -> OutgoingMail:
    """A queued mail to a citizen about the whole question."""
    question = question or factories.ticket().question
    assert question is not None
    return OutgoingMail.objects.create(
        office=question.office,
        kind=kind,
        question=question,
        created_at=question.created_at,
        **fields,
    )


def answer(text: str = "Der Gehweg wird im Mai repariert.", **fields: Any) -> OutgoingMail:
    """A queued answer of a ticket in ANSWERED."""
    ticket = fields.pop("ticket", None) or factories.ticket(state=TicketState.ANSWERED)
    row = factories.answer(ticket, text=text)
    return of_ticket(MailKind.ANSWER, ticket, answer=row, **fields)


def state(mail: OutgoingMail) -> MailState:
    """How far the row is in the database."""
    return MailState(OutgoingMail.objects.get(pk=mail.pk).state)


def ticket_state(mail: OutgoingMail) -> TicketState:
    """How far its ticket is in the database."""
    return TicketState(Ticket.objects.get(mails=mail).state)
