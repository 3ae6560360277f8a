"""Takes a question out of the conversation into a box of its own, for the departments asked."""

import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from routing.enums import Action, ConsentState, Unanswered
from routing.models import Department, Question, QuestionFile, Ticket, TicketEvent
from routing.services import departments
from routing.services.forward import dialogue, suggestions
from routing.services.forward.references import next_reference
from routing.services.work import actors, notes, sealed_files, tickets
from routing.services.work.live import announce_office
from sessions_app.models import Attachment, Conversation, Staff
from sessions_app.services import attachments as chat_files
from sessions_app.services.conversations import handled_elsewhere
from sprechstunde.live.events import announce
from sprechstunde.vault.keystore import keystore

LONGEST = 3000  # characters; with every wording it still fits into WhatsApp's messages


class ForwardingError(Exception):
    """The question cannot be forwarded so."""


class ConversationClosed(ForwardingError):
    """The hour is over, or the citizen wished to be erased."""


class QuestionEmpty(ForwardingError):
    """There is no question."""


class QuestionTooLong(ForwardingError):
    """It has more than LONGEST characters."""


class WrongDepartments(ForwardingError):
    """One takes no questions, belongs to another office, or is there twice."""


class WrongFile(ForwardingError):
    """Not a picture of this conversation, or no longer there."""


class _Twice(Exception):
    """The same press of the button once more."""


@dataclass(frozen=True, slots=True, repr=False)
class Fields:
    """What staff say about a question that leaves the chat.

    `anonymous` asks nobody: no name, no address, the answer stays inside. Else `if_unanswered` says
    what becomes of it without a reply. `share_name` asks for the profile's name as well. `note` is
    for colleagues. `token` names one press of the button.
    """

    text: str
    lead: Department
    consulted: Sequence[Department] = ()
    attachments: Collection[Attachment] = ()
    due_on: date | None = None
    note: str = ""
    if_unanswered: Unanswered = Unanswered.DROP
    anonymous: bool = False
    share_name: bool = False
    language: str = "de"
    token: UUID | None = None

    @property
    def asked(self) -> Sequence[Department]:
        """All departments, the one in charge first."""
        return (self.lead, *self.consulted)


def forward(conversation: Conversation, fields: Fields, *, by: Staff) -> Question:
    """Keep the question under keys of its own and ask the citizen, or hand it over at once.

    The same question by the same press of the button once more returns the first. Raises
    ForwardingError, KeyUnavailable.
    """
    _check(conversation, fields)
    is_named = fields.share_name and not fields.anonymous
    question = Question(
        uid=fields.token or uuid4(),
        office_id=by.office_id,
        conversation=conversation,
        text=fields.text.strip(),
        name=conversation.name if is_named else None,
        consent=ConsentState.NOT_ASKED if fields.anonymous else ConsentState.FORWARD,
        if_unanswered=fields.if_unanswered,
        language=fields.language,
        created_by=by,
    )
    try:
        _keep(question, fields, by=by)
    except _Twice:
        return Question.objects.get(uid=question.uid)
    return question


def _keep(question: Question, fields: Fields, *, by: Staff) -> None:
    now = timezone.now()
    rows = [_ticket(question, each, fields) for each in fields.asked]
    with _boxes(question, rows), transaction.atomic():
        locked = dialogue.locked(question.conversation_id or 0, now)
        if locked is None:
            raise ConversationClosed
        if earlier := Question.objects.filter(uid=question.uid).first():
            if _is_same(earlier, question, rows):
                raise _Twice
            question.uid = uuid4()  # the form was filled in anew after "back"
        _save(question, rows, locked, by=by, now=now)
        _copy(question, fields.attachments)
        if fields.note.strip():
            notes.add(question, by=by, department=None, text=fields.note)
        _start(question, locked, by=by, now=now)
        # Last, as who passes a ticket on has locked its question before the department.
        if not departments.keep_open(question.office_id, fields.asked):
            raise WrongDepartments


def _is_same(earlier: Question, question: Question, rows: list[Ticket]) -> bool:
    asked = set(earlier.tickets.values_list("department", flat=True))
    return (
        earlier.conversation_id == question.conversation_id
        and earlier.text == question.text
        and asked == {ticket.department_id for ticket in rows}
    )


def _check(conversation: Conversation, fields: Fields) -> None:
    text = fields.text.strip()
    if not text:
        raise QuestionEmpty
    if len(text) > LONGEST:
        raise QuestionTooLong
    if len({each.pk for each in fields.asked}) < len(fields.asked):
        raise WrongDepartments
    for attachment in fields.attachments:
        is_ours = attachment.message.conversation_id == conversation.pk
        if not is_ours or not chat_files.is_viewable(attachment):
            raise WrongFile


def _ticket(question: Question, department: Department, fields: Fields) -> Ticket:
    return Ticket(
        office_id=question.office_id,
        question=question,
        department=department,
        is_lead=department == fields.lead,
        due_on=fields.due_on,
    )


def _save(
    question: Question, rows: list[Ticket], conversation: Conversation, *, by: Staff, now: datetime
) -> None:
    question.reference = next_reference(conversation.session.office, now)
    question.session_closes_at = conversation.session.closes_at
    question.created_at = now
    question.save(force_insert=True)
    for ticket in rows:
        ticket.question = question
        ticket.reference, ticket.created_at = question.reference, now
        ticket.save(force_insert=True)
        _remember(ticket, by=by, now=now)
    suggestions.learn(rows[0].department, question.text)


def _remember(ticket: Ticket, *, by: Staff, now: datetime) -> None:
    actor = actors.of(by)
    TicketEvent.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        action=Action.ASK,
        party=actor.party,
        staff=by,
        department=ticket.department,
        state=ticket.state,
        at=now,
    )


def _copy(question: Question, attachments: Collection[Attachment]) -> None:
    """Copy the pictures, whose hidden data was taken out when they came, under the question's key."""
    for number, attachment in enumerate(attachments, 1):
        try:
            data = chat_files.read(attachment)
        except FileNotFoundError:
            raise WrongFile from None
        ending = attachment.media_type.rpartition("/")[2].replace("jpeg", "jpg")
        row = QuestionFile.objects.create(
            question=question,
            key_id=question.key_id,
            name=f"bild-{number}.{ending}",  # a file's own name may say who somebody is
            media_type=attachment.media_type,
            size=len(data),
        )
        sealed_files.write(row, data)


def _start(question: Question, conversation: Conversation, *, by: Staff, now: datetime) -> None:
    if question.consent == ConsentState.NOT_ASKED:
        tickets.dispatch(question, by=actors.of(by), now=now)
    else:
        dialogue.begin(question, conversation, now=now)
        handled_elsewhere(conversation, by=by, now=now)
    announce(conversation.session_id, f"conversation-{conversation.pk}")
    announce_office(question.office_id)


@contextmanager
def _boxes(question: Question, rows: Sequence[Ticket]) -> Iterator[None]:
    """Create the keys; if it comes to nothing, nothing of them and of files under them stays."""
    key_ids = [question.key_id, *(ticket.key_id for ticket in rows)]
    try:
        for key_id in key_ids:
            keystore().create(key_id)
        yield
    except DatabaseError:
        raise  # perhaps it is committed; what is nobody's is found and destroyed within a day
    except BaseException:
        for key_id in key_ids:
            keystore().destroy(key_id)
            shutil.rmtree(Path(settings.TICKET_MEDIA_ROOT) / str(key_id), ignore_errors=True)
        raise
