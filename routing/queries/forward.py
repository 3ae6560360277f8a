"""What the desk shows of questions: what can be marked, who is asked, and how far that is."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from routing.enums import ConsentState, TicketState, Unanswered
from routing.models import Question, Ticket
from routing.models.question import ASKING
from sessions_app.enums import AttachmentState, Direction, MessageKind
from sessions_app.models import Attachment, ConsultationSession, Conversation, Message
from sessions_app.queries.excerpts import called, excerpt, printable
from sessions_app.whatsapp.media_types import VIEWABLE

_NOT_HANDED_OVER = frozenset({TicketState.WAITING, TicketState.WITHDRAWN})
_UNMARKABLE = (MessageKind.REACTION, MessageKind.IDENTITY, MessageKind.REVOKE, MessageKind.CALL)


@dataclass(frozen=True, slots=True)
class Markable:
    """A message of the citizen in one line, for those who choose without the thread beside it."""

    pk: int
    at: datetime
    line: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the desk shows it; `standing` says in words how far it is."""

    pk: int
    reference: str
    citizen: str
    conversation_id: int
    departments: str
    standing: str
    is_asking: bool
    is_asked: bool
    if_unanswered: Unanswered
    can_be_decided: bool
    can_be_dropped: bool


def markable(conversation: Conversation) -> list[Markable]:
    """Return what the citizen has said, the oldest first."""
    said = _said(conversation).exclude(kind__in=_UNMARKABLE)
    return [Markable(each.pk, each.sent_at, excerpt(each)) for each in said]


def words_of(conversation: Conversation, marked: Collection[int]) -> str:
    """Return the words of the marked messages of the citizen in their order, one a line."""
    found = [_words(each) for each in _said(conversation).filter(pk__in=marked)]
    return "\n".join(words for words in found if words)


def pictures(conversation: Conversation) -> QuerySet[Attachment]:
    """Return the conversation's pictures that can be looked at, the oldest first."""
    stored = Attachment.objects.filter(
        message__conversation=conversation,
        state=AttachmentState.STORED,
        media_type__in=VIEWABLE,
    )
    return stored.select_related("message").order_by("message__sent_at", "pk")


def of_conversation(conversation: Conversation) -> list[Asked]:
    """Return the questions of a conversation, the oldest first."""
    return _lines(Question.objects.filter(conversation=conversation))


def undecided(session: ConsultationSession) -> list[Asked]:
    """Return the questions of the hour to which a reply is still awaited, the oldest first."""
    rows = Question.objects.filter(conversation__session=session, consent__in=ASKING)
    return _lines(rows.filter(conversation__erase_requested_at=None))


def _said(conversation: Conversation) -> QuerySet[Message]:
    rows = Message.objects.filter(conversation=conversation, direction=Direction.IN)
    return rows.order_by("sent_at", "id")


def _words(message: Message) -> str:
    content = message.content or {}
    for key in ("text", "caption", "title", "address", "name"):
        if content.get(key):
            return printable(content[key]).strip()
    return ""


def _lines(questions: QuerySet[Question]) -> list[Asked]:
    tickets = Ticket.objects.select_related("department").order_by("-is_lead", "department__name")
    rows = questions.select_related("conversation").prefetch_related(
        Prefetch("tickets", queryset=tickets)
    )
    return [_line(each, each.tickets.all()) for each in rows.order_by("pk")]


def _line(question: Question, tickets: Iterable[Ticket]) -> Asked:
    tickets = list(tickets)
    is_dispatched = any(ticket.state not in _NOT_HANDED_OVER for ticket in tickets)
    conversation = question.conversation
    return Asked(
        pk=question.pk,
        reference=question.reference,
        citizen=called(conversation) if conversation else "",
        conversation_id=question.conversation_id or 0,
        departments=", ".join(ticket.department.name for ticket in tickets),
        standing=_standing(question, is_dispatched=is_dispatched),
        is_asking=question.is_asking,
        is_asked=question.asked_at is not None,
        if_unanswered=Unanswered(question.if_unanswered),
        can_be_decided=question.consent == ConsentState.FORWARD,
        can_be_dropped=question.is_asking and not is_dispatched,
    )


def _standing(question: Question, *, is_dispatched: bool) -> str:
    label = str(ConsentState(question.consent).label)
    if question.is_asking:
        return label if question.asked_at else _("is asked once the question before is settled")
    if question.consent == ConsentState.NOT_ASKED:
        return _("forwarded without contact data")
    if not is_dispatched:
        return _("%(consent)s – not forwarded") % {"consent": label}
    if question.consent == ConsentState.GIVEN and question.address_confirmed_at is None:
        return _("%(consent)s – forwarded, address not yet confirmed") % {"consent": label}
    return _("%(consent)s – forwarded") % {"consent": label}
