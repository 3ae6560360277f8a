"""What staff do on the desk. For htmx the changed part is the answer, else a redirect to the page."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app.forms.desk import ReactionForm, ReplyForm, SeenForm
from sessions_app.forms.planning import ExtendForm
from sessions_app.models import ConsultationSession, Conversation, Message, Staff
from sessions_app.queries.excerpts import excerpt
from sessions_app.services import conversations, messages, sessions
from sessions_app.views.access import Gone, StaffRequest, desk_access
from sessions_app.views.desk import (
    PAGE,
    around,
    conversation_of,
    opened_context,
    page_context,
    shown,
)

Change = Callable[[Conversation, Staff], object]


@require_POST
@desk_access
def reply(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Send a reply. 409 with the colleague's answer, or 422 with the reason, keep the text."""
    conversation = conversation_of(session, conversation_id)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _not_sent(request, staff, conversation, HTTPStatus.BAD_REQUEST, {})
    try:
        _reply(conversation, staff, form)
    except messages.TextRefused as refused:
        why: dict[str, object] = {"refused": refused.reason}
        return _not_sent(request, staff, conversation, HTTPStatus.UNPROCESSABLE_ENTITY, why)
    except messages.ColleagueAnswered as answered:
        why = {"colleague": answered.answer.author, "answer": excerpt(answered.answer)}
        return _not_sent(request, staff, conversation, HTTPStatus.CONFLICT, why)
    except messages.SessionClosed as closed:
        raise Gone from closed
    return _thread(request, staff, conversation)


@require_POST
@desk_access
def react(
    request: StaffRequest, staff: Staff, session: ConsultationSession, message_id: int
) -> HttpResponse:
    """Put an emoji to a citizen's message, or take it back."""
    message = _message(session, message_id)
    form = ReactionForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _decided(
        request,
        staff,
        message,
        lambda: messages.react(message, by=staff, emoji=form.cleaned_data["emoji"] or None),
    )


@require_POST
@desk_access
def again(
    request: StaffRequest, staff: Staff, session: ConsultationSession, message_id: int
) -> HttpResponse:
    """Send a stuck message once more."""
    message = _message(session, message_id)
    return _decided(request, staff, message, lambda: messages.send_again(message, by=staff))


@require_POST
@desk_access
def leave(
    request: StaffRequest, staff: Staff, session: ConsultationSession, message_id: int
) -> HttpResponse:
    """Leave a stuck message as it is."""
    message = _message(session, message_id)
    return _decided(request, staff, message, lambda: messages.give_up(message, by=staff))


def changing(change: Change) -> Callable[..., HttpResponse]:
    """Return the view that makes `change` to a conversation and answers with it."""

    @require_POST
    @desk_access
    def changed(
        request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
    ) -> HttpResponse:
        conversation = conversation_of(session, conversation_id)
        change(conversation, staff)
        return _thread(request, staff, conversation)

    return changed


