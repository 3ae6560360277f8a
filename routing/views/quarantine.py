"""Incoming mails that need a person: read as plain text, give them to a question, or discard them."""

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from routing.enums import Doubt
from routing.forms.quarantine import ANSWER, REPLY, AssignForm
from routing.mail.addresses import Purpose
from routing.mail.header_text import header
from routing.mail.parsing import Mail
from routing.models import IncomingMail
from routing.queries import quarantine as queries
from routing.services.mail_in import quarantine
from routing.services.work import answers, tickets
from sessions_app.models import Staff
from sessions_app.views.access import (
    DESK_ROLES,
    LARGEST_ID,
    Gone,
    StaffRequest,
    office_access,
)
from sessions_app.views.errors import gone
from sprechstunde.vault.errors import KeyUnavailable

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@office_access(*DESK_ROLES)
def listed(request: StaffRequest, staff: Staff) -> HttpResponse:
    """List what waits for a person, and what was recognised as automatic."""
    return _list(request, staff)


@get_or_post
@office_access(*DESK_ROLES)
def one(request: StaffRequest, staff: Staff, mail_id: int) -> HttpResponse:
    """Show one mail as plain text; a POST gives it to a question."""
    try:
        row = _row(staff, mail_id)
        mail = quarantine.mail_of(row)
    except (Gone, KeyUnavailable):
        return gone(request)
    initial = {
        "reference": row.ticket.reference if row.ticket else "",
        "department": row.ticket.department_id if row.ticket else None,
        "kind": REPLY if _is_citizens(row, mail) else ANSWER,
        "text": quarantine.suggested_text(mail),
    }
    form = AssignForm(request.POST or None, office=staff.office, initial=initial)
    if request.method == "POST" and form.is_valid():
        refusal = _assign(row, form, staff)
        if not refusal:
            messages.success(request, _("The e-mail now belongs to that question."))
            return redirect("quarantine", staff.office.slug)
        form.add_error(None, refusal)
    return _page(request, staff, row, mail, form)


@require_POST
@office_access(*DESK_ROLES)
def discard(request: StaffRequest, staff: Staff, mail_id: int) -> HttpResponse:
    """Erase one mail."""
    try:
        quarantine.discard(_row(staff, mail_id), by=staff)
    except (Gone, quarantine.QuarantineError):
        moved_on = _("That is no longer possible: somebody has already decided about this e-mail.")
        return _list(request, staff, refusal=moved_on, status=HTTPStatus.CONFLICT)
    messages.success(request, _("The e-mail is erased."))
    return redirect("quarantine", staff.office.slug)


def _assign(row: IncomingMail, form: AssignForm, staff: Staff) -> str:
    """Give the mail to the question; returns the sentence that tells why not, or nothing."""
    verb: Callable[..., None] = quarantine.resolve_as_reply
    if form.cleaned_data["kind"] == ANSWER:
        verb = quarantine.resolve_as_answer
    try:
        verb(row, ticket=form.ticket, by=staff, text=form.cleaned_data["text"])
    except answers.FileRefused as refused:
        return f"{refused.name}: {refused.reason.label}"
    except (tickets.TicketError, KeyUnavailable):
        return _("The question takes this no more in its state now.")
    except quarantine.QuarantineError:
        return _("That is no longer possible: somebody has already decided about this e-mail.")
    return ""


def _row(staff: Staff, mail_id: int) -> IncomingMail:
    if mail_id > LARGEST_ID:
        raise Http404
    row = queries.mail(staff.office, mail_id)
    if row is None:
        if IncomingMail.objects.filter(office=staff.office, pk=mail_id).exists():
            raise Gone
        raise Http404
    return row


def _is_citizens(row: IncomingMail, mail: Mail) -> bool:
    """Whether it looks like the citizen's: a guess for the form, which a person changes."""
    if row.ticket and row.ticket.question:
        return row.ticket.question.address == mail.sender
    return any(f"+{Purpose.CITIZEN}" in address for address in mail.recipients)


def _page(
    request: StaffRequest, staff: Staff, row: IncomingMail, mail: Mail, form: AssignForm
) -> HttpResponse:
    good, refused = quarantine.passable(mail)
    context = {
        "staff": staff,
        "section": "quarantine",
        "row": row,
        "mail": mail,
        "date": header(mail.message, "Date"),
        "form": form,
        "is_cut": row.doubt == Doubt.TOO_LARGE and not mail.text,
        "text": mail.text[: quarantine.LONGEST],
        "files": [name for name, _data in good],
        "refused": refused,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "routing/quarantine/mail.html", context, status=status)


def _list(
    request: StaffRequest, staff: Staff, *, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context = {
        "staff": staff,
        "section": "quarantine",
        "waiting": queries.waiting(staff.office),
        "automatic": queries.settled_by_itself(staff.office),
        "refusal": refusal,
    }
    return render(request, "routing/quarantine/list.html", context, status=status)


urlpatterns = [
    path("quarantine/<slug:slug>/", listed, name="quarantine"),
    path("quarantine/<slug:slug>/<int:mail_id>/", one, name="quarantined_mail"),
    path("quarantine/<slug:slug>/<int:mail_id>/discard/", discard, name="discard_mail"),
]
