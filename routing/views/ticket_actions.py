"""What is done with one ticket besides answering: accept, return, pass on, notes, send again."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from routing.enums import Party
from routing.forms.tickets import NoteForm, PassOnForm, ReasonForm
from routing.models import Ticket
from routing.queries import ticket as queries
from routing.services.work import actors, notes
from routing.services.work import tickets as service
from routing.services.work.tickets import TicketError
from routing.views.access import ticket_access
from routing.views.refusals import refusal, status_of
from routing.views.ticket import shown
from sessions_app.models import Staff
from sessions_app.views.access import Gone, StaffRequest

UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY


@require_POST
@ticket_access
def accept(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Make it this clerk's."""
    try:
        service.accept(ticket, by=actors.of(staff))
    except TicketError as error:
        return refused(request, staff, ticket, error)
    messages.success(request, _("It is yours now."))
    return redirect("ticket", ticket.pk)


@require_POST
@ticket_access
def give_back(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Return it to the mayor's office with a reason."""
    form = ReasonForm(request.POST, prefix="return")
    if not form.is_valid():
        return shown(request, staff, ticket, UNPROCESSABLE, reason_form=form)
    try:
        service.give_back(ticket, by=actors.of(staff), reason=form.cleaned_data["reason"])
    except TicketError as error:
        return refused(request, staff, ticket, error, reason_form=form)
    messages.success(request, _("Returned to the mayor's office."))
    return redirect("ticket", ticket.pk)


@require_POST
@ticket_access
def pass_on(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Give it to another department with a reason; a clerk then sees it no more."""
    if ticket.question is None:
        raise Gone
    targets = queries.targets(ticket, queries.siblings(ticket.question))
    form = PassOnForm(request.POST, targets=targets)
    if not form.is_valid():
        return shown(request, staff, ticket, UNPROCESSABLE, pass_on_form=form)
    to = form.cleaned_data["to"]
    try:
        service.pass_on(ticket, to=to, by=actors.of(staff), reason=form.cleaned_data["reason"])
    except TicketError as error:
        return refused(request, staff, ticket, error, pass_on_form=form)
    said = _("%(reference)s was passed on to %(department)s.")
    messages.success(request, said % {"reference": ticket.reference, "department": to})
    return redirect("ticket", ticket.pk) if staff.talks else redirect("tickets")


@require_POST
@ticket_access
def note(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Add an internal note, or ask another department that has the question too."""
    if ticket.question is None:
        raise Gone
    asked = [each.department for each in queries.siblings(ticket.question) if each.pk != ticket.pk]
    form = NoteForm(request.POST, departments=asked)
    if not form.is_valid():
        return shown(request, staff, ticket, UNPROCESSABLE, note_form=form)
    is_clerk = actors.of(staff).party is Party.CLERK
    department = ticket.department if is_clerk else None
    try:
        notes.add(ticket.question, by=staff, department=department, **form.cleaned_data)
    except TicketError as error:
        return refused(request, staff, ticket, error, note_form=form)
    messages.success(request, _("The note is saved. The citizen never sees it."))
    return redirect("ticket", ticket.pk)


@require_POST
@ticket_access
def send_again(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Try an answer that came back once more."""
    try:
        service.send_again(ticket, by=actors.of(staff))
    except TicketError as error:
        return refused(request, staff, ticket, error)
    messages.success(request, _("The answer is on its way once more."))
    return redirect("ticket", ticket.pk)


def refused(
    request: StaffRequest, staff: Staff, ticket: Ticket, error: TicketError, **more: object
) -> HttpResponse:
    """Show the ticket as it is by now, why nothing was done, and what had been typed."""
    fresh = Ticket.objects.select_related("question", "department", "office", "clerk__user")
    now = fresh.get(pk=ticket.pk)
    return shown(request, staff, now, status_of(error), refusal=refusal(error), **more)


urlpatterns = [
    path("tickets/<int:pk>/accept/", accept, name="ticket_accept"),
    path("tickets/<int:pk>/return/", give_back, name="ticket_return"),
    path("tickets/<int:pk>/pass-on/", pass_on, name="ticket_pass_on"),
    path("tickets/<int:pk>/note/", note, name="ticket_note"),
    path("tickets/<int:pk>/send-again/", send_again, name="ticket_send_again"),
]
