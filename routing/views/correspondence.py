"""How the office writes: letterhead, rules, retention."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from routing.forms.correspondence import CorrespondenceForm
from routing.models import Correspondence
from sessions_app.models import Staff
from sessions_app.views.access import PLANNING_ROLES, StaffRequest, office_access


@require_http_methods(["GET", "HEAD", "POST"])
@office_access(*PLANNING_ROLES)
def correspondence(request: StaffRequest, staff: Staff) -> HttpResponse:
    """Show and change how the office writes to citizens."""
    form = CorrespondenceForm(request.POST or None, instance=Correspondence.of(staff.office_id))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("correspondence", staff.office.slug)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"staff": staff, "section": "correspondence", "form": form}
    return render(request, "routing/correspondence/settings.html", context, status=status)


urlpatterns = [
    path("correspondence/<slug:slug>/", correspondence, name="correspondence"),
]
