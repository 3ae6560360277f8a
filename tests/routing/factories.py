"""Rows of the app `routing` for tests; what matters to a test is passed in by it."""

import itertools
from datetime import timedelta
from typing import Any

from django.utils import timezone

from routing import models
from routing.enums import AnswerState, ConsentState, TicketState
from routing.services.work import actors
from sessions_app.enums import Role
from sessions_app.models import Office, Staff
from sprechstunde.vault.keystore import keystore
from tests import factories

_numbers = itertools.count(1)

_ANSWERED = frozenset({TicketState.ANSWERED, TicketState.SENT, TicketState.UNDELIVERABLE})


def department(of: Office | None = None, **fields: Any) -> models.Department:
    """A department with a confirmed mailbox."""
    n = next(_numbers)
    given = {
        "name": f"Bauamt {n}",
        "keywords": "Straße\nGehweg",
        "mailbox": f"bauamt-{n}@musterstadt.example",
        "mailbox_confirmed_at": timezone.now(),
    }
    return models.Department.objects.create(office=of or factories.office(), **given | fields)


def clerk(of: models.Department | None = None, *, is_deputy: bool = False, **fields: Any) -> Staff:
    """A clerk who is a member of the department; with an e-mail address."""
    of = of or department()
    given = {"email": f"clerk-{next(_numbers)}@musterstadt.example"}
    staff = factories.staff(of.office, Role.CLERK, **given | fields)
    models.Member.objects.create(department=of, staff=staff, is_deputy=is_deputy)
    return staff


def question(of: Office | None = None, **fields: Any) -> models.Question:
    """A question with its key; the citizen agreed to e-mail and confirmed the address."""
    now = timezone.now()
    given = {
        "reference": f"2026-{next(_numbers):04}",
        "text": "Wann wird der Gehweg in der Hauptstraße repariert?",
        "name": "Erika Mustermann",
        "address": "erika@example.org",
        "created_at": now,
        "session_closes_at": now + timedelta(hours=1),
        "consent": ConsentState.GIVEN,
        "address_confirmed_at": now,
    }
    row = models.Question(office=of or factories.office(), **given | fields)
    keystore().create(row.key_id)
    row.save()
    return row


def ticket(
    of: models.Question | None = None,
    department: models.Department | None = None,
    state: TicketState = TicketState.FORWARDED,
    **fields: Any,
) -> models.Ticket:
    """A ticket with its key; the first of a question is in charge, due in a week."""
    now = timezone.now()
    of = of or question(department.office if department else None)
    given: dict[str, Any] = {
        "question": of,
        "reference": of.reference,
        "department": department or _department(of.office),
        "is_lead": not of.tickets.exists(),
        "created_at": now,
    }
    given |= _times(state)
    row = models.Ticket(office=of.office, state=state, **given | fields)
    keystore().create(row.key_id)
    row.save()
    return row


def answer(of: models.Ticket | None = None, **fields: Any) -> models.Answer:
    """A final answer; the ticket's state stays as it is."""
    now = timezone.now()
    of = of or ticket(state=TicketState.ANSWERED)
    given = {
        "text": "Der Gehweg wird im Mai repariert.",
        "state": AnswerState.FINAL,
        "created_at": now,
        "changed_at": now,
    }
    return models.Answer.objects.create(ticket=of, key_id=of.key_id, **given | fields)


def by(staff: Staff) -> actors.Actor:
    """The member of staff as who does something with a ticket."""
    return actors.of(staff)


def _department(of: Office) -> models.Department:
    return department(of)


def _times(state: TicketState) -> dict[str, Any]:
    now = timezone.now()
    times: dict[str, Any] = {}
    if state is not TicketState.WAITING:
        times |= {"forwarded_at": now, "due_on": timezone.localdate() + timedelta(days=7)}
    if state in _ANSWERED:
        times["answered_at"] = now
    if state is TicketState.SENT:
        times |= {"sent_at": now, "erase_at": now + timedelta(days=14)}
    if state is TicketState.ERASED:
        times["erased_at"] = now
    return times
