"""The list of tickets: views, filters, search, live counts."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from routing.forms.tickets import BulkForm, ListForm
from routing.queries import tickets as queries
from routing.queries.search import search
from routing.queries.viewers import Viewer, viewer
from routing.services.work.live import room
from routing.views.access import portal_access
from sessions_app.views.access import MUST_CHANGE, StaffRequest
from sprechstunde.live import stream

PAGE = "routing/tickets/list.html"
# A stream ends after this; the browser comes again by itself, and its access is checked anew.
LISTENS_FOR = timedelta(minutes=10)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_access
def ticket_list(request: StaffRequest, by: Viewer) -> HttpResponse:
    """List tickets. A search is posted: one looks for names, and no address may hold them."""
    return list_page(request, by, ListForm(request.POST or request.GET).chosen())


@require_safe
@portal_access
def counts(request: StaffRequest, by: Viewer) -> HttpResponse:
    """Return the views with their counts."""
    chosen = ListForm(request.GET).chosen()
    tabs = queries.tabs(by, queries.today_of(by, timezone.now()))
    return render(request, f"{PAGE}#tabs", {"tabs": tabs, "chosen": chosen})


async def live(request: HttpRequest) -> HttpResponseBase:
    """Stream that tickets of the person's offices changed; never which, nor what.

    401 and 404 instead of pages: the browser then loads the page anew, which explains.
    """
    verdict = await sync_to_async(_rooms)(request)
    if isinstance(verdict, HTTPStatus):
        return HttpResponse(status=verdict)
    return await stream.response(*verdict, until=timezone.now() + LISTENS_FOR)


def list_page(
    request: StaffRequest,
    by: Viewer,
    chosen: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    **more: object,
) -> HttpResponse:
    """Show the list as chosen; for htmx only its lines."""
    now = timezone.now()
    context = _context(by, chosen, now) | more
    template = f"{PAGE}#lines" if request.htmx else PAGE
    with timezone.override(by.staff.office.zone):
        return render(request, template, context, status=status)


def address_of(chosen: dict[str, Any]) -> str:
    """Return what was chosen as the query of an address, without what was searched for."""
    return urlencode({name: chosen[name] for name in _KEPT if chosen[name]})


_KEPT = ("view", "department", "sort", "page")


def _context(by: Viewer, chosen: dict[str, Any], now: datetime) -> dict[str, Any]:
    today = queries.today_of(by, now)
    found = queries.chosen(by, chosen["view"], today, chosen["department"])
    looked = search(found, chosen["q"]) if chosen["q"] else None
    pages = Paginator(
        queries.ordered(looked.tickets if looked else found, chosen["sort"]).values_list(
            "pk", flat=True
        ),
        queries.PAGE,
    )
    page = pages.get_page(chosen["page"])
    targets = queries.targets(by)
    return {
        "staff": by.staff,
        "section": "tickets",
        "by": by,
        "chosen": chosen,
        "tabs": queries.tabs(by, today),
        "page": page,
        "rows": queries.rows(list(page.object_list), today),
        "read": looked.read if looked else None,
        "departments": queries.departments(by),
        "sorts": queries.Sort.choices,
        "form": BulkForm(targets=targets),
    }


def _rooms(request: HttpRequest) -> list[str] | HTTPStatus:
    """Return what this browser may hear, or the status that refuses it.

    Gives the database connection back: a stream lives long and must hold none.
    """
    try:
        if not isinstance(request.user, User) or MUST_CHANGE in request.session:
            return HTTPStatus.UNAUTHORIZED
        by = viewer(request.user)
        return [room(each.office_id) for each in by.roles] if by else HTTPStatus.NOT_FOUND
    finally:
        connections.close_all()


urlpatterns = [
    path("tickets/", ticket_list, name="tickets"),
    path("tickets/counts/", counts, name="ticket_counts"),
    path("tickets/live/", live, name="tickets_live"),
]
