"""What the pages about departments show; no content of any ticket."""

from collections.abc import Iterable

from django.db.models import Count, F, Prefetch, Q, QuerySet

from routing.lifecycle import UNFINISHED
from routing.models import Department, Member
from sessions_app.enums import Role
from sessions_app.models import Office, Staff


def overview(office: Office) -> Iterable[Department]:
    """Return the office's departments, open ones first, with members and `waiting` tickets."""
    members = Member.objects.select_related("staff__user").order_by("is_deputy", "pk")
    unfinished = Count("tickets", filter=Q(tickets__state__in=UNFINISHED))
    rows = Department.objects.filter(office=office).annotate(waiting=unfinished)
    return rows.prefetch_related(Prefetch("members", members)).order_by(
        F("closed_at").asc(nulls_first=True), "name"
    )


def clerks(office: Office) -> QuerySet[Staff]:
    """Return the clerks of the office by name."""
    found = office.staff.filter(role=Role.CLERK).select_related("user")
    return found.order_by("user__last_name", "user__first_name", "pk")
