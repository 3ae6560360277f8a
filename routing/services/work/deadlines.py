"""Due days in working days of the Land, reminders to departments, reports to the mayor's office."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from routing.enums import Action, MailKind, TicketState
from routing.models import Department, Ticket, TicketEvent
from routing.services.mail_out import outbox
from routing.services.work import moves
from routing.services.work.actors import SYSTEM
from sessions_app.models import Office

ESCALATED_AGAIN_AFTER = timedelta(days=7)
_SATURDAY = 5
_DAY = timedelta(days=1)
# Where the mayor's office itself has to act: a working day is enough.
_WITH_THE_OFFICE = (TicketState.RETURNED, TicketState.IN_RELEASE)


def due_on(department: Department, start: date) -> date:
    """Return the day by which a question handed over on `start` is to be answered.

    `start` (the office's day) does not count; Saturdays, Sundays and public holidays of the
    office's Land do not either.
    """
    return after_working_days(start, department.due_days, land=department.office.land)


def after_working_days(start: date, days: int, *, land: str) -> date:
    """Return the working day that comes `days` working days after `start`."""
    day = start
    while days:
        day += _DAY
        days -= is_working_day(day, land=land)
    return day


def is_working_day(day: date, *, land: str) -> bool:
    """Whether offices in this Land (ISO 3166-2 code) work: 24 and 31 December are working days.

    Holidays of single communities (Mariä Himmelfahrt in Bavaria, Fronleichnam in parts of Saxony
    and Thuringia) count as working days too.
    """
    return day.weekday() < _SATURDAY and day not in _public_holidays(land, day.year)


@lru_cache(maxsize=64)
def _public_holidays(land: str, year: int) -> frozenset[date]:
    from holidays import country_holidays  # 5 MB: only in processes that need it

    return frozenset(country_holidays("DE", subdiv=land, years=year))


def remind_and_escalate(now: datetime) -> None:
    """Remind departments on the due day; a working day later and then weekly tell the mayor's office.

    What was returned or waits for release is reported after a working day as well, and at once what
    could not be delivered. `now` is aware.
    """
    for ticket in Ticket.objects.filter(state=TicketState.UNDELIVERABLE, escalated_at=None):
        _escalate(ticket, now)
    for office in Office.objects.filter(pk__in=_unfinished().values("office")):
        today = timezone.localdate(now, office.zone)
        theirs = _unfinished().filter(office=office)
        for ticket in theirs.filter(due_on__lte=today, reminded_at=None).exclude(
            _with_the_office()
        ):
            _remind(ticket, now)
        for ticket in _not_told_lately(theirs, now):
            if _is_late(ticket, today, office):
                _escalate(ticket, now)


def _unfinished() -> QuerySet[Ticket]:
    return Ticket.objects.unfinished().order_by("pk")


def _with_the_office() -> Q:
    return Q(state__in=_WITH_THE_OFFICE)


def _not_told_lately(tickets: QuerySet[Ticket], now: datetime) -> QuerySet[Ticket]:
    due = Q(escalated_at=None) | Q(escalated_at__lte=now - ESCALATED_AGAIN_AFTER)
    return tickets.filter(due).annotate(_since=Subquery(_last_change()))


def _last_change() -> QuerySet[Any, Any]:
    quiet = (Action.REMIND, Action.ESCALATE, Action.REPLY)
    events = TicketEvent.objects.filter(ticket=OuterRef("pk")).exclude(action__in=quiet)
    return events.order_by().values("ticket").annotate(last=Max("at")).values("last")


def _is_late(ticket: Ticket, today: date, office: Office) -> bool:
    days = [ticket.due_on] if ticket.due_on else []
    since = getattr(ticket, "_since", None)
    if since and ticket.state in _WITH_THE_OFFICE:
        days.append(timezone.localdate(since, office.zone))
    return any(after_working_days(day, 1, land=office.land) <= today for day in days)


def _remind(seen: Ticket, now: datetime) -> None:
    with transaction.atomic():
        ticket = moves.locked(seen)
        if (ticket.state, ticket.due_on, ticket.reminded_at) == (seen.state, seen.due_on, None):
            moves.move(ticket, Action.REMIND, by=SYSTEM, now=now, reminded_at=now)
            outbox.post_about_ticket(MailKind.REMINDER, ticket)


def _escalate(seen: Ticket, now: datetime) -> None:
    with transaction.atomic():
        ticket = moves.locked(seen)
        before = (seen.state, seen.due_on, seen.escalated_at)
        if (ticket.state, ticket.due_on, ticket.escalated_at) == before:
            moves.move(ticket, Action.ESCALATE, by=SYSTEM, now=now, escalated_at=now)
            outbox.post_about_ticket(MailKind.ESCALATION, ticket)
