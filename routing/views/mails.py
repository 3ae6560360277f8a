"""Outgoing e-mails that are stuck or failed: what to do, without their content."""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from routing.models import OutgoingMail
from routing.queries import mails as queries
from routing.services.mail_out import sending
from sessions_app.models import Staff
from sessions_app.views.access import PLANNING_ROLES, StaffRequest, office_access


@require_safe
@office_access(*PLANNING_ROLES)
def mails(request: StaffRequest, staff: Staff) -> HttpResponse:
    """List them with what a person can do."""
    return _list(request, staff)


@require_POST
@office_access(*PLANNING_ROLES)
def again(request: StaffRequest, staff: Staff, mail_id: int) -> HttpResponse:
    """Send one again."""
    return _decide(request, staff, mail_id, sending.send_again, _("It is being sent again."))


@require_POST
@office_access(*PLANNING_ROLES)
def arrived(request: StaffRequest, staff: Staff, mail_id: int) -> HttpResponse:
    """Count one as sent."""
    return _decide(request, staff, mail_id, sending.has_arrived, _("It counts as sent."))


@require_POST
@office_access(*PLANNING_ROLES)
def dismiss(request: StaffRequest, staff: Staff, mail_id: int) -> HttpResponse:
    """Take one off the list."""
    return _decide(request, staff, mail_id, sending.dismiss, _("It is off the list."))


def _decide(
    request: StaffRequest,
    staff: Staff,
    mail_id: int,
    verb: Callable[[OutgoingMail], None],
    done: str,
) -> HttpResponse:
    mail = get_object_or_404(OutgoingMail, office=staff.office, pk=mail_id)
    try:
        verb(mail)
    except sending.WrongState:
        moved_on = _("That is no longer possible: the e-mail has moved on in the meantime.")
        return _list(request, staff, refusal=moved_on, status=HTTPStatus.CONFLICT)
    messages.success(request, done)
    return redirect("mails", staff.office.slug)


def _list(
    request: StaffRequest, staff: Staff, *, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "staff": staff,
        "section": "mails",
        "troubles": queries.troubles(staff.office, timezone.now()),
        "refusal": refusal,
    }
    return render(request, "routing/mails/list.html", context, status=status)


urlpatterns = [
    path("mails/<slug:slug>/", mails, name="mails"),
    path("mails/<slug:slug>/<int:mail_id>/again/", again, name="mail_again"),
    path("mails/<slug:slug>/<int:mail_id>/arrived/", arrived, name="mail_arrived"),
    path("mails/<slug:slug>/<int:mail_id>/dismiss/", dismiss, name="mail_dismiss"),
]
