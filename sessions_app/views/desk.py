"""The desk: the queue, the open conversation, and each part of them alone for the live view."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from sessions_app.forms.desk import EMOJI
from sessions_app.forms.planning import EXTENSIONS
from sessions_app.models import ConsultationSession, Conversation, Staff
from sessions_app.queries.desk import counted, counts, queue
from sessions_app.queries.excerpts import called
from sessions_app.queries.hours import door
from sessions_app.queries.roles import roles_of
from sessions_app.queries.thread import thread
from sessions_app.services import conversations
from sessions_app.services.erasing import erasure
from sessions_app.views.access import Gone, StaffRequest, desk_access, signed_in
from sprechstunde.live import presence

PAGE = "sessions_app/desk/page.html"


@require_safe
@signed_in
def desk(request: StaffRequest) -> HttpResponse:
    """Lead to the session that runs; without one, say when the next begins."""
    roles = [staff for staff in roles_of(request.user) if staff.talks]
    if not roles:
        raise Http404
    now = timezone.now()
    found = door(roles, now)
    if len(found.running) == 1:
        return redirect("desk_session", found.running[0].pk)
    context = {"staff": roles[0], "section": "desk", "door": found, "now": now}
    context |= {"overdue": any(overdue_for(staff, now) for staff in roles)}
    return render(request, "sessions_app/desk/door.html", context)


@require_safe
@desk_access
def session_page(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    """Show the queue, with nothing opened."""
    context = page_context(staff, session, timezone.now()) | {"gone": "gone" in request.GET}
    return shown(request, PAGE, context)


@require_safe
@desk_access
@vary_on_headers("HX-Request-Type")
def conversation_page(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Open a conversation beside the queue; for htmx only the conversation."""
    conversation = conversation_of(session, conversation_id)
    conversations.open_by(conversation, staff)
    now = timezone.now()
    opened = opened_context(request, staff, session, conversation, now)
    if request.headers.get("HX-Request-Type") == "partial":
        return shown(request, f"{PAGE}#pane", opened)
    return shown(request, PAGE, page_context(staff, session, now) | opened)


@require_safe
@desk_access
def queue_part(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    """Return the queue's rows; with `?only=3,5` those conversations as far as they are there."""
    now, only = timezone.now(), request.GET.get("only")
    if only is None:
        return shown(request, f"{PAGE}#queue", _queue(staff, session, now))
    wanted = [int(pk) for pk in only.split(",") if pk.isdecimal() and len(pk) < 19]
    rows = queue(session, staff, now, wanted)
    context = around(staff, session, now) | {"rows": rows, "counts": counts(session)}
    return shown(request, f"{PAGE}#queue", context)


@require_safe
@desk_access
def clock_part(request: StaffRequest, staff: Staff, session: ConsultationSession) -> HttpResponse:
    """Return the session's clock and what can be done with the session."""
    return shown(request, f"{PAGE}#clock", around(staff, session, timezone.now()))


@require_safe
@desk_access
def thread_part(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Return the open conversation's messages and its head; `?seen=1` marks them as read."""
    conversation = conversation_of(session, conversation_id)
    if "seen" in request.GET:
        conversations.open_by(conversation, staff)
    context = opened_context(request, staff, session, conversation, timezone.now())
    return shown(request, f"{PAGE}#thread", context)


def shown(
    request: StaffRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render with times as the wall clock of the session's office shows them."""
    with timezone.override(context["session"].office.zone):
        return render(request, template, context, status=status)


def conversation_of(session: ConsultationSession, conversation_id: int) -> Conversation:
    """Return a conversation of `session`; raises Http404, or Gone while a citizen's wish is done."""
    rows = session.conversations.select_related("assigned_to__user")
    found = rows.filter(pk=conversation_id).first()
    if found is None:
        raise Http404
    if found.erase_requested_at:
        raise Gone
    found.session = session
    return found


def opened_context(
    request: StaffRequest,
    staff: Staff,
    session: ConsultationSession,
    conversation: Conversation,
    now: datetime,
) -> dict[str, Any]:
    """Return what the pane and its parts show of an open conversation."""
    whole = "all" in request.GET
    return around(staff, session, now) | {
        "conversation": conversation,
        "title": called(conversation),
        "thread": thread(conversation, now, whole=whole),
        "whole": whole,
        "quoting": request.GET.get("quote", ""),
        "is_mine": conversation.assigned_to_id == staff.pk,
        "token": uuid4(),
        "emoji": EMOJI,
    }


def overdue_for(staff: Staff, now: datetime) -> bool:
    """Say whether a session of this office should have been erased by now."""
    return any(session.office_id == staff.office_id for session in erasure.overdue(now))


def page_context(staff: Staff, session: ConsultationSession, now: datetime) -> dict[str, Any]:
    """Return what the whole page shows besides an open conversation."""
    return _queue(staff, session, now) | {
        "heartbeat": presence.READS_FOR // 2,
        "overdue": overdue_for(staff, now),
    }


def _queue(staff: Staff, session: ConsultationSession, now: datetime) -> dict[str, Any]:
    rows = queue(session, staff, now)
    return around(staff, session, now) | {"rows": rows, "counts": counted(rows)}


def around(staff: Staff, session: ConsultationSession, now: datetime) -> dict[str, Any]:
    """Return what every part of the desk shows: who, which session, how far it is."""
    return {
        "staff": staff,
        "section": "desk",
        "session": session,
        "base": reverse("desk_session", args=(session.pk,)),
        "state": session.state(now),
        "now": now,
        "extensions": EXTENSIONS,
    }


urlpatterns = [
    path("desk/", desk, name="desk"),
    path("desk/<int:session_id>/", session_page, name="desk_session"),
    path("desk/<int:session_id>/queue/", queue_part, name="desk_queue"),
    path("desk/<int:session_id>/clock/", clock_part, name="desk_clock"),
    path(
        "desk/<int:session_id>/<int:conversation_id>/",
        conversation_page,
        name="desk_conversation",
    ),
    path("desk/<int:session_id>/<int:conversation_id>/thread/", thread_part, name="desk_thread"),
]
