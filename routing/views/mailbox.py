"""What a department reaches from the e-mail that proves its mailbox."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from routing.services.links import mailboxes
from routing.views.links import link_page, page, unknown


@link_page
def confirm_mailbox(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a press on the button; confirm the mailbox when it comes."""
    is_post = request.method == "POST"
    act = mailboxes.confirm if is_post else mailboxes.find
    department = act(token, timezone.now())
    if department is None:
        return unknown(request, token)
    context = {"department": department, "office": department.office, "is_confirmed": is_post}
    return page(request, "routing/mailbox/confirm.html", context)


urlpatterns = [path("mail/mailbox/<slug:token>/", confirm_mailbox, name="confirm_mailbox")]
