"""What citizens reach from their e-mails: confirm the address, withdraw."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from routing.services.links import confirmation, withdrawal
from routing.views.links import link_page, page, unknown


@link_page
def confirm_address(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a press on the button; confirm the address when it comes."""
    now = timezone.now()
    if request.method != "POST":
        question = confirmation.find(token, now)
        template = "routing/citizen/confirm.html"
    else:
        question = confirmation.confirm(token, now)
        template = "routing/citizen/confirmed.html"
    if question is None:
        return unknown(request, token)
    return page(request, template, {"office": question.office})


@link_page
def withdraw_question(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a press on the button; take the question back when it comes."""
    question = withdrawal.find(token)
    if question is None:
        return unknown(request, token)
    context = {
        "office": question.office,
        "reference": question.reference,
        "is_confirmed": question.address_confirmed_at is not None,
    }
    if request.method != "POST":
        return page(request, "routing/citizen/withdraw.html", context)
    withdrawal.withdraw(question, now=timezone.now())
    return page(request, "routing/citizen/withdrawn.html", context)


urlpatterns = [
    path("mail/confirm/<slug:token>/", confirm_address, name="confirm_address"),
    path("mail/withdraw/<slug:token>/", withdraw_question, name="withdraw_question"),
]
