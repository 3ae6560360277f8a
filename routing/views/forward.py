"""From the desk: mark messages, choose departments, ask the citizen, and see how far that is."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from routing import redaction
from routing.enums import Unanswered
from routing.forms.forward import ForwardForm
from routing.models import Department, Question
from routing.queries import forward as queries
from routing.redaction import Finding
from routing.services.forward import dialogue, forwarding, suggestions
from sessions_app.models import ConsultationSession, Conversation, Staff
from sessions_app.queries.excerpts import called
from sessions_app.views.access import Gone, StaffRequest, desk_access
from sessions_app.views.desk import conversation_of

PAGE = "routing/forward/page.html"
LIST = "routing/forward/undecided.html"
MOST_MARKED = 100


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the question: plain, or with what was found in it."""

    text: str
    finding: Finding | None

    @property
    def place(self) -> str:
        """How the page names it when it is to be taken out."""
        return f"{self.finding.start}-{self.finding.end}" if self.finding else ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A department to choose, with the reasons why it is suggested, if it is."""

    department: Department
    reasons: tuple[str, ...]
    is_lead: bool
    is_consulted: bool


@require_http_methods(["GET", "HEAD", "POST"])
@desk_access
def forward(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Show the form with what was marked; forward, or take something out of the question."""
    conversation = conversation_of(session, conversation_id)
    if request.method != "POST":
        marked = [int(pk) for pk in request.GET.getlist("m")[:MOST_MARKED] if _is_key(pk)]
        text = queries.words_of(conversation, marked)
        form = ForwardForm(initial={"text": text}, conversation=conversation)
        return _page(request, staff, conversation, form, text, marked=marked)
    if "redact" in request.POST:
        return _redacted(request, staff, conversation)
    form = ForwardForm(request.POST, conversation=conversation)
    if not form.is_valid():
        return _refused(request, staff, conversation, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _forward(request, staff, conversation, form)


@require_POST
@desk_access
def check(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Return what is found in the question as it is typed, and the departments that fit it."""
    conversation = conversation_of(session, conversation_id)
    form = ForwardForm(request.POST, conversation=conversation)
    context = _context(staff, conversation, form, _typed(request.POST))
    return render(request, f"{PAGE}#found", context)


@require_safe
@desk_access
def questions(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Return the conversation's questions and how far they are, for the pane."""
    conversation = conversation_of(session, conversation_id)
    asked = queries.of_conversation(conversation)
    context = {"staff": staff, "session": session, "asked": asked, "choices": Unanswered}
    return render(request, "routing/forward/_questions.html", context)


@require_safe
@desk_access
def undecided(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    """List the questions of the hour that the person has not decided about."""
    return _undecided(request, staff, session)


def changing(
    change: Callable[[Question, Staff, StaffRequest], object],
) -> Callable[..., HttpResponse]:
    """Return a view that changes an undecided question; 409 if it is decided meanwhile."""

    @require_POST
    @desk_access
    def changed(
        request: StaffRequest, staff: Staff, session: ConsultationSession, question_id: int
    ) -> HttpResponse:
        question = _question(session, question_id)
        status = HTTPStatus.OK
        try:
            change(question, staff, request)
        except dialogue.NotAsking:
            status = HTTPStatus.CONFLICT
        if request.htmx:
            return HttpResponse(status=status if status >= HTTPStatus.BAD_REQUEST else 204)
        if status == HTTPStatus.CONFLICT:
            notes.warning(request, _("The person has decided meanwhile."))
        return redirect("desk_undecided", session.pk)

    return changed


def _decide(question: Question, _staff: Staff, request: StaffRequest) -> None:
    chosen = request.POST.get("if_unanswered")
    if chosen not in Unanswered.values:
        raise Http404
    dialogue.decide(question, Unanswered(chosen))


decide = changing(_decide)
drop = changing(lambda question, staff, _request: dialogue.drop(question, by=staff))
remind = changing(lambda question, _staff, _request: dialogue.remind(question))


def _forward(
    request: StaffRequest, staff: Staff, conversation: Conversation, form: ForwardForm
) -> HttpResponse:
    try:
        question = forwarding.forward(conversation, form.given(), by=staff)
    except forwarding.ConversationClosed as closed:
        raise Gone from closed
    except forwarding.ForwardingError:  # a department was closed, or a picture erased, meanwhile
        form.add_error(None, _("Something of that is no longer there. Please look once more."))
        return _refused(request, staff, conversation, form, HTTPStatus.CONFLICT)
    if request.htmx:
        return HttpResponse(question.reference, content_type="text/plain")
    return redirect("desk_conversation", conversation.session_id, conversation.pk)


def _redacted(request: StaffRequest, staff: Staff, conversation: Conversation) -> HttpResponse:
    """Show the form with one finding, or all, taken out of the question as it was sent."""
    wanted, text = request.POST["redact"], _typed(request.POST)
    found = _find(text, conversation)
    chosen = [each for each in found if wanted in {"all", f"{each.start}-{each.end}"}]
    data = request.POST.copy()
    data["text"] = rest = redaction.redacted(text, chosen)
    form = ForwardForm(data, conversation=conversation)
    return _page(request, staff, conversation, form, rest)


def _refused(
    request: StaffRequest,
    staff: Staff,
    conversation: Conversation,
    form: ForwardForm,
    status: HTTPStatus,
) -> HttpResponse:
    text = _typed(request.POST)
    return _page(request, staff, conversation, form, text, status=status, is_refused=True)


def _page(
    request: StaffRequest,
    staff: Staff,
    conversation: Conversation,
    form: ForwardForm,
    text: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    **more: object,
) -> HttpResponse:
    context = _context(staff, conversation, form, text) | more
    template = f"{PAGE}#form" if request.htmx else PAGE
    if not request.htmx:
        context["markable"] = queries.markable(conversation)
    with timezone.override(conversation.session.office.zone):
        return render(request, template, context, status=status)


def _context(
    staff: Staff, conversation: Conversation, form: ForwardForm, text: str
) -> dict[str, Any]:
    found = _find(text, conversation)
    return {
        "staff": staff,
        "section": "desk",
        "session": conversation.session,
        "conversation": conversation,
        "title": called(conversation),
        "form": form,
        "text": text,
        "segments": _segments(text, found) if found else [],
        "findings": found,
        "offers": _offers(conversation, form, text),
        "pictures": queries.pictures(conversation),
        "chosen_pictures": _chosen(form, "pictures"),
        "today": timezone.localdate(timezone=conversation.session.office.zone),
    }


def _offers(conversation: Conversation, form: ForwardForm, text: str) -> list[Offer]:
    """Return the active departments, suggested ones first; none is chosen but by a person."""
    office = conversation.session.office
    lead, consulted = _chosen(form, "lead"), _chosen(form, "consulted")
    suggested = {each.department.pk: each.reasons for each in suggestions.suggest(office, text)}
    departments = {each.pk: each for each in Department.objects.filter(office=office).active()}
    order = [*suggested, *(pk for pk in departments if pk not in suggested)]
    return [
        Offer(departments[pk], suggested.get(pk, ()), pk in lead, pk in consulted)
        for pk in order
        if pk in departments
    ]


def _chosen(form: ForwardForm, field: str) -> Collection[int]:
    data = form.data.getlist(field) if isinstance(form.data, QueryDict) else []
    return {int(pk) for pk in data if _is_key(pk)}


def _find(text: str, conversation: Conversation) -> list[Finding]:
    return redaction.find(text, names=[conversation.name or ""])


def _segments(text: str, findings: list[Finding]) -> list[Segment]:
    segments, end = [], 0
    for finding in findings:
        segments.append(Segment(text[end : finding.start], None))
        segments.append(Segment(text[finding.start : finding.end], finding))
        end = finding.end
    return [*segments, Segment(text[end:], None)]


def _typed(data: QueryDict) -> str:
    return data.get("text", "").replace("\r\n", "\n")[: forwarding.LONGEST]


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 19  # what a database can look for


def _question(session: ConsultationSession, question_id: int) -> Question:
    rows = Question.objects.filter(conversation__session=session)
    found = rows.filter(pk=question_id).first() if _is_key(str(question_id)) else None
    if found is None:
        raise Http404
    return found


def _undecided(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    context = {
        "staff": staff,
        "section": "desk",
        "session": session,
        "asked": queries.undecided(session),
        "choices": Unanswered,
    }
    return render(request, f"{LIST}#list" if request.htmx else LIST, context)


CONVERSATION = "desk/<int:session_id>/<int:conversation_id>/"
QUESTION = "desk/<int:session_id>/questions/<int:question_id>/"

urlpatterns = [
    path(f"{CONVERSATION}forward/", forward, name="desk_forward"),
    path(f"{CONVERSATION}forward/check/", check, name="desk_forward_check"),
    path(f"{CONVERSATION}questions/", questions, name="desk_questions"),
    path("desk/<int:session_id>/questions/", undecided, name="desk_undecided"),
    path(f"{QUESTION}decide/", decide, name="desk_question_decide"),
    path(f"{QUESTION}drop/", drop, name="desk_question_drop"),
    path(f"{QUESTION}remind/", remind, name="desk_question_remind"),
]
