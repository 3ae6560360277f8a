"""Who may enter a page: login, then the role in the office, then whether the session can still be read."""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, resolve_url
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from sessions_app.enums import Role
from sessions_app.models import ConsultationSession, Office, Staff
from sessions_app.queries.roles import roles_of
from sessions_app.views.errors import gone
from sprechstunde.vault.errors import KeyUnavailable

View = Callable[..., HttpResponse]

MUST_CHANGE = "must_change_password"  # in the login's session: the page to be opened afterwards
LARGEST_ID = 2**63 - 1  # that a database can look for
DESK_ROLES = (Role.HOST, Role.ASSISTANT)
PLANNING_ROLES = (Role.HOST, Role.ASSISTANT, Role.ADMIN)


class StaffRequest(HttpRequest):
    """A request that passed `signed_in`."""

    user: User
    htmx: HtmxDetails


class Gone(Exception):
    """What was asked for is erased, or its hour is over; shown as "no longer available" (410)."""


def signed_in(view: View) -> View:
    """Ask for a login first; nothing that is shown behind it is stored by a browser or proxy."""

    @wraps(view)
    def entered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated:
            return _to_login(cast("StaffRequest", request))
        if MUST_CHANGE in request.session:
            return _to_own_password(request)
        response = view(request, *args, **kwargs)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response

    return entered


def office_access(*roles: Role) -> Callable[[View], View]:
    """Let staff with one of `roles` in the office `slug` in; to all others the page does not exist.

    The view gets `(request, staff, …)`; `staff.office` is the office.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @signed_in
        def entered(request: StaffRequest, slug: str, **kwargs: object) -> HttpResponse:
            staff = _staff(request, roles, lambda office: office.slug == slug)
            return view(request, staff, **kwargs)

        return cast("View", entered)

    return decorate


def desk_access(view: View) -> View:
    """Let host and assistants of the session `session_id` in, while its content may be read.

    The view gets `(request, staff, session, …)`. A session past its end and a destroyed key are
    answered 410 "no longer available", for htmx as a fragment.
    """

    @wraps(view)
    @signed_in
    def entered(request: StaffRequest, session_id: int, **kwargs: object) -> HttpResponse:
        if session_id > LARGEST_ID:
            raise Http404
        session = get_object_or_404(ConsultationSession, pk=session_id)
        staff = _staff(request, DESK_ROLES, lambda office: office.pk == session.office_id)
        session.office = staff.office
        try:
            if not session.is_readable(timezone.now()):
                return gone(request)
            return view(request, staff, session, **kwargs)
        except (Gone, KeyUnavailable):
            return gone(request)

    return cast("View", entered)


def _staff(
    request: StaffRequest, roles: tuple[Role, ...], is_here: Callable[[Office], bool]
) -> Staff:
    for staff in roles_of(request.user):
        if staff.role in roles and is_here(staff.office):
            return staff
    raise Http404


def _to_own_password(request: HttpRequest) -> HttpResponse:
    # A link from an e-mail, say, is opened afterwards; a part of a page is not.
    if request.method == "GET" and "HX-Request" not in request.headers:
        request.session[MUST_CHANGE] = request.get_full_path()
    return redirect("own_password")


def _to_login(request: StaffRequest) -> HttpResponse:
    if not request.htmx:
        return redirect_to_login(request.get_full_path())
    try:
        page = request.htmx.current_url_abs_path
    except ValueError:  # the header is no address
        page = None
    page = page or resolve_url("desk")
    return HttpResponseClientRedirect(redirect_to_login(page)["Location"])
