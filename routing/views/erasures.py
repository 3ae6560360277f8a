"""The erasure records of tickets, for data protection: counts, never content."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from routing.queries.erasures import ticket_erasures
from sessions_app.enums import Role
from sessions_app.models import Staff
from sessions_app.views.access import StaffRequest, office_access


@require_safe
@office_access(Role.AUDITOR, Role.ADMIN)
def erasures(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Show which tickets were erased, when, and whether anything was left."""
    context = {"staff": staff, "section": "records", "erasures": ticket_erasures(staff.office)}
    return render(request, "routing/tickets/erasures.html", context)


urlpatterns = [path("tickets/erasures/<slug:slug>/", erasures, name="ticket_erasures")]
