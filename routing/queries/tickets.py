"""The list of tickets in its views, with counts. Content is read of the rows shown alone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from routing.enums import TicketState
from routing.lifecycle import UNFINISHED
from routing.models import Department, Ticket
from routing.queries.viewers import Viewer, visible
from sessions_app.queries.excerpts import printable
from sprechstunde.vault.errors import KeyUnavailable

PAGE = 25
SOON = timedelta(days=2)
EXCERPT = 160  # characters
_COLUMNS = (
    *("reference", "state", "due_on", "created_at", "is_lead", "reopened"),
    *("department__name", "question__key_id", "question__uid", "question__text"),
    *("clerk__user__first_name", "clerk__user__last_name", "clerk__user__username"),
)


class View(TextChoices):
    """The views of the list; `all` alone has no count."""

    MINE = "mine", pgettext_lazy("tickets", "Mine")
    DEPARTMENT = "department", pgettext_lazy("tickets", "My department's")
    DUE = "due", pgettext_lazy("tickets", "Due soon")
    OVERDUE = "overdue", pgettext_lazy("tickets", "Overdue")
    RELEASE = "release", pgettext_lazy("tickets", "Waiting for release")
    RETURNED = "returned", pgettext_lazy("tickets", "Returned")
    UNDELIVERABLE = "undeliverable", pgettext_lazy("tickets", "Undeliverable")
    ALL = "all", pgettext_lazy("tickets", "All")


class Sort(TextChoices):
    """The orders of the list."""

    DUE = "due", _("by due date")
    NEWEST = "newest", _("newest first")
    OLDEST = "oldest", _("oldest first")
    DEPARTMENT = "department", _("by department")


@dataclass(frozen=True, slots=True)
class Tab:
    """One view as a link: its name for this person, and how many tickets it has (None: not counted)."""

    view: View
    label: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list; `line` is the beginning of the question."""

    ticket: Ticket
    line: str
    is_overdue: bool
    is_due_soon: bool


def today_of(by: Viewer, now: datetime) -> date:
    """Return the day that the calendar on the person's wall shows at `now`."""
    return timezone.localdate(now, by.staff.office.zone)


def tabs(by: Viewer, today: date) -> list[Tab]:
    """Return the views of `by` with their counts. One query."""
    views = [view for view in View if _offers(by, view)]
    counted = [view for view in views if view is not View.ALL]
    conditions = {view.value: Count("pk", filter=_condition(by, view, today)) for view in counted}
    found = visible(by).filter(state__in=_COUNTED).aggregate(**conditions)
    return [Tab(view, _label(by, view), found.get(view.value)) for view in views]


def chosen(by: Viewer, view: View, today: date, department: int | None = None) -> QuerySet[Ticket]:
    """Return the tickets of a view, of one department if asked."""
    found = visible(by).filter(_condition(by, view, today))
    return found if department is None else found.filter(department=department)


def ordered(tickets: QuerySet[Ticket], sort: Sort) -> QuerySet[Ticket]:
    """Return the tickets in the order asked for, always the same among equals."""
    by_due = F("due_on").asc(nulls_last=True)
    orders: dict[Sort, tuple[Any, ...]] = {
        Sort.DUE: (by_due, "pk"),
        Sort.NEWEST: ("-pk",),
        Sort.OLDEST: ("pk",),
        Sort.DEPARTMENT: ("department__name", by_due, "pk"),
    }
    return tickets.order_by(*orders[sort])


def rows(pks: list[int], today: date) -> list[Row]:
    """Return the lines of these tickets in this order. One query, and one key for each question."""
    related = ("department", "question", "clerk__user")
    found = Ticket.objects.select_related(*related).only(*_COLUMNS).in_bulk(pks)
    return [_row(found[pk], today) for pk in pks if pk in found]


def departments(by: Viewer) -> list[Department]:
    """Return the departments by which `by` can filter and to which they can pass on."""
    if not by.offices:
        return list(by.departments)
    mine = Q(pk__in=[each.pk for each in by.departments])
    return list(Department.objects.filter(Q(office__in=by.offices) | mine))


def targets(by: Viewer) -> list[Department]:
    """Return the departments to which somebody with the roles of `by` can pass tickets on."""
    offices = [staff.office_id for staff in by.roles]
    return list(Department.objects.active().filter(office__in=offices))


_COUNTED = UNFINISHED | {TicketState.UNDELIVERABLE}


def _offers(by: Viewer, view: View) -> bool:
    return by.talks or view is not View.RETURNED


def _label(by: Viewer, view: View) -> str:
    if by.talks and view is View.MINE:
        return str(pgettext_lazy("tickets", "To do for us"))
    if by.talks and view is View.DEPARTMENT:
        return str(pgettext_lazy("tickets", "Unanswered"))
    return str(view.label)


def _condition(by: Viewer, view: View, today: date) -> Q:
    unfinished = Q(state__in=UNFINISHED)
    conditions = {
        View.MINE: _mine(by),
        View.DEPARTMENT: unfinished,
        View.DUE: unfinished & Q(due_on__gte=today, due_on__lte=today + SOON),
        View.OVERDUE: unfinished & Q(due_on__lt=today),
        View.RELEASE: Q(state=TicketState.IN_RELEASE),
        View.RETURNED: Q(state=TicketState.RETURNED),
        View.UNDELIVERABLE: Q(state=TicketState.UNDELIVERABLE),
        View.ALL: Q(),
    }
    return conditions[view]


def _mine(by: Viewer) -> Q:
    """Return what waits for this person: for a clerk what they took, else what comes to the mayor's side."""
    ours = Q(state__in=(TicketState.IN_RELEASE, TicketState.RETURNED, TicketState.UNDELIVERABLE))
    clerks = [staff.pk for staff in by.roles if not staff.talks]
    if not clerks:
        return ours
    mine = Q(clerk__in=clerks, state__in=UNFINISHED)
    return mine | (ours & Q(office__in=by.offices)) if by.offices else mine


def _row(ticket: Ticket, today: date) -> Row:
    days = None if ticket.due_on is None else ticket.due_on - today
    is_open = ticket.state in UNFINISHED and days is not None
    return Row(
        ticket=ticket,
        line=_line(ticket),
        is_overdue=is_open and days < timedelta(0),  # type: ignore[operator]  # not None if open
        is_due_soon=is_open and timedelta(0) <= days <= SOON,  # type: ignore[operator]
    )


def _line(ticket: Ticket) -> str:
    try:
        text = ticket.question.text if ticket.question else ""
    except KeyUnavailable:  # it is being erased
        return ""
    line = printable(" ".join(text[: 2 * EXCERPT].split()))
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"
