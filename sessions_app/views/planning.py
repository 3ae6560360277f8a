"""Pages to plan, cancel, end and extend sessions, and the auditor's proofs of erasure."""

from http import HTTPStatus

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sessions_app import wording
from sessions_app.enums import Role, SessionState
from sessions_app.forms.planning import CancelForm, ExtendForm, PlanForm
from sessions_app.models import ConsultationSession, Staff
from sessions_app.queries import planning as queries
from sessions_app.services import sessions
from sessions_app.views.access import PLANNING_ROLES, StaffRequest, office_access

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@office_access(*PLANNING_ROLES)
def planning(request: StaffRequest, staff: Staff) -> HttpResponse:
    """List what runs, what is to come and what was."""
    return _list(request, staff)


@get_or_post
@office_access(*PLANNING_ROLES)
def plan(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Plan a session."""
    form = PlanForm(request.POST or None, office=staff.office)
    if request.method == "POST" and form.is_valid() and (session := _planned(form, staff)):
        messages.success(request, _("Planned: %(when)s.") % {"when": wording.when(session)})
        return redirect("planning", staff.office.slug)
    return _form_page(request, "plan", staff, form)


@get_or_post
@office_access(*PLANNING_ROLES)
def cancel(request: StaffRequest, staff: Staff, session_id: int) -> HttpResponse:
    """Cancel a session that has not begun; the page asks for a reason first."""
    session = _session(staff, session_id)
    form = CancelForm(request.POST or None)
    if session.state(timezone.now()) is not SessionState.PLANNED:
        return _wrong_state(request, staff)
    if request.method == "POST" and form.is_valid():
        try:
            sessions.cancel(session, reason=form.cleaned_data["reason"], by=staff)
        except sessions.WrongState:
            return _wrong_state(request, staff)
        messages.success(request, _("Cancelled. The public page says so already."))
        return redirect("planning", staff.office.slug)
    return _form_page(request, "cancel", staff, form, session)


@get_or_post
@office_access(*PLANNING_ROLES)
def end(request: StaffRequest, staff: Staff, session_id: int) -> HttpResponse:
    """End a running session before its time; the page asks for confirmation first."""
    session = _session(staff, session_id)
    if session.state(timezone.now()) is not SessionState.OPEN:
        return _wrong_state(request, staff)
    if request.method == "POST":
        try:
            sessions.end_early(session, by=staff)
        except sessions.WrongState:
            return _wrong_state(request, staff)
        messages.success(request, _("The hour has ended. Its wrap-up has begun."))
        return redirect("planning", staff.office.slug)
    return _form_page(request, "end", staff, None, session)


@require_POST
@office_access(*PLANNING_ROLES)
def extend(request: StaffRequest, staff: Staff, session_id: int) -> HttpResponse:
    """Move the end of a running session."""
    session = _session(staff, session_id)
    form = ExtendForm(request.POST)
    if not form.is_valid():
        return _list(request, staff, refusal=_("Please choose by how much the hour grows."))
    try:
        sessions.extend(session, minutes=form.cleaned_data["minutes"])
    except sessions.WrongState:
        return _wrong_state(request, staff)
    except (sessions.Overlaps, sessions.BadTimes) as error:
        return _list(request, staff, refusal=refusal(error))
    messages.success(request, _("The hour was extended."))
    return redirect("planning", staff.office.slug)


@require_safe
@office_access(Role.AUDITOR, Role.ADMIN)
def erasure_records(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Show what was erased, in counts, and who asked to see a number."""
    context = {
        "staff": staff,
        "section": "records",
        "records": queries.erasure_records(staff.office),
        "reveals": queries.number_reveals(staff.office),
    }
    return render(request, "sessions_app/planning/records.html", context)


def refusal(error: sessions.SessionError) -> str:
    """Return the sentence that tells why a session cannot have these times."""
    if isinstance(error, sessions.Overlaps):
        return _("There is another session at this time. Its wrap-up counts as well.")
    return _("A session ends after it begins, lasts twelve hours at most and lies in the future.")


def _planned(form: PlanForm, staff: Staff) -> ConsultationSession | None:
    data = form.cleaned_data
    try:
        return sessions.plan(
            staff.office,
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            topic=data["topic"],
            wrap_up_minutes=data["wrap_up_minutes"],
        )
    except (sessions.Overlaps, sessions.BadTimes) as error:
        form.add_error(None, refusal(error))
        return None


def _session(staff: Staff, session_id: int) -> ConsultationSession:
    return get_object_or_404(staff.office.sessions.select_related("office"), pk=session_id)


def _form_page(
    request: StaffRequest,
    page: str,
    staff: Staff,
    form: BaseForm | None,
    session: ConsultationSession | None = None,
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form and form.errors else HTTPStatus.OK
    context = {"staff": staff, "section": "planning", "form": form, "session": session}
    return render(request, f"sessions_app/planning/{page}.html", context, status=status)


def _wrong_state(request: StaffRequest, staff: Staff) -> HttpResponse:
    moved_on = _("That is no longer possible: the session has moved on in the meantime.")
    return _list(request, staff, refusal=moved_on, status=HTTPStatus.CONFLICT)


def _list(
    request: StaffRequest,
    staff: Staff,
    *,
    refusal: str = "",
    status: HTTPStatus | None = None,
) -> HttpResponse:
    now = timezone.now()
    context = {
        "staff": staff,
        "section": "planning",
        "ahead": [(session, session.state(now)) for session in queries.ahead(staff.office, now)],
        "past": [(session, session.state(now)) for session in queries.past(staff.office, now)],
        "extend_form": ExtendForm(),
        "refusal": refusal,
    }
    status = status or (HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK)
    return render(request, "sessions_app/planning/list.html", context, status=status)


urlpatterns = [
    path("planning/<slug:slug>/", planning, name="planning"),
    path("planning/<slug:slug>/new/", plan, name="plan"),
    path("planning/<slug:slug>/<int:session_id>/cancel/", cancel, name="cancel"),
    path("planning/<slug:slug>/<int:session_id>/end/", end, name="end"),
    path("planning/<slug:slug>/<int:session_id>/extend/", extend, name="extend"),
    path("records/<slug:slug>/", erasure_records, name="erasure_records"),
]
