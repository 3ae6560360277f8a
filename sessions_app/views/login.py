"""Login and logout with Django's own views, and where each role begins its work."""

from http import HTTPStatus

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import path, reverse_lazy
from django.views.i18n import set_language

from sessions_app.enums import Role
from sessions_app.forms.login import LoginForm, OwnPasswordForm
from sessions_app.models import Staff
from sessions_app.queries.roles import roles_of
from sessions_app.services import staff as service
from sessions_app.views.access import MUST_CHANGE, StaffRequest, signed_in

FIRST_PAGES = {
    Role.HOST: "desk",
    Role.ASSISTANT: "desk",
    Role.ADMIN: "office_settings",
    Role.AUDITOR: "erasure_records",
    Role.CLERK: "tickets",
}
WITHOUT_OFFICE = {"desk", "tickets"}  # pages for all offices of a person


class Login(LoginView):
    """The login page; whoever is logged in already goes on to work."""

    authentication_form = LoginForm
    redirect_authenticated_user = True
    extra_context = {"offers_language": True}

    def get_default_redirect_url(self) -> str:
        """Return the address where the user's role begins."""
        return resolve_url("start")

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Log in; with a one-time password everything waits until it is replaced."""
        response = super().form_valid(form)
        if service.has_one_time_password(form.get_user()):
            self.request.session[MUST_CHANGE] = resolve_url("start")
        return response


class OwnPassword(PasswordChangeView):
    """Replaces a password that somebody else has seen."""

    form_class = OwnPasswordForm
    template_name = "registration/own_password.html"
    success_url = reverse_lazy("start")

    def get_context_data(self, **context: object) -> dict[str, object]:
        """Tell the template whether the user has a choice."""
        must_change = MUST_CHANGE in self.request.session
        return super().get_context_data(must_change=must_change, **context)

    def form_valid(self, form: OwnPasswordForm) -> HttpResponse:  # type: ignore[override]
        """Save it and open the other pages."""
        response = super().form_valid(form)
        service.chose_own_password(form.user)
        wanted = self.request.session.pop(MUST_CHANGE, None)
        return redirect(wanted) if wanted else response


@signed_in
def start(request: StaffRequest) -> HttpResponse:
    """Send staff to where their role begins; let those with several roles choose."""
    roles = roles_of(request.user)
    if len(roles) == 1:
        return redirect(first_page(roles[0]))
    if not roles and request.user.is_superuser:
        return redirect("office_new")
    if not roles:
        return render(request, "registration/no_role.html", status=HTTPStatus.FORBIDDEN)
    choices = [(staff, first_page(staff)) for staff in roles]
    return render(request, "registration/choose_role.html", {"choices": choices})


def first_page(staff: Staff) -> str:
    """Return the address where the role of `staff` begins its work."""
    page = FIRST_PAGES[Role(staff.role)]
    return resolve_url(page) if page in WITHOUT_OFFICE else resolve_url(page, staff.office.slug)


urlpatterns = [
    path("login/", Login.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("password/", OwnPassword.as_view(), name="own_password"),
    path("start/", start, name="start"),
    path("language/", set_language, name="set_language"),
]
