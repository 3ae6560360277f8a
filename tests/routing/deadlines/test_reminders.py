"""Departments are reminded, the mayor's office is told: at the right day, once, and again weekly."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from routing.enums import Action, AnswerState, MailKind, TicketState
from routing.models import OutgoingMail, Ticket
from routing.services.work import answers, deadlines, tickets
from routing.services.work.actors import of
from sessions_app.enums import Role
from tests import factories as ground
from tests.at_once import at_once
from tests.routing import factories

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = date(2026, 6, 12)


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=BERLIN)


def due_ticket(state: TicketState = TicketState.ACCEPTED, due: date = FRIDAY) -> Ticket:
    return factories.ticket(state=state, due_on=due)


def kinds() -> list[str]:
    return list(OutgoingMail.objects.order_by("pk").values_list("kind", flat=True))


def days_when_told(ticket: Ticket, kind: MailKind, days: int) -> list[date]:
    """On which of the `days` from the due day on somebody gets a mail of this kind."""
    assert ticket.due_on is not None
    found = []
    for offset in range(-2, days):
        day = ticket.due_on + timedelta(days=offset)
        before = OutgoingMail.objects.filter(kind=kind).count()
        for hour in (0, 8, 23):
            deadlines.remind_and_escalate(at(day, hour))
        found += [day] * (OutgoingMail.objects.filter(kind=kind).count() - before)
    return found


def test_department_is_reminded_once_on_the_due_day() -> None:
    assert days_when_told(due_ticket(), MailKind.REMINDER, 20) == [FRIDAY]


def test_office_is_told_a_working_day_later_and_then_weekly() -> None:
    monday = FRIDAY + timedelta(days=3)

    told = days_when_told(due_ticket(), MailKind.ESCALATION, 20)

    assert told == [monday + timedelta(days=each) for each in (0, 7, 14)]


def test_public_holiday_is_no_working_day_for_reports() -> None:
    wednesday = date(2026, 6, 3)
    ticket = due_ticket(due=wednesday)

    told = days_when_told(ticket, MailKind.ESCALATION, 4)

    assert told == [date(2026, 6, 5)]  # Fronleichnam on Thursday, in Baden-Württemberg


def test_due_day_is_the_offices_not_utc() -> None:
    ticket = due_ticket()

    deadlines.remind_and_escalate(datetime(2026, 6, 11, 21, 59, tzinfo=ZoneInfo("UTC")))
    before = kinds()
    deadlines.remind_and_escalate(datetime(2026, 6, 11, 22, 1, tzinfo=ZoneInfo("UTC")))

    ticket.refresh_from_db()
    assert (before, kinds()) == ([], [MailKind.REMINDER])
    assert ticket.events.get().action == Action.REMIND


@pytest.mark.parametrize("state", sorted(set(TicketState) - {TicketState.ERASED}))
def test_only_unfinished_tickets_are_told_of(state: TicketState) -> None:
    ticket = due_ticket(state)
    department = {TicketState.FORWARDED, TicketState.ACCEPTED}
    office = {*department, TicketState.RETURNED, TicketState.IN_RELEASE, TicketState.UNDELIVERABLE}

    deadlines.remind_and_escalate(at(FRIDAY + timedelta(days=30)))

    expected = {MailKind.REMINDER} if state in department else set()
    expected |= {MailKind.ESCALATION} if state in office else set()
    assert set(kinds()) == expected
    ticket.refresh_from_db()
    assert ticket.state == state


def test_returned_ticket_is_told_of_after_a_working_day() -> None:
    ticket = due_ticket(due=timezone.localdate() + timedelta(days=60))
    clerk = factories.clerk(ticket.department)
    tickets.give_back(ticket, by=of(clerk), reason="Nicht für uns")
    now = timezone.now()

    deadlines.remind_and_escalate(now)
    at_once = kinds()
    deadlines.remind_and_escalate(now + timedelta(days=7))
    deadlines.remind_and_escalate(now + timedelta(days=8))

    assert (at_once, kinds()) == ([], [MailKind.ESCALATION])


def test_answer_in_release_is_told_of_after_a_working_day() -> None:
    department = factories.department(needs_release=True)
    ticket = factories.ticket(department=department, due_on=date(2100, 1, 1))
    answers.submit(ticket, by=of(factories.clerk(department)), text="Im Mai.")
    now = timezone.now()

    deadlines.remind_and_escalate(now)
    at_once = kinds()
    deadlines.remind_and_escalate(now + timedelta(days=7))

    assert ticket.answers.get().state == AnswerState.IN_RELEASE
    assert (at_once, kinds()) == ([], [MailKind.ESCALATION])


def test_passing_on_begins_anew() -> None:
    ticket = due_ticket()
    deadlines.remind_and_escalate(at(FRIDAY + timedelta(days=4)))
    other = factories.department(ticket.office)
    host = ground.staff(ticket.office, Role.HOST)

    passed = tickets.pass_on(ticket, to=other, by=of(host), reason="Dorthin")

    assert (passed.reminded_at, passed.escalated_at) == (None, None)
    assert passed.due_on is not None
    assert passed.due_on > timezone.localdate()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_once() -> None:
    due_ticket()
    late = at(FRIDAY + timedelta(days=5))

    at_once(*[lambda: deadlines.remind_and_escalate(late)] * 4)

    assert sorted(kinds()) == [MailKind.ESCALATION, MailKind.REMINDER]
