"""The outbox of e-mails: a row first, then a ring for the worker; a sweep finds what was not rung for."""

from django.utils import timezone

from routing.enums import MailKind
from routing.models import Answer, Department, OutgoingMail, Question, Ticket
from sprechstunde.doorbell import ring


def post(
    kind: MailKind,
    *,
    office_id: int,
    department: Department | None = None,
    question: Question | None = None,
    ticket: Ticket | None = None,
    answer: Answer | None = None,
) -> OutgoingMail:
    """Queue a mail of this kind about these rows, in the caller's transaction, and ring for a worker."""
    mail = OutgoingMail.objects.create(
        office_id=office_id,
        kind=kind,
        department=department,
        question=question,
        ticket=ticket,
        answer=answer,
        created_at=timezone.now(),
    )
    ring("routing.send_mail", mail.pk)
    return mail


def post_about_ticket(kind: MailKind, ticket: Ticket) -> OutgoingMail:
    """Queue a mail inside the house: to the ticket's department, or about it to the mayor's office."""
    return post(
        kind,
        office_id=ticket.office_id,
        department=ticket.department,
        question=ticket.question,
        ticket=ticket,
    )