@require_POST
@desk_access
def finish(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Mark a conversation as done. 409 with the messages if there is one that nobody has seen yet."""
    conversation = conversation_of(session, conversation_id)
    form = SeenForm(request.POST)
    if not form.is_valid():
        return _thread(request, staff, conversation, HTTPStatus.BAD_REQUEST)
    try:
        conversations.finish(conversation, last_seen=form.cleaned_data["last_seen"])
    except conversations.NotSeen:
        return _thread(request, staff, conversation, HTTPStatus.CONFLICT)
    return _thread(request, staff, conversation)


@require_POST
@desk_access
def number(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Show the citizen's number, this once, and note who asked."""
    conversation = conversation_of(session, conversation_id)
    revealed = conversations.reveal_number(conversation, by=staff)
    context = opened_context(request, staff, session, conversation, timezone.now())
    context |= {"number": revealed, "number_asked": True}
    if request.htmx:
        return shown(request, f"{PAGE}#number", context)
    return shown(request, PAGE, page_context(staff, session, timezone.now()) | context)


@require_POST
@desk_access
def extend(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    """Let the hour go on longer."""
    form = ExtendForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        sessions.extend(session, minutes=form.cleaned_data["minutes"])
    except sessions.Overlaps:
        reason = _("The next consultation hour begins too soon for that.")
        return _clock(request, staff, session, HTTPStatus.CONFLICT, reason)
    except sessions.BadTimes:
        reason = _("A consultation hour can last twelve hours at most.")
        return _clock(request, staff, session, HTTPStatus.CONFLICT, reason)
    except sessions.WrongState as closed:
        raise Gone from closed
    return _clock(request, staff, session)


@require_POST
@desk_access
def end(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    """End the hour now; the wrap-up begins."""
    try:
        sessions.end_early(session, by=staff)
    except sessions.WrongState:
        return _clock(request, staff, session, HTTPStatus.CONFLICT, _("The hour is over already."))
    return _clock(request, staff, session)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_access
def erase(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    """End the hour and erase everything now. Without the dialog's script a page asks first."""
    if request.method != "POST":
        context = {"staff": staff, "section": "desk", "session": session}
        return shown(request, "sessions_app/desk/erase.html", context)
    try:
        sessions.end_and_erase(session, by=staff)
    except sessions.WrongState as closed:
        raise Gone from closed
    return redirect("desk")


def _reply(conversation: Conversation, staff: Staff, form: ReplyForm) -> None:
    given = form.cleaned_data
    quoted = conversation.messages.filter(pk=given["quoted"]).first() if given["quoted"] else None
    messages.reply(
        conversation,
        by=staff,
        text=given["text"],
        token=given["token"],
        last_seen=given["last_seen"],
        quoted=quoted,
        despite_colleague=given["despite_colleague"],
    )


def _decided(
    request: StaffRequest, staff: Staff, message: Message, decide: Callable[[], object]
) -> HttpResponse:
    """Do it; that it had been decided meanwhile is shown by the thread itself."""
    try:
        decide()
    except (messages.NotStuck, messages.NoTarget):
        return _thread(request, staff, message.conversation, HTTPStatus.CONFLICT)
    except messages.SessionClosed as closed:
        raise Gone from closed
    return _thread(request, staff, message.conversation)


def _message(session: ConsultationSession, message_id: int) -> Message:
    found = Message.objects.filter(session=session, pk=message_id).first()
    if found is None:
        raise Http404
    found.conversation = conversation_of(session, found.conversation_id)
    return found


def _thread(
    request: StaffRequest,
    staff: Staff,
    conversation: Conversation,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    session = conversation.session
    if not request.htmx:
        return redirect("desk_conversation", session.pk, conversation.pk)
    conversation = conversation_of(session, conversation.pk)
    context = opened_context(request, staff, session, conversation, timezone.now())
    return shown(request, f"{PAGE}#thread", context, status=status)


def _not_sent(
    request: StaffRequest,
    staff: Staff,
    conversation: Conversation,
    status: HTTPStatus,
    reasons: Mapping[str, object],
) -> HttpResponse:
    session = conversation.session
    context = opened_context(request, staff, session, conversation, timezone.now()) | dict(reasons)
    context |= {"not_sent": True, "text": request.POST.get("text", "")}
    template = f"{PAGE}#notice" if request.htmx else "sessions_app/desk/not_sent.html"
    return shown(request, template, context, status=status)


def _clock(
    request: StaffRequest,
    staff: Staff,
    session: ConsultationSession,
    status: HTTPStatus = HTTPStatus.OK,
    problem: str = "",
) -> HttpResponse:
    if not request.htmx:
        if problem:
            notes.error(request, problem)
        return redirect("desk_session", session.pk)
    session.refresh_from_db(fields=("starts_at", "ends_at", "closes_at", "ended_early_at"))
    context = around(staff, session, timezone.now()) | {"problem": problem}
    return shown(request, f"{PAGE}#clock", context, status=status)


CONVERSATION = "desk/<int:session_id>/<int:conversation_id>/"
MESSAGE = "desk/<int:session_id>/messages/<int:message_id>/"

take = changing(lambda conversation, staff: conversations.take_over(conversation, by=staff))
hand_back = changing(lambda conversation, _staff: conversations.hand_back(conversation))
reopen = changing(lambda conversation, _staff: conversations.reopen(conversation))

urlpatterns = [
    path("desk/<int:session_id>/extend/", extend, name="desk_extend"),
    path("desk/<int:session_id>/end/", end, name="desk_end"),
    path("desk/<int:session_id>/erase/", erase, name="desk_erase"),
    path(f"{CONVERSATION}reply/", reply, name="desk_reply"),
    path(f"{CONVERSATION}take/", take, name="desk_take"),
    path(f"{CONVERSATION}hand-back/", hand_back, name="desk_hand_back"),
    path(f"{CONVERSATION}finish/", finish, name="desk_finish"),
    path(f"{CONVERSATION}reopen/", reopen, name="desk_reopen"),
    path(f"{CONVERSATION}number/", number, name="desk_number"),
    path(f"{MESSAGE}react/", react, name="desk_react"),
    path(f"{MESSAGE}again/", again, name="desk_again"),
    path(f"{MESSAGE}leave/", leave, name="desk_leave"),
]
