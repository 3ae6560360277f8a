"""The rows: fields, constraints and predicates that read their own row."""

from sessions_app.models.attachment import Attachment
from sessions_app.models.conversation import CitizenIdentifier, Conversation, NumberReveal
from sessions_app.models.erasure import ErasureRecord
from sessions_app.models.message import EarlyReceipt, Message
from sessions_app.models.office import Office
from sessions_app.models.session import ConsultationSession
from sessions_app.models.staff import Staff

__all__ = [
    "Attachment",
    "CitizenIdentifier",
    "ConsultationSession",
    "Conversation",
    "EarlyReceipt",
    "ErasureRecord",
    "Message",
    "NumberReveal",
    "Office",
    "Staff",
]
