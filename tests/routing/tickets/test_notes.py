"""Internal notes: who may write them, whom they may ask."""

import pytest
from django.utils import timezone

from routing.enums import MailKind, TicketState
from routing.models import OutgoingMail
from routing.services.work import notes
from routing.services.work.tickets import NotAllowed, WrongDepartment
from sessions_app.enums import Role
from tests import factories as ground
from tests.routing import factories

pytestmark = pytest.mark.django_db


def test_clerk_asks_another_department_that_has_the_question() -> None:
    question = factories.question()
    ours, theirs = factories.ticket(question), factories.ticket(question)
    clerk = factories.clerk(ours.department)

    note = notes.add(
        question, by=clerk, department=ours.department, text=" Wer zahlt? ", asked=theirs.department
    )

    note.refresh_from_db()
    assert (note.text, note.author, note.asked) == ("Wer zahlt?", clerk, theirs.department)
    told = OutgoingMail.objects.get()
    assert (told.kind, told.ticket) == (MailKind.ASKED, theirs)


def test_the_mayors_staff_write_without_department() -> None:
    ticket = factories.ticket()
    assert ticket.question is not None
    assistant = ground.staff(ticket.office, Role.ASSISTANT)

    note = notes.add(ticket.question, by=assistant, department=None, text="Bitte bald.")

    assert (note.department, note.author) == (None, assistant)
    assert not OutgoingMail.objects.exists()


def test_only_departments_with_the_question_are_asked() -> None:
    ticket = factories.ticket()
    assert ticket.question is not None
    clerk = factories.clerk(ticket.department)
    stranger = factories.department(ticket.office)

    for asked in (stranger, ticket.department):
        with pytest.raises(WrongDepartment):
            notes.add(
                ticket.question, by=clerk, department=ticket.department, text="?", asked=asked
            )


@pytest.mark.parametrize("role", Role)
def test_nobody_else_writes(role: Role) -> None:
    ticket = factories.ticket()
    assert ticket.question is not None
    other = factories.department(ticket.office)

    for staff in (ground.staff(role=role), factories.clerk(other)):
        for department in (None, ticket.department, other):
            with pytest.raises(NotAllowed):
                notes.add(ticket.question, by=staff, department=department, text="Hallo")


def test_erased_department_writes_no_more() -> None:
    question = factories.question()
    factories.ticket(question)
    now = timezone.now()
    gone = factories.ticket(question, state=TicketState.ERASED, erased_at=now)
    clerk = factories.clerk(gone.department)

    with pytest.raises(NotAllowed):
        notes.add(question, by=clerk, department=gone.department, text="Hallo")


def test_empty_note_is_refused() -> None:
    ticket = factories.ticket()
    assert ticket.question is not None
    host = ground.staff(ticket.office)

    with pytest.raises(notes.NoteEmpty):
        notes.add(ticket.question, by=host, department=None, text="  ")
