"""One ticket: question, letters, notes, history, and what can be done with it now."""

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from routing import lifecycle
from routing.forms.tickets import NoteForm, PassOnForm, ReasonForm
from routing.models import Question, Ticket
from routing.queries import ticket as queries
from routing.services.work import actors, live
from routing.views.access import ticket_access
from sessions_app.forms.desk import PresenceForm
from sessions_app.models import Staff
from sessions_app.views.access import Gone, StaffRequest
from sprechstunde.live import presence

PAGE = "routing/tickets/ticket.html"


@require_safe
@ticket_access
def ticket_page(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Show the ticket with its editor: a clerk who follows the link of a mail can write at once."""
    return shown(request, staff, ticket)


@require_safe
@ticket_access
def status_part(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Return where the ticket stands, by which an open page tells that it is out of date."""
    context = {"staff": staff, "ticket": ticket, "stamp": queries.stamp(ticket)}
    with timezone.override(ticket.office.zone):
        return render(request, f"{PAGE}#standing", context | _days(ticket))


@require_http_methods(["GET", "HEAD", "POST"])
@ticket_access
def presence_part(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Note that somebody reads or types here (POST), and return which colleagues do."""
    place = (live.room(ticket.office_id), ticket.pk)
    form = PresenceForm(request.POST or None)
    if form.is_valid():
        presence.note(*place, staff.pk, form.cleaned_data["doing"])
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    colleagues = {each.pk: str(each) for each in queries.colleagues(ticket, staff)}
    found = presence.others(*place, list(colleagues))
    typing = [colleagues[pk] for pk, doing in found if doing is presence.Doing.TYPES]
    reading = [colleagues[pk] for pk, doing in found if doing is presence.Doing.READS]
    return render(request, f"{PAGE}#presence", {"typing": typing, "reading": reading})


def shown(
    request: StaffRequest,
    staff: Staff,
    ticket: Ticket,
    status: HTTPStatus = HTTPStatus.OK,
    **more: Any,
) -> HttpResponse:
    """Render the page; `more` says what was refused and keeps what was typed."""
    if ticket.question is None:
        raise Gone
    context = _context(staff, ticket, ticket.question) | more
    with timezone.override(ticket.office.zone):
        return render(request, PAGE, context, status=status)


def _context(staff: Staff, ticket: Ticket, question: Question) -> dict[str, Any]:
    stamp = queries.stamp(ticket)
    page = queries.page(ticket, question)
    others = [each.department for each in page.siblings if each.pk != ticket.pk]
    return _days(ticket) | {
        "staff": staff,
        "section": "tickets",
        "ticket": ticket,
        "question": question,
        "page": page,
        "stamp": stamp,
        "allowed": lifecycle.allowed(ticket.state, actors.of(staff).party),
        "snippets": queries.snippets(ticket.department_id),
        "typed": page.draft_text,
        "version": page.draft.version if page.draft else 0,
        "reason_form": ReasonForm(prefix="return"),
        "reject_form": ReasonForm(prefix="reject"),
        "pass_on_form": PassOnForm(targets=queries.targets(ticket, page.siblings)),
        "note_form": NoteForm(departments=others),
        "reads_for": presence.READS_FOR // 2,
    }


def _days(ticket: Ticket) -> dict[str, Any]:
    today = timezone.localdate(timezone=ticket.office.zone)
    return {"is_overdue": ticket.is_overdue(today)}


urlpatterns = [
    path("tickets/<int:pk>/", ticket_page, name="ticket"),
    path("tickets/<int:pk>/status/", status_part, name="ticket_status"),
    path("tickets/<int:pk>/presence/", presence_part, name="ticket_presence"),
]
