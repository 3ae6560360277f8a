"""One ticket as its page shows it: the question, what was written to and fro, notes, history."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import ExpressionWrapper
from django.db.models.fields import BooleanField

from routing.enums import AnswerState, MailKind, MailState
from routing.models import (
    Answer,
    AnswerFile,
    Department,
    Note,
    OutgoingMail,
    Question,
    QuestionFile,
    Reply,
    Snippet,
    Ticket,
    TicketEvent,
)
from routing.queries.viewers import GONE
from sessions_app.enums import Role
from sessions_app.models import Staff
from sessions_app.queries.excerpts import printable
from sessions_app.whatsapp.media_types import VIEWABLE

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class _Found(TypedDict):
    has_original: bool


@dataclass(frozen=True, slots=True)
class File:
    """A file with its name, safe to print; `size` in bytes."""

    pk: int
    name: str
    media_type: str
    size: int
    is_viewable: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One letter, to the citizen or from them. `mail` is how far its e-mail came, if there is one."""

    pk: int
    is_ours: bool
    text: str
    at: datetime
    author: str
    released_by: str
    state: AnswerState | None
    channel: str
    has_original: bool
    files: list[File]
    mail: MailState | None


@dataclass(frozen=True, slots=True)
class Remark:
    """An internal note, or a question to a department."""

    text: str
    author: str
    department: Department | None
    asked: Department | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the history."""

    label: str
    who: str
    department: Department | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page shows, read and safe to print."""

    text: str
    name: str
    files: list[File]
    siblings: list[Ticket]
    entries: list[Entry]
    draft: Answer | None
    draft_text: str
    draft_files: list[File]
    pending: Answer | None
    notes: list[Remark]
    history: list[Happening]


def page(ticket: Ticket, question: Question) -> Page:
    """Read everything about a ticket. Raises KeyUnavailable while it is being erased."""
    answers = list(_answers(ticket))
    files = _files_of(answers)
    draft = next((each for each in answers if each.state == AnswerState.DRAFT), None)
    return Page(
        text=printable(question.text),
        name=printable(question.name or ""),
        files=[_file(each) for each in QuestionFile.objects.filter(question=question)],
        siblings=siblings(question),
        entries=_entries(ticket, answers, files),
        draft=draft,
        draft_text=printable(draft.text) if draft else "",
        draft_files=files.get(draft.pk, []) if draft else [],
        pending=next((each for each in answers if each.state == AnswerState.IN_RELEASE), None),
        notes=[_remark(each) for each in _notes(question)],
        history=[_happening(each) for each in _events(ticket)],
    )


def siblings(question: Question) -> list[Ticket]:
    """Return the question's tickets that still exist, the department in charge first."""
    living = Ticket.objects.filter(question=question).exclude(state__in=GONE)
    return list(living.select_related("department").order_by("-is_lead", "department__name"))


def targets(ticket: Ticket, asked: list[Ticket]) -> list[Department]:
    """Return to which departments the ticket can be passed on: those that do not have its question."""
    departments = Department.objects.active().filter(office=ticket.office_id)
    return list(departments.exclude(pk__in=[each.department_id for each in asked]))


def snippets(department_id: int) -> list[Snippet]:
    """Return a department's texts, by title."""
    return list(Snippet.objects.filter(department=department_id))


def files(answer: Answer) -> list[File]:
    """Return the files of one answer."""
    return [_file(each) for each in answer.files.all()]


def stamp(ticket: Ticket) -> str:
    """Return a text that changes when something of the ticket changes that its page shows.

    Ask for it before the rest of the page is read: what comes in between is then noticed later.
    """
    newest = {
        "event": _newest(TicketEvent.objects.filter(ticket=OuterRef("pk"))),
        "reply": _newest(Reply.objects.filter(ticket=OuterRef("pk"))),
        "note": _newest(Note.objects.filter(question=OuterRef("question"))),
    }
    rows = Ticket.objects.filter(pk=ticket.pk).annotate(**newest)
    found = rows.values_list(*newest).first() or ()
    return "-".join(str(part) for part in (ticket.state, ticket.clerk_id, *found))


