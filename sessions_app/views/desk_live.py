"""The desk's live stream, and who of the colleagues reads or types in the open conversation."""

from datetime import datetime

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sessions_app.forms.desk import PresenceForm
from sessions_app.models import ConsultationSession, Staff
from sessions_app.services import conversations
from sessions_app.views.access import DESK_ROLES, StaffRequest, desk_access
from sessions_app.views.desk import PAGE, conversation_of
from sprechstunde.live import presence, stream


async def live(request: HttpRequest, session_id: int) -> HttpResponseBase:
    """Stream the session's events until it closes.

    401, 404 and 410 instead of pages: the browser then loads the page anew, which explains.
    """
    verdict = await sync_to_async(_verdict)(request, session_id)
    if isinstance(verdict, int):
        return HttpResponse(status=verdict)
    return await stream.response(session_id, until=verdict)


@require_http_methods(["GET", "HEAD", "POST"])
@desk_access
def presence_part(
    request: StaffRequest, staff: Staff, session: ConsultationSession, conversation_id: int
) -> HttpResponse:
    """Note what this member of staff does (POST), and return what colleagues do."""
    conversation = conversation_of(session, conversation_id)
    form = PresenceForm(request.POST or None)
    if form.is_valid():
        conversations.types(conversation, by=staff, doing=form.cleaned_data["doing"])
        return HttpResponse(status=204)
    colleagues = {each.pk: each for each in _colleagues(staff)}
    found = presence.others(session.pk, conversation.pk, list(colleagues))
    by_doing = {
        doing: [str(colleagues[pk]) for pk, what in found if what is doing]
        for doing in (presence.Doing.READS, presence.Doing.TYPES)
    }
    return render(
        request,
        f"{PAGE}#presence",
        {"typing": by_doing[presence.Doing.TYPES], "reading": by_doing[presence.Doing.READS]},
    )


def _colleagues(staff: Staff) -> list[Staff]:
    desk = Staff.objects.at_the_desk().filter(office_id=staff.office_id)
    return list(desk.exclude(pk=staff.pk).select_related("user"))


def _verdict(request: HttpRequest, session_id: int) -> datetime | int:
    """Return until when this browser may listen, or the status that refuses it.

    Gives the database connection back: closing is explicit, because with persistent connections
    Django would keep it for as long as the stream's thread lives.
    """
    try:
        if not request.user.is_authenticated:
            return 401
        session = ConsultationSession.objects.filter(
            pk=session_id,
            office__staff__user=request.user,
            office__staff__role__in=DESK_ROLES,
        ).first()
        if session is None:
            return 404
        return session.closes_at if session.is_readable(timezone.now()) else 410
    finally:
        connections.close_all()


urlpatterns = [
    path("desk/<int:session_id>/live/", live, name="desk_live"),
    path(
        "desk/<int:session_id>/<int:conversation_id>/presence/",
        presence_part,
        name="desk_presence",
    ),
]
