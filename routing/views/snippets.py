"""The texts that a department uses again and again; its clerks and the mayor's office keep them."""

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from routing.forms.answers import SnippetForm
from routing.models import Department, Snippet
from routing.queries import tickets as queries
from routing.queries.viewers import Viewer
from routing.views.access import portal_access
from sessions_app.views.access import LARGEST_ID, StaffRequest

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@get_or_post
@portal_access
def snippets(request: StaffRequest, by: Viewer, department_id: int) -> HttpResponse:
    """List a department's texts; a POST adds one."""
    department = _department(by, department_id)
    form = SnippetForm(request.POST or None, department=department)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("snippets", department.pk)
    return _page(request, by, department, form)


@get_or_post
@portal_access
def snippet(request: StaffRequest, by: Viewer, department_id: int, snippet_id: int) -> HttpResponse:
    """Change a text."""
    department = _department(by, department_id)
    found = _snippet(department, snippet_id)
    form = SnippetForm(request.POST or None, instance=found, department=department)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("snippets", department.pk)
    return _page(request, by, department, form, found.pk)


@require_POST
@portal_access
def remove(request: StaffRequest, by: Viewer, department_id: int, snippet_id: int) -> HttpResponse:
    """Remove a text."""
    department = _department(by, department_id)
    _snippet(department, snippet_id).delete()
    messages.success(request, _("Removed."))
    return redirect("snippets", department.pk)


def _department(by: Viewer, department_id: int) -> Department:
    found = next((each for each in queries.departments(by) if each.pk == department_id), None)
    if found is None:
        raise Http404
    return found


def _snippet(department: Department, snippet_id: int) -> Snippet:
    return get_object_or_404(department.snippets, pk=min(snippet_id, LARGEST_ID))


def _page(
    request: StaffRequest,
    by: Viewer,
    department: Department,
    form: SnippetForm,
    changed: int | None = None,
) -> HttpResponse:
    context = {
        "staff": by.staff,
        "section": "tickets",
        "department": department,
        "snippets": list(department.snippets.all()),
        "form": form,
        "changed": changed,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "routing/tickets/snippets.html", context, status=status)


urlpatterns = [
    path("tickets/snippets/<int:department_id>/", snippets, name="snippets"),
    path("tickets/snippets/<int:department_id>/<int:snippet_id>/", snippet, name="snippet"),
    path(
        "tickets/snippets/<int:department_id>/<int:snippet_id>/remove/",
        remove,
        name="snippet_remove",
    ),
]