def colleagues(ticket: Ticket, staff: Staff) -> QuerySet[Staff]:
    """Return who else may work on the ticket: the department's clerks and the mayor's side."""
    of_department = Q(role=Role.CLERK, memberships__department=ticket.department_id)
    found = Staff.objects.filter(of_department | Q(role__in=(Role.HOST, Role.ASSISTANT)))
    found = found.filter(office=ticket.office_id).exclude(pk=staff.pk)
    return found.select_related("user").distinct()


def _newest(rows: QuerySet[Any]) -> Subquery:
    return Subquery(rows.order_by("-pk").values("pk")[:1])


def _answers(ticket: Ticket) -> "QuerySet[WithAnnotations[Answer, _Found]]":
    rows = Answer.objects.filter(ticket=ticket).select_related("author__user", "released_by__user")
    return rows.defer("original").annotate(has_original=_HAS_ORIGINAL)


def _replies(ticket: Ticket) -> "QuerySet[WithAnnotations[Reply, _Found]]":
    return (
        Reply.objects.filter(ticket=ticket).defer("original").annotate(has_original=_HAS_ORIGINAL)
    )


# The raw mail may have megabytes; it is read where it is asked for.
_HAS_ORIGINAL = ExpressionWrapper(Q(original__isnull=False), output_field=BooleanField())


def _notes(question: Question) -> QuerySet[Note]:
    rows = Note.objects.filter(question=question)
    return rows.select_related("author__user", "department", "asked")


def _events(ticket: Ticket) -> QuerySet[TicketEvent]:
    rows = TicketEvent.objects.filter(ticket=ticket)
    return rows.select_related("staff__user", "department")


def _files_of(answers: "list[WithAnnotations[Answer, _Found]]") -> dict[int, list[File]]:
    found: dict[int, list[File]] = {}
    for row in AnswerFile.objects.filter(answer__in=[each.pk for each in answers]):
        found.setdefault(row.answer_id, []).append(_file(row))
    return found


def _file(row: QuestionFile | AnswerFile) -> File:
    name = printable(row.name)
    return File(row.pk, name, row.media_type, row.size, row.media_type in VIEWABLE)


def _entries(
    ticket: Ticket,
    answers: "list[WithAnnotations[Answer, _Found]]",
    files: dict[int, list[File]],
) -> list[Entry]:
    mails = OutgoingMail.objects.filter(ticket=ticket, kind=MailKind.ANSWER)
    states = {mail.answer_id: MailState(mail.state) for mail in mails}
    shown = [each for each in answers if each.state != AnswerState.DRAFT]
    ours = [_answer(each, files.get(each.pk, []), states.get(each.pk)) for each in shown]
    theirs = [_reply(each) for each in _replies(ticket)]
    return sorted([*ours, *theirs], key=lambda entry: entry.at)


def _answer(
    row: "WithAnnotations[Answer, _Found]", files: list[File], mail: MailState | None
) -> Entry:
    return Entry(
        pk=row.pk,
        is_ours=True,
        text=printable(row.text),
        at=row.changed_at,
        author=str(row.author or ""),
        released_by=str(row.released_by or ""),
        state=AnswerState(row.state),
        channel=row.channel,
        has_original=row.has_original,
        files=files,
        mail=mail,
    )


def _reply(row: "WithAnnotations[Reply, _Found]") -> Entry:
    return Entry(
        pk=row.pk,
        is_ours=False,
        text=printable(row.text),
        at=row.at,
        author="",
        released_by="",
        state=None,
        channel="",
        has_original=row.has_original,
        files=[],
        mail=None,
    )


def _remark(row: Note) -> Remark:
    return Remark(printable(row.text), str(row.author or ""), row.department, row.asked, row.at)


def _happening(row: TicketEvent) -> Happening:
    return Happening(
        label=row.get_action_display(),
        who=str(row.staff) if row.staff else str(row.get_party_display()),
        department=row.department,
        reason=printable(row.reason or ""),
        at=row.at,
    )
