"""Departments: list, edit, members, import and export."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from routing.forms.departments import DepartmentForm, MembersForm, TableForm
from routing.models import Department
from routing.queries import departments as queries
from routing.services import department_table
from routing.services import departments as service
from sessions_app.models import Staff
from sessions_app.views.access import PLANNING_ROLES, StaffRequest, office_access

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@office_access(*PLANNING_ROLES)
def departments(request: StaffRequest, staff: Staff) -> HttpResponse:
    """List the departments, what they are responsible for, and whether mail reaches them."""
    return _list(request, staff)


@get_or_post
@office_access(*PLANNING_ROLES)
def new(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Create a department."""
    form = DepartmentForm(request.POST or None, office=staff.office)
    if request.method == "POST" and form.is_valid():
        department = service.create(staff.office, form.given())
        messages.success(request, _("Saved. Now choose who works there."))
        return redirect("department", staff.office.slug, department.pk)
    return _page(request, "new", staff, form=form)


@get_or_post
@office_access(*PLANNING_ROLES)
def department(request: StaffRequest, staff: Staff, department_id: int) -> HttpResponse:
    """Show and change a department."""
    found = _department(staff, department_id)
    # A second object: a refused form must not change what the rest of the page says.
    instance = Department.objects.get(pk=found.pk)
    form = DepartmentForm(request.POST or None, instance=instance, office=staff.office)
    if request.method == "POST" and form.is_valid():
        service.change(found, form.given())
        messages.success(request, _("Saved."))
        return redirect("department", staff.office.slug, found.pk)
    return _edit(request, staff, found, form, _members_form(found))


@require_POST
@office_access(*PLANNING_ROLES)
def members(request: StaffRequest, staff: Staff, department_id: int) -> HttpResponse:
    """Choose who works there."""
    found = _department(staff, department_id)
    form = _members_form(found, request)
    if not form.is_valid():
        return _edit(request, staff, found, _form(found), form)
    service.set_members(found, form.given())
    messages.success(request, _("Saved."))
    return redirect("department", staff.office.slug, found.pk)


@require_POST
@office_access(*PLANNING_ROLES)
def ask(request: StaffRequest, staff: Staff, department_id: int) -> HttpResponse:
    """Send the mail by which the mailbox confirms itself once more."""
    found = _department(staff, department_id)
    if not found.mailbox:
        messages.warning(request, _("Please enter a mailbox first."))
        return _edit(request, staff, found, _form(found), _members_form(found), HTTPStatus.CONFLICT)
    service.ask_mailbox(found)
    messages.success(request, _("The confirmation was sent to the mailbox."))
    return redirect("department", staff.office.slug, found.pk)


@require_POST
@office_access(*PLANNING_ROLES)
def close(request: StaffRequest, staff: Staff, department_id: int) -> HttpResponse:
    """Take no new questions."""
    found = _department(staff, department_id)
    try:
        service.close(found)
    except service.HasOpenTickets as refused:
        text = ngettext(
            "%(n)d question still waits there. It has to be answered or passed on first.",
            "%(n)d questions still wait there. They have to be answered or passed on first.",
            refused.count,
        )
        messages.warning(request, text % {"n": refused.count})
        return _edit(request, staff, found, _form(found), _members_form(found), HTTPStatus.CONFLICT)
    messages.success(request, _("The department takes no new questions."))
    return redirect("departments", staff.office.slug)


@require_POST
@office_access(*PLANNING_ROLES)
def reopen(request: StaffRequest, staff: Staff, department_id: int) -> HttpResponse:
    """Take questions again."""
    found = _department(staff, department_id)
    service.reopen(found)
    messages.success(request, _("The department takes questions again."))
    return redirect("department", staff.office.slug, found.pk)


@require_safe
@office_access(*PLANNING_ROLES)
def export(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Return all open departments as a CSV file."""
    day = timezone.localdate(timezone=staff.office.zone)
    name = f"fachaemter-{staff.office.slug}-{day:%Y-%m-%d}.csv"
    return HttpResponse(
        department_table.write(staff.office),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@get_or_post
@office_access(*PLANNING_ROLES)
def import_table(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Take a file and show what it would change; a second POST with its text applies it."""
    if "confirmed" in request.POST:
        return _apply(request, staff, request.POST["confirmed"])
    form = TableForm(request.POST or None, request.FILES or None)
    if request.method != "POST" or not form.is_valid():
        if request.method == "POST" and not form.is_bound:
            form = TableForm({}, {})
        return _page(request, "import", staff, form=form)
    return _preview(request, staff, form, form.cleaned_data["table"])


def _apply(request: StaffRequest, staff: Staff, text: str) -> HttpResponse:
    data = text.encode("utf-8", "replace")
    table = department_table.read(staff.office, data)
    if table.problems:  # somebody changed the departments in between
        return _preview(request, staff, TableForm(), data)
    department_table.apply(staff.office, table)
    messages.success(request, _("The table was imported."))
    return redirect("departments", staff.office.slug)


def _preview(request: StaffRequest, staff: Staff, form: TableForm, data: bytes) -> HttpResponse:
    table = department_table.read(staff.office, data)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if table.problems else HTTPStatus.OK
    text = "" if table.problems else department_table.decoded(data)
    return _page(request, "import", staff, status, form=form, table=table, text=text)


def _list(request: StaffRequest, staff: Staff) -> HttpResponse:
    return _page(request, "list", staff, departments=queries.overview(staff.office))


def _department(staff: Staff, department_id: int) -> Department:
    return get_object_or_404(staff.office.departments, pk=department_id)


def _form(department: Department) -> DepartmentForm:
    return DepartmentForm(instance=department, office=department.office)


def _members_form(department: Department, request: StaffRequest | None = None) -> MembersForm:
    places = dict(department.members.values_list("staff", "is_deputy"))
    clerks = list(queries.clerks(department.office))
    return MembersForm(request.POST if request else None, clerks=clerks, places=places)


def _edit(
    request: StaffRequest,
    staff: Staff,
    department: Department,
    form: DepartmentForm,
    members: MembersForm,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    if form.errors or members.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {"form": form, "members": members, "department": department}
    return _page(request, "edit", staff, status, **context)


def _page(
    request: StaffRequest,
    page: str,
    staff: Staff,
    status: HTTPStatus = HTTPStatus.OK,
    **more: object,
) -> HttpResponse:
    form = more.get("form")
    if isinstance(form, DepartmentForm | TableForm) and form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {"staff": staff, "section": "departments", **more}
    return render(request, f"routing/departments/{page}.html", context, status=status)


ONE = "departments/<slug:slug>/<int:department_id>/"

urlpatterns = [
    path("departments/<slug:slug>/", departments, name="departments"),
    path("departments/<slug:slug>/new/", new, name="department_new"),
    path("departments/<slug:slug>/export/", export, name="departments_export"),
    path("departments/<slug:slug>/import/", import_table, name="departments_import"),
    path(ONE, department, name="department"),
    path(f"{ONE}members/", members, name="department_members"),
    path(f"{ONE}ask/", ask, name="department_ask"),
    path(f"{ONE}close/", close, name="department_close"),
    path(f"{ONE}reopen/", reopen, name="department_reopen"),
]
