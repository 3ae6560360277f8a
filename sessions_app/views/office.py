"""The administration's pages: an office's settings and its staff."""

from http import HTTPStatus
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app.enums import Role
from sessions_app.forms.office import AdmitForm, OfficeForm, PersonForm
from sessions_app.models import Office, Staff
from sessions_app.queries import planning as queries
from sessions_app.services import staff as service
from sessions_app.views.access import StaffRequest, office_access, signed_in

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
@office_access(Role.ADMIN)
def settings(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Show and change all settings of the office."""
    # A second object: a refused form must not change what the rest of the page says.
    form = OfficeForm(
        request.POST or None,
        instance=Office.objects.get(pk=staff.office_id),
        initial=_without_own_privacy_page(staff.office),
    )
    if request.method == "POST" and form.is_valid():
        office = form.save()
        _link_own_privacy_page(request, office)
        messages.success(request, _("Saved."))
        return redirect("office_settings", office.slug)
    return _page(request, "settings", staff, form)


@get_or_post
@signed_in
def new(request: StaffRequest) -> HttpResponse:
    """Set up an office; only for the operator's account (`manage.py createsuperuser`)."""
    if not request.user.is_superuser:
        raise PermissionDenied
    form = OfficeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            office = form.save()
            _link_own_privacy_page(request, office)
            Staff.objects.create(user=request.user, office=office, role=Role.ADMIN)
        return redirect("office_staff", office.slug)
    return _page(request, "new", None, form)


@get_or_post
@office_access(Role.ADMIN)
def staff_list(request: StaffRequest, staff: Staff) -> HttpResponse:
    """List the staff; a POST admits somebody and shows the one-time password once."""
    form = AdmitForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        admitted, password = service.admit(staff.office, **form.cleaned_data)
        return _staff_page(request, staff, AdmitForm(), shown_once=(admitted, password))
    return _staff_page(request, staff, form)


@get_or_post
@office_access(Role.ADMIN)
def person(request: StaffRequest, staff: Staff, staff_id: int) -> HttpResponse:
    """Change somebody's name, e-mail address and role."""
    member = _member(staff, staff_id)
    form = PersonForm(request.POST or None, initial=_as_known(member))
    if request.method == "POST" and form.is_valid() and _changed(form, member):
        messages.success(request, _("Saved."))
        return redirect("office_staff", staff.office.slug)
    return _page(request, "person", staff, form, member=member)


@require_POST
@office_access(Role.ADMIN)
def renew_password(request: StaffRequest, staff: Staff, staff_id: int) -> HttpResponse:
    """Replace somebody's password and show the new one once."""
    member = _member(staff, staff_id)
    try:
        password = service.renew_password(member)
    except service.BelongsElsewhere:
        return _refused(request, staff, _belongs_elsewhere())
    return _staff_page(request, staff, AdmitForm(), shown_once=(member, password))


@require_POST
@office_access(Role.ADMIN)
def dismiss(request: StaffRequest, staff: Staff, staff_id: int) -> HttpResponse:
    """Take somebody's role away."""
    try:
        service.dismiss(_member(staff, staff_id))
    except service.LastAdmin:
        return _refused(request, staff, _last_admin())
    messages.success(request, _("Removed."))
    return redirect("office_staff", staff.office.slug)


def _changed(form: PersonForm, member: Staff) -> bool:
    try:
        service.change(member, **form.cleaned_data)
    except service.LastAdmin:
        form.add_error("role", _last_admin())
    except service.BelongsElsewhere:
        form.add_error(None, _belongs_elsewhere())
    return form.is_valid()


def _as_known(member: Staff) -> dict[str, str]:
    user = member.user
    return {
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "role": member.role,
    }


def _last_admin() -> str:
    return _("An office needs somebody who administers it.")


def _belongs_elsewhere() -> str:
    return _("This account also belongs to another office; only its owner can change it.")


def _link_own_privacy_page(request: StaffRequest, office: Office) -> None:
    """Let the greeting link our short privacy page where the office has none of its own."""
    if not office.privacy_url:
        office.privacy_url = request.build_absolute_uri(reverse("privacy", args=[office.slug]))
        office.save(update_fields=("privacy_url",))


def _without_own_privacy_page(office: Office) -> dict[str, str]:
    own = reverse("privacy", args=[office.slug])
    return {"privacy_url": ""} if urlsplit(office.privacy_url).path == own else {}


def _member(staff: Staff, staff_id: int) -> Staff:
    return get_object_or_404(staff.office.staff.select_related("user"), pk=staff_id)


def _refused(request: StaffRequest, staff: Staff, reason: str) -> HttpResponse:
    messages.warning(request, reason)
    response = _staff_page(request, staff, AdmitForm())
    response.status_code = HTTPStatus.CONFLICT
    return response


def _staff_page(
    request: StaffRequest,
    staff: Staff,
    form: AdmitForm,
    shown_once: tuple[Staff, str] | None = None,
) -> HttpResponse:
    members = queries.staff(staff.office)
    return _page(request, "staff", staff, form, members=members, shown_once=shown_once)


def _page(
    request: StaffRequest, page: str, staff: Staff | None, form: BaseForm, **more: object
) -> HttpResponse:
    section = "staff" if page in {"staff", "person"} else "office"
    context = {"staff": staff, "section": section, "form": form, **more}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, f"sessions_app/office/{page}.html", context, status=status)


urlpatterns = [
    path("office/new/", new, name="office_new"),
    path("office/<slug:slug>/", settings, name="office_settings"),
    path("office/<slug:slug>/staff/", staff_list, name="office_staff"),
    path("office/<slug:slug>/staff/<int:staff_id>/", person, name="office_person"),
    path(
        "office/<slug:slug>/staff/<int:staff_id>/password/", renew_password, name="renew_password"
    ),
    path("office/<slug:slug>/staff/<int:staff_id>/dismiss/", dismiss, name="dismiss"),
]
