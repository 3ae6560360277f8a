"""The answer: draft, sending, preview of the e-mail, release by the mayor's staff."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from routing.enums import AnswerState
from routing.forms.answers import AnswerForm
from routing.forms.tickets import ReasonForm
from routing.models import Answer, Ticket
from routing.queries import ticket as queries
from routing.services.mail_out import letters
from routing.services.work import actors, answers
from routing.services.work.answers import Collision
from routing.services.work.tickets import TicketError, WrongState
from routing.views.access import ticket_access
from routing.views.refusals import refusal, status_of
from routing.views.ticket import PAGE, shown
from routing.views.ticket_actions import UNPROCESSABLE, refused
from routing.views.uploads import add_files
from sessions_app.models import Staff
from sessions_app.views.access import StaffRequest

# Nothing in a mail may act or be fetched; its styles stand in it.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"

Act = Callable[[StaffRequest, Staff, Ticket, Answer], HttpResponse]


def editing(act: Act) -> Callable[..., HttpResponse]:
    """Return the view that first saves what was typed and chosen as the draft, then does `act`.

    So whatever is refused afterwards, nothing typed is lost. 409 with a colleague's text if the
    draft was changed meanwhile, 422 for what cannot be saved.
    """

    @require_POST
    @ticket_access
    def edited(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return _unsaved(request, staff, ticket)
        given = form.cleaned_data
        try:
            draft = answers.save_draft(ticket, by=actors.of(staff), **given)
            problems = add_files(draft, request)
            if problems:
                return shown(request, staff, ticket, UNPROCESSABLE, problems=problems)
            return act(request, staff, ticket, draft)
        except TicketError as error:
            return _refused(request, staff, ticket, error, given["text"])

    return edited


@editing
def draft(request: StaffRequest, staff: Staff, ticket: Ticket, saved: Answer) -> HttpResponse:
    """Say that the draft is saved; for htmx with its new version."""
    if request.htmx:
        with timezone.override(ticket.office.zone):
            return render(request, f"{PAGE}#saved", {"draft": saved})
    messages.success(request, _("The draft is saved."))
    return redirect("ticket", ticket.pk)


@editing
def answer(request: StaffRequest, staff: Staff, ticket: Ticket, saved: Answer) -> HttpResponse:
    """Hand the answer in: to the citizen, or for release where the department needs it."""
    given = answers.submit(ticket, by=actors.of(staff), text=saved.text, version=saved.version)
    messages.success(request, _said(given, ticket))
    return redirect("ticket", ticket.pk)


@editing
def add_to_draft(
    request: StaffRequest, staff: Staff, ticket: Ticket, saved: Answer
) -> HttpResponse:
    """Go back to the editor, which shows the files by now."""
    return redirect(f"{reverse('ticket', args=(ticket.pk,))}#editor")


@csp_update({"frame-src": [SELF]})
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Show the e-mail as the citizen will get it; a POST saves the draft first."""
    view = _preview_of_draft if request.method == "POST" else _preview
    return view(request, **kwargs)


