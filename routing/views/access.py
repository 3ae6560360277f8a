"""Who may enter the departments' pages: login, then a role that deals with tickets, then the ticket."""

from functools import wraps
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from routing.models import Ticket
from routing.queries.viewers import GONE, NOT_FOR_CLERKS, Viewer, viewer
from sessions_app.models import Staff
from sessions_app.views.access import LARGEST_ID, Gone, StaffRequest, View, signed_in
from sprechstunde.vault.errors import KeyUnavailable

HTTP_GONE = 410


def portal_access(view: View) -> View:
    """Let clerks, hosts and assistants in; to all others the page does not exist.

    The view gets `(request, viewer, …)`.
    """

    @wraps(view)
    @signed_in
    def entered(request: StaffRequest, **kwargs: object) -> HttpResponse:
        return view(request, _viewer(request), **kwargs)

    return cast("View", entered)


def ticket_access(view: View) -> View:
    """Let those in who may see the ticket `pk`, while it has content.

    The view gets `(request, staff, ticket, …)`; `staff` is the role in the ticket's office. Others are
    answered 404; 410 where the ticket is withdrawn or erased, or its key is gone.
    """

    @wraps(view)
    @signed_in
    def entered(request: StaffRequest, pk: int, **kwargs: object) -> HttpResponse:
        staff, ticket = _ticket(_viewer(request), pk)
        if ticket.state in GONE:
            return gone(request, staff)
        try:
            return view(request, staff, ticket, **kwargs)
        except (Gone, KeyUnavailable):
            return gone(request, staff)

    return cast("View", entered)


def gone(request: HttpRequest, staff: Staff) -> HttpResponse:
    """Answer 410: a page, or only its message where htmx asks."""
    page = "routing/tickets/gone.html"
    template = f"{page}#message" if request.headers.get("HX-Request") else page
    response = render(request, template, {"staff": staff, "section": "tickets"}, status=HTTP_GONE)
    response["Cache-Control"] = "no-store, private"
    return response


def _viewer(request: StaffRequest) -> Viewer:
    found = viewer(request.user)
    if found is None:
        raise Http404
    return found


def _ticket(by: Viewer, pk: int) -> tuple[Staff, Ticket]:
    if pk > LARGEST_ID:
        raise Http404
    related = ("question", "department", "office", "clerk__user")
    ticket = Ticket.objects.select_related(*related).filter(pk=pk).first()
    staff = by.role_for(ticket) if ticket else None
    if ticket is None or staff is None:
        raise Http404
    if not staff.talks and ticket.state in NOT_FOR_CLERKS - GONE:
        raise Http404
    return staff, ticket
