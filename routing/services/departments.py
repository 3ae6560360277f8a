"""Set up departments: their words, their mailbox, their people."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from routing.enums import TicketState
from routing.lifecycle import UNFINISHED
from routing.models import Department, Member
from routing.services.links import mailboxes
from sessions_app.enums import Role
from sessions_app.models import Office, Staff


class DepartmentError(Exception):
    """What was asked of a department cannot be done."""


class HasOpenTickets(DepartmentError):
    """Questions still wait there; `count` of them have to be answered or passed on first."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class NotAClerk(DepartmentError):
    """Only clerks of the department's own office can be its members."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What an office says about a department; `keywords` one per line, `due_days` working days."""

    name: str
    keywords: str
    mailbox: str
    due_days: int
    needs_release: bool


@transaction.atomic
def create(office: Office, fields: Fields) -> Department:
    """Create a department and ask its mailbox to confirm itself."""
    department = Department(office=office)
    return _keep(department, fields)


@transaction.atomic
def change(department: Department, fields: Fields) -> Department:
    """Change a department. A new mailbox has to confirm itself before mail goes there."""
    locked = Department.objects.select_for_update(no_key=True).get(pk=department.pk)
    return _keep(locked, fields)


@transaction.atomic
def close(department: Department) -> None:
    """Take no new questions from now on; raises HasOpenTickets."""
    Department.objects.select_for_update(no_key=True).get(pk=department.pk)
    waiting = department.tickets.filter(state__in={TicketState.WAITING, *UNFINISHED}).count()
    if waiting:
        raise HasOpenTickets(waiting)
    Department.objects.filter(pk=department.pk, closed_at=None).update(closed_at=timezone.now())


def reopen(department: Department) -> None:
    """Take questions again."""
    Department.objects.filter(pk=department.pk).update(closed_at=None)


def keep_open(office_id: int, departments: Collection[Department]) -> bool:
    """Whether all of them take questions of this office; until the end of the transaction none closes.

    Inside a transaction only.
    """
    pks = {each.pk for each in departments}
    rows = Department.objects.filter(pk__in=pks, office=office_id, closed_at=None)
    return len(rows.select_for_update(no_key=True).order_by("pk").values_list("pk")) == len(pks)


@transaction.atomic
def set_members(department: Department, members: Mapping[Staff, bool]) -> None:
    """Make exactly these clerks members; the value says who is a deputy. Raises NotAClerk."""
    if any(
        staff.role != Role.CLERK or staff.office_id != department.office_id for staff in members
    ):
        raise NotAClerk
    Member.objects.filter(department=department).exclude(staff__in=list(members)).delete()
    for staff, is_deputy in members.items():
        Member.objects.update_or_create(
            department=department, staff=staff, defaults={"is_deputy": is_deputy}
        )


def ask_mailbox(department: Department) -> None:
    """Send the mail by which the mailbox confirms itself once more."""
    if department.mailbox:
        mailboxes.ask(department)


def _keep(department: Department, fields: Fields) -> Department:
    is_new_mailbox = fields.mailbox != department.mailbox
    department.name = fields.name
    department.keywords = fields.keywords
    department.mailbox = fields.mailbox
    department.due_days = fields.due_days
    department.needs_release = fields.needs_release
    if is_new_mailbox:
        department.mailbox_confirmed_at = department.mailbox_failed_at = None
    department.save()
    if is_new_mailbox:
        ask_mailbox(department)
    return department