@require_safe
@xframe_options_sameorigin
@ticket_access
def preview_html(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Return the e-mail's HTML alone, for the frame of the preview."""
    shown_answer = _unfinished(ticket)
    if shown_answer is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    response = HttpResponse(letters.preview(ticket, shown_answer.text)[2])
    response["Content-Security-Policy"] = MAIL_POLICY
    return response


@require_POST
@ticket_access
def release(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Let the answer go to the citizen."""
    pending = _pending(ticket)
    try:
        answers.release(pending, by=actors.of(staff))
    except TicketError as error:
        return refused(request, staff, ticket, error)
    messages.success(request, _said(pending, ticket))
    return redirect("ticket", ticket.pk)


@require_POST
@ticket_access
def reject(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    """Give the answer back to the department with a reason."""
    form = ReasonForm(request.POST, prefix="reject")
    if not form.is_valid():
        return shown(request, staff, ticket, UNPROCESSABLE, reject_form=form)
    try:
        answers.reject(_pending(ticket), by=actors.of(staff), reason=form.cleaned_data["reason"])
    except TicketError as error:
        return refused(request, staff, ticket, error, reject_form=form)
    messages.success(request, _("The department gets the answer back with your reason."))
    return redirect("ticket", ticket.pk)


@editing
def _preview_of_draft(
    request: StaffRequest, staff: Staff, ticket: Ticket, saved: Answer
) -> HttpResponse:
    return redirect("ticket_preview", ticket.pk)


@ticket_access
def _preview(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    looked_at = _unfinished(ticket)
    if looked_at is None:
        return redirect("ticket", ticket.pk)
    subject, text, _html = letters.preview(ticket, looked_at.text)
    context = {
        "staff": staff,
        "section": "tickets",
        "ticket": ticket,
        "question": ticket.question,
        "answer": looked_at,
        "is_draft": looked_at.state == AnswerState.DRAFT,
        "subject": subject,
        "text": text,
        "files": queries.files(looked_at),
    }
    return render(request, "routing/tickets/preview.html", context)


def _unfinished(ticket: Ticket) -> Answer | None:
    states = (AnswerState.DRAFT, AnswerState.IN_RELEASE)
    return ticket.answers.filter(state__in=states).defer("original").first()


def _pending(ticket: Ticket) -> Answer:
    """Return the answer to decide on; one that was decided meanwhile is refused by the verb."""
    found = ticket.answers.order_by("state", "-pk").defer("original")
    return found.filter(state=AnswerState.IN_RELEASE).first() or Answer(ticket=ticket)


def _said(answer: Answer, ticket: Ticket) -> str:
    question = ticket.question
    if answer.state == AnswerState.IN_RELEASE:
        return _("The mayor's office now has the answer for release.")
    if question and question.may_be_mailed:
        return _("The answer is on its way to the citizen.")
    if question and question.address:
        return _("The answer is kept until the citizen has confirmed the address.")
    return _("The answer is kept here. Without an address it does not reach the citizen.")


def _is_handed_in(ticket: Ticket, text: str) -> bool:
    newest = ticket.answers.exclude(state=AnswerState.DRAFT).defer("original").last()
    return newest is not None and newest.text == text


def _unsaved(request: StaffRequest, staff: Staff, ticket: Ticket) -> HttpResponse:
    why = _("The text is too long, or has characters that cannot be saved.")
    if request.htmx:
        return render(request, f"{PAGE}#unsaved", {"why": why}, status=UNPROCESSABLE)
    typed = request.POST.get("text", "")
    return shown(request, staff, ticket, UNPROCESSABLE, refusal=why, typed=typed)


def _refused(
    request: StaffRequest, staff: Staff, ticket: Ticket, error: TicketError, typed: str
) -> HttpResponse:
    """Say why, with what was typed; after a collision saving once more replaces the colleague's."""
    if isinstance(error, WrongState) and _is_handed_in(ticket, typed):
        return redirect("ticket", ticket.pk)  # the same press once more
    theirs = error.answer if isinstance(error, Collision) else None
    if request.htmx:
        context = {"theirs": theirs, "why": refusal(error)}
        return render(request, f"{PAGE}#unsaved", context, status=status_of(error))
    more: dict[str, object] = {"typed": typed}
    if theirs:
        more |= {"theirs": theirs, "version": theirs.version}
    return refused(request, staff, ticket, error, **more)


urlpatterns = [
    path("tickets/<int:pk>/draft/", draft, name="ticket_draft"),
    path("tickets/<int:pk>/answer/", answer, name="ticket_answer"),
    path("tickets/<int:pk>/files/", add_to_draft, name="ticket_files"),
    path("tickets/<int:pk>/preview/", preview, name="ticket_preview"),
    path("tickets/<int:pk>/preview/html/", preview_html, name="ticket_preview_html"),
    path("tickets/<int:pk>/release/", release, name="ticket_release"),
    path("tickets/<int:pk>/reject/", reject, name="ticket_reject"),
]
