"""Answered questions with everything that mail needs, made through models in bulk."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from routing.enums import AnswerState, ConsentState, TicketState
from routing.models import Answer, Department, Member, Question, Ticket
from sessions_app.enums import Role
from sessions_app.models import Office, Staff
from sprechstunde.vault.keystore import keystore

BATCH = 500
TEXT = "Guten Tag,\n\ndie Lampe vor Ihrem Haus wird am Dienstag repariert.\n\nMit freundlichen Grüßen\nBauamt"


def department(name: str = "Bauamt") -> Department:
    """Create an office of its own with a department and its confirmed mailbox."""
    number = Office.objects.count()
    office = Office.objects.create(
        name=f"Bench {number}",
        slug=f"bench-{number}",
        display_phone_number="+4978420",
        phone_number_id=f"7000{number}",
    )
    return Department.objects.create(
        office=office,
        name=name,
        mailbox=f"amt-{number}@bench.example",
        mailbox_confirmed_at=timezone.now(),
    )


def clerk(of: Department) -> Staff:
    """Create a clerk of the department."""
    user = User.objects.create_user(f"bench-clerk-{of.pk}")
    staff = Staff.objects.create(user=user, office=of.office, role=Role.CLERK)
    Member.objects.create(department=of, staff=staff)
    return staff


def tickets(of: Department, count: int, state: TicketState) -> list[Ticket]:
    """Create `count` questions with a ticket each in `state`, due over the next weeks."""
    now = timezone.now()
    today = timezone.localdate(now)
    made: list[Ticket] = []
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        questions = [_question(of, number) for number in numbers]
        for question in questions:
            keystore().create(question.key_id)
        Question.objects.bulk_create(questions)
        rows = [
            Ticket(
                office=of.office,
                question=question,
                reference=question.reference,
                department=of,
                state=state,
                created_at=now,
                forwarded_at=now,
                due_on=today + timedelta(days=number % 28 - 7),
            )
            for number, question in zip(numbers, questions, strict=True)
        ]
        for row in rows:
            keystore().create(row.key_id)
        made += Ticket.objects.bulk_create(rows)
    return made


def answers(rows: list[Ticket]) -> list[Answer]:
    """Give each ticket a final answer."""
    now = timezone.now()
    return Answer.objects.bulk_create(
        Answer(
            ticket=row,
            key_id=row.key_id,
            text=TEXT,
            state=AnswerState.FINAL,
            created_at=now,
            changed_at=now,
        )
        for row in rows
    )


def _question(of: Department, number: int) -> Question:
    now = timezone.now()
    return Question(
        office=of.office,
        reference=f"2026-{number:05}",
        text=f"Wann wird die Lampe in der Hauptstraße {number} repariert? Sie ist seit Tagen dunkel.",
        address=f"citizen-{number}@bench.example",
        consent=ConsentState.GIVEN,
        address_confirmed_at=now,
        created_at=now,
        session_closes_at=now,
    )
