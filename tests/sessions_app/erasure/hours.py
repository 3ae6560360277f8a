"""An hour with citizens in it, for what erases it."""

from datetime import timedelta

from django.utils import timezone

from sessions_app.enums import AttachmentState, DeliveryState, Direction, MessageKind
from sessions_app.models import Attachment, CitizenIdentifier, ConsultationSession, EarlyReceipt
from sprechstunde.vault import files
from sprechstunde.vault.cipher import digest
from tests import factories


def filled_session() -> ConsultationSession:
    """A running session: 3 citizens, 7 messages, a picture on disk, an early receipt."""
    session = factories.session()
    for _ in range(3):
        conversation = factories.conversation(session)
        value = digest(session.key_id, context="phone", value=conversation.phone or "")
        CitizenIdentifier.objects.create(session=session, conversation=conversation, digest=value)
        factories.message(conversation)
        factories.message(conversation, "Am Montag.", direction=Direction.OUT)
    add_picture(session)
    EarlyReceipt.objects.create(
        session=session,
        wamid_digest=digest(session.key_id, context="wamid", value="wamid.early"),
        delivery=DeliveryState.SENT,
    )
    return session


def add_picture(session: ConsultationSession, content: bytes = b"picture") -> Attachment:
    """A picture of the session's first citizen, sealed on disk."""
    conversation = session.conversations.order_by("number")[0]
    message = factories.message(
        conversation, kind=MessageKind.IMAGE, content={"caption": "Der Weg"}
    )
    attachment = Attachment.objects.create(
        message=message,
        key_id=session.key_id,
        state=AttachmentState.STORED,
        media_id="123",
        filename="weg.jpg",
        media_type="image/jpeg",
        size=len(content),
    )
    files.write_sealed(attachment.path, session.key_id, str(attachment.uid), content)
    return attachment


def close(
    session: ConsultationSession, *, ago: timedelta = timedelta(minutes=1)
) -> ConsultationSession:
    """Let the session have closed some time `ago`."""
    session.closes_at = timezone.now() - ago
    session.ends_at = session.closes_at - timedelta(minutes=15)
    session.starts_at = session.ends_at - timedelta(hours=1)
    session.save()
    return session
