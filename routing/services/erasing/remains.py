"""What there is of a ticket, and of its question if no other department works on it any more."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from routing.enums import TicketState
from routing.models import (
    Answer,
    AnswerFile,
    IncomingMail,
    OutgoingMail,
    Question,
    QuestionFile,
    Ticket,
    TicketErasure,
)
from routing.services.work import moves
from sprechstunde.vault.keystore import keystore


@dataclass(frozen=True, slots=True)
class Remains:
    """The rows' ids and the keys as they were when the erasure began."""

    ticket_ids: frozenset[int]
    question_ids: frozenset[int]
    key_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of each kind are there."""

    rows: int
    files: int
    keys: int

    @property
    def total(self) -> int:
        """All of them together; 0 is the proof."""
        return self.rows + self.files + self.keys


def of_ticket(ticket: Ticket) -> Remains:
    """Return what has to go with this ticket, whose state is ERASED already."""
    question = ticket.question
    goes_too = question if question and not living(question).exists() else None
    return _remains(frozenset({ticket.pk}), goes_too)


def of_question(question: Question) -> Remains:
    """Return what has to go with a question that no ticket needs."""
    return _remains(frozenset(), question)


def living(question: Question) -> QuerySet[Ticket]:
    """Return the question's tickets that are not erased."""
    return Ticket.objects.filter(question=question).exclude(state=TicketState.ERASED)


def count(remains: Remains) -> Count:
    """Count what is still there. Raises KeystoreUnavailable."""
    return Count(
        rows=sum(rows.count() for rows in _rows(remains)),
        files=sum(len(files_of(key_id)) for key_id in remains.key_ids),
        keys=sum(keystore().exists(key_id) for key_id in remains.key_ids),
    )


def destroy_keys(remains: Remains) -> None:
    """Make everything unreadable at once. Raises KeystoreUnavailable."""
    for key_id in remains.key_ids:
        keystore().destroy(key_id)


def remove_files(remains: Remains) -> None:
    """Remove the keys' folders with all that is in them. Raises OSError."""
    for key_id in remains.key_ids:
        remove_folder(folder_of(key_id))


def delete_rows(remains: Remains) -> None:
    """Delete all rows in one transaction. The ticket's own stays, without its question."""
    with transaction.atomic():
        asked = Ticket.objects.filter(pk__in=remains.ticket_ids).values_list("question", flat=True)
        for rows in _rows(remains):
            if rows.model is OutgoingMail:  # before it what came in, as for who takes a mail in
                moves.lock_question(*asked)
            if rows.model is Question:
                Ticket.objects.filter(question__in=remains.question_ids).update(question=None)
            rows.only("pk").delete()
        Ticket.objects.filter(pk__in=remains.ticket_ids).update(question=None)


def folder_of(key_id: UUID) -> Path:
    """Return where the files sealed with this key lie."""
    return Path(settings.TICKET_MEDIA_ROOT) / str(key_id)


def files_of(key_id: UUID) -> list[Path]:
    """Return the key's files, unfinished ones too."""
    return [path for path in folder_of(key_id).rglob("*") if path.is_file()]


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it. Raises OSError."""
    while folder.exists():
        with suppress(FileNotFoundError):  # another worker removes it at the same time
            shutil.rmtree(folder)


def _remains(ticket_ids: frozenset[int], question: Question | None) -> Remains:
    question_ids = frozenset({question.pk} if question else ())
    tickets = Ticket.objects.filter(pk__in=ticket_ids)
    keys = set(tickets.values_list("key_id", flat=True))
    keys |= {question.key_id} if question else set()
    mails = _incoming(ticket_ids, question_ids).exclude(key_id=None)
    keys |= {key_id for key_id in mails.values_list("key_id", flat=True) if key_id}
    return Remains(ticket_ids, question_ids, frozenset(keys))


def _outgoing(tickets: frozenset[int], questions: frozenset[int]) -> QuerySet[OutgoingMail]:
    of_tickets = Q(ticket__in=tickets) | Q(answer__ticket__in=tickets)
    return OutgoingMail.objects.filter(of_tickets | Q(question__in=questions))


def _incoming(tickets: frozenset[int], questions: frozenset[int]) -> QuerySet[IncomingMail]:
    """Mails that came to them, and reports about mails of ours: these name the citizen's address."""
    about = Q(about__in=_outgoing(tickets, questions))
    return IncomingMail.objects.filter(Q(ticket__in=tickets) | about)


def _rows(remains: Remains) -> Iterator[QuerySet[Model]]:
    """Go through the rows, children before parents; whatever model refers to them is found."""
    tickets, questions = remains.ticket_ids, remains.question_ids
    yield _incoming(tickets, questions)
    yield _outgoing(tickets, questions)
    yield AnswerFile.objects.filter(answer__ticket__in=tickets)
    yield from _related(Answer, "answer__ticket__in", tickets)
    yield from _related(Ticket, "ticket__in", tickets)
    yield QuestionFile.objects.filter(question__in=questions)
    yield from _related(Question, "question__in", questions)
    yield Question.objects.filter(pk__in=questions)


# Named by themselves above, or kept.
_KNOWN = frozenset({AnswerFile, IncomingMail, OutgoingMail, QuestionFile, Ticket, TicketErasure})


def _related(parent: type[Model], path: str, ids: frozenset[int]) -> Iterator[QuerySet[Model]]:
    tail = path.partition("__")[2]
    for relation in parent._meta.related_objects:  # noqa: SLF001
        if relation.related_model not in _KNOWN:
            rows = relation.related_model._base_manager  # noqa: SLF001
            yield rows.filter(**{f"{relation.field.name}__{tail}": ids})
