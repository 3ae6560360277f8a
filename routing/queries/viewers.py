"""Whose tickets somebody may see: their departments' as a clerk, their office's at the mayor's side."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from routing.enums import TicketState
from routing.models import Department, Member, Ticket
from sessions_app.enums import Role
from sessions_app.models import Staff
from sessions_app.queries.roles import roles_of

PORTAL_ROLES = (Role.HOST, Role.ASSISTANT, Role.CLERK)
# What was withdrawn is nobody's business any more, and what waits for consent no department's yet.
GONE = frozenset({TicketState.WITHDRAWN, TicketState.ERASED})
NOT_FOR_CLERKS = GONE | {TicketState.WAITING}


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person with all their roles that deal with tickets, and the departments they work for."""

    roles: tuple[Staff, ...]
    departments: tuple[Department, ...]  # of the clerk, by name

    @property
    def staff(self) -> Staff:
        """The role that stands for the person where no ticket decides it."""
        return self.roles[0]

    @property
    def offices(self) -> list[int]:
        """The offices at whose mayor's side the person is."""
        return [staff.office_id for staff in self.roles if staff.talks]

    @property
    def talks(self) -> bool:
        """Whether the person is at the mayor's side somewhere."""
        return any(staff.talks for staff in self.roles)

    def role_for(self, ticket: Ticket) -> Staff | None:
        """Return the role in which the person may see `ticket`, whatever its state; None if none."""
        staff = next((each for each in self.roles if each.office_id == ticket.office_id), None)
        if staff is None or staff.talks:
            return staff
        return staff if ticket.department_id in {each.pk for each in self.departments} else None


def viewer(user: User) -> Viewer | None:
    """Return what `user` is to tickets, or None for somebody who has nothing to do with them."""
    found = tuple(staff for staff in roles_of(user) if staff.role in PORTAL_ROLES)
    return Viewer(found, _departments(found)) if found else None


def visible(by: Viewer) -> QuerySet[Ticket]:
    """Return the tickets that `by` may see and whose content still exists."""
    return Ticket.objects.filter(_as_clerk(by) | _at_the_mayors_side(by))


def _as_clerk(by: Viewer) -> Q:
    departments = [each.pk for each in by.departments]
    return _reach("department", departments, NOT_FOR_CLERKS) if departments else Q(pk__in=())


def _at_the_mayors_side(by: Viewer) -> Q:
    return _reach("office", by.offices, GONE) if by.offices else Q(pk__in=())


def _reach(of: str, ids: list[int], without: Iterable[TicketState]) -> Q:
    # States to keep, not to leave out: an index serves the first alone.
    kept = [state for state in TicketState if state not in without]
    return Q((f"{of}__in", ids), state__in=kept)


def _departments(roles: tuple[Staff, ...]) -> tuple[Department, ...]:
    clerks = [staff.pk for staff in roles if staff.role == Role.CLERK]
    if not clerks:
        return ()
    members = Member.objects.filter(staff__in=clerks).select_related("department")
    return tuple(each.department for each in members.order_by("department__name"))
