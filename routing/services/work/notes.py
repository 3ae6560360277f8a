"""Internal notes and questions between departments and the mayor's office; no citizen ever sees them."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from routing.enums import MailKind
from routing.models import Department, Member, Note, Question, Ticket
from routing.services.mail_out import outbox
from routing.services.work import moves
from routing.services.work.live import announce_office
from routing.services.work.moves import NotAllowed, TicketError
from routing.services.work.tickets import WrongDepartment
from sessions_app.enums import Role
from sessions_app.models import Staff


class NoteEmpty(TicketError):
    """A note has a text."""


def add(
    question: Question,
    *,
    by: Staff,
    department: Department | None,
    text: str,
    asked: Department | None = None,
) -> Note:
    """Add a note of a department, or of the mayor's office (no department).

    `asked` makes it a question to another department that has this question too, which is told by
    e-mail. Raises NotAllowed, NoteEmpty, WrongDepartment.
    """
    if not text.strip():
        raise NoteEmpty
    with transaction.atomic():
        moves.lock_question(question.pk)  # or it could be erased meanwhile
        _check_writes(question, by, department)
        if asked:
            _tell(asked, question, by=department)
        announce_office(question.office_id)
        return Note.objects.create(
            question=question,
            key_id=question.key_id,
            text=text.strip(),
            author=by,
            department=department,
            asked=asked,
            at=timezone.now(),
        )


def _tell(asked: Department, question: Question, by: Department | None) -> None:
    ticket = _living(question).filter(department=asked).first()
    if ticket is None or asked == by:
        raise WrongDepartment
    outbox.post_about_ticket(MailKind.ASKED, ticket)


def _check_writes(question: Question, by: Staff, department: Department | None) -> None:
    if department is None:
        is_office = by.talks and by.office_id == question.office_id
        may_write = is_office and _living(question).exists()
    else:
        member = Member.objects.filter(staff=by, department=department)
        may_write = by.role == Role.CLERK and _has(department, question) and member.exists()
    if not may_write:
        raise NotAllowed


def _has(department: Department, question: Question) -> bool:
    return _living(question).filter(department=department).exists()


def _living(question: Question) -> QuerySet[Ticket]:
    return Ticket.objects.filter(question=question, erased_at=None)
