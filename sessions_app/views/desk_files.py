"""Pictures and documents of a conversation, for the session's staff only."""

from django.http import Http404, HttpResponse
from django.urls import path
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from sessions_app.enums import AttachmentState
from sessions_app.models import Attachment, ConsultationSession, Staff
from sessions_app.services import attachments
from sessions_app.views.access import Gone, StaffRequest, desk_access
from sessions_app.whatsapp.media_types import VIEWABLE


@require_safe
@desk_access
def attachment(
    request: StaffRequest, staff: Staff, session: ConsultationSession, attachment_id: int
) -> HttpResponse:
    """Return the bytes: a picture to look at, anything else as a download that never runs."""
    rows = Attachment.objects.filter(
        message__session=session,
        message__conversation__erase_requested_at=None,
        state=AttachmentState.STORED,
    )
    found = rows.filter(pk=attachment_id).first()
    if found is None:
        raise Http404
    viewable = found.media_type in VIEWABLE
    try:
        content = attachments.read(found)
    except FileNotFoundError:  # it is being erased
        raise Gone from None
    response = HttpResponse(content, content_type=found.media_type)
    name = found.filename or f"{session.pk}-{found.pk}"
    disposition = content_disposition_header(not viewable, name)
    response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    patch_cache_control(response, no_store=True, private=True)
    return response


urlpatterns = [
    path(
        "desk/<int:session_id>/attachments/<int:attachment_id>/",
        attachment,
        name="desk_attachment",
    ),
]
