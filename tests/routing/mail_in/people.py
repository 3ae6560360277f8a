"""The people of the corpus: a department with its clerk, a citizen, a ticket between them."""

from django.utils import timezone

from routing.enums import MailKind, TicketState
from routing.models import OutgoingMail, Ticket
from tests import factories as portal
from tests.routing import factories
from tests.routing.mail_in import corpus_mails


def make_ticket(state: TicketState = TicketState.FORWARDED) -> Ticket:
    """A ticket between the people of the corpus."""
    office = portal.office()
    department = factories.department(office, mailbox=corpus_mails.DEPARTMENT)
    factories.clerk(department, email=corpus_mails.CLERK)
    question = factories.question(office, address=corpus_mails.CITIZEN)
    return factories.ticket(question, department, state)


def sent(ticket: Ticket, kind: MailKind) -> OutgoingMail:
    """A mail of ours about the ticket that has left."""
    now = timezone.now()
    return OutgoingMail.objects.create(
        office=ticket.office,
        kind=kind,
        state="sent",
        department=ticket.department,
        question=ticket.question,
        ticket=ticket,
        created_at=now,
        sent_at=now,
    )
