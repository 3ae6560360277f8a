"""One attempt to send a row: the request that it becomes, and what Meta answers to it."""

from dataclasses import dataclass
from datetime import datetime

from sessions_app.enums import MessageKind
from sessions_app.models import Message
from sessions_app.whatsapp import errors, outgoing
from sessions_app.whatsapp.client import graph

# The new message's wamid, or why there is none.
Answer = str | errors.WhatsAppError


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """A row and its request; None where we know without asking that Meta would refuse it."""

    message: Message
    office_id: int
    number_id: str
    request: outgoing.Payload | None
    refusal: errors.WhatsAppError

    @property
    def count(self) -> int:
        """Which attempt at this row it is, from 1."""
        return self.message.attempts + 1


def prepare(message: Message, *, office_id: int, number_id: str, now: datetime) -> Attempt:
    """Return the attempt for a queued row; raises KeyUnavailable, KeystoreUnavailable."""
    request, refusal = None, errors.Refused(errors.WINDOW_CLOSED)
    if now < message.conversation.window_closes_at():
        try:
            request = _request(message)
        except outgoing.BadMessage:
            refusal = errors.Refused(errors.INVALID_PARAMETER)
    return Attempt(message, office_id, number_id, request, refusal)


def make(attempt: Attempt) -> Answer:
    """Ask Meta. Touches no database, so it may wait in any thread."""
    if attempt.request is None:
        return attempt.refusal
    try:
        return graph().send(attempt.number_id, attempt.request)
    except errors.WhatsAppError as error:
        return error


def _request(message: Message) -> outgoing.Payload:
    conversation, content = message.conversation, message.content
    phone = conversation.phone
    to = outgoing.Recipient(phone, None if phone else conversation.bsuid)
    mark = str(message.pk)  # comes back with every status
    if message.kind == MessageKind.REACTION:
        return outgoing.reaction(to, message.quoted_wamid or "", content["emoji"], mark=mark)
    if message.kind == MessageKind.BUTTONS:
        choices = [(key, title) for key, title in content["buttons"]]
        return outgoing.buttons(to, content["text"], choices, mark=mark)
    return outgoing.text(to, content["text"], quoted=message.quoted_wamid, mark=mark)
