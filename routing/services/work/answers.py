"""Answers of departments: drafts that nobody overwrites unseen, submitting, release by the mayor's staff."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from routing.enums import Action, AnswerState, Channel, MailKind, Party, TicketState
from routing.models import Answer, AnswerFile, Note, Ticket
from routing.services.mail_out import outbox
from routing.services.work import answer_files, handover, moves, sealed_files
from routing.services.work.actors import Actor
from routing.services.work.answer_files import Checked, FileRefused, Refusal, checked
from routing.services.work.moves import NotAllowed, ReasonMissing, TicketError, WrongState

__all__ = [
    "Collision",
    "FileRefused",
    "NotAllowed",
    "ReasonMissing",
    "Refusal",
    "TextMissing",
    "WrongState",
    "add_file",
    "checked",
    "read_file",
    "reject",
    "release",
    "remove_file",
    "save_draft",
    "submit",
]


class Collision(TicketError):
    """A colleague changed the draft meanwhile; `answer` is what it is now."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("changed meanwhile")
        self.answer = answer


class TextMissing(TicketError):
    """An answer has a text."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """What is to become an answer; its files are checked."""

    text: str
    files: list[Checked]
    channel: Channel
    original: bytes | None


def save_draft(ticket: Ticket, *, by: Actor, text: str, version: int) -> Answer:
    """Save the draft over the `version` that was shown, 0 if there was none.

    The same text twice is saved once. Raises Collision, NotAllowed, WrongState.
    """
    with transaction.atomic():
        ticket = moves.locked(ticket)
        moves.check(ticket, Action.ANSWER, by=by)
        draft = _draft(ticket)
        if draft:
            _check_seen(draft, text, version)
        if draft is None or draft.text != text:
            draft = _rewritten(draft, by=by, text=text) if draft else _new(ticket, by=by, text=text)
            draft.save()
    return draft


def submit(
    ticket: Ticket,
    *,
    by: Actor,
    text: str,
    channel: Channel = Channel.PORTAL,
    original: bytes | None = None,
    files: Iterable[tuple[str, bytes]] = (),
    version: int | None = None,
) -> Answer:
    """Make `text` the answer: for release where the department needs it, else for the citizen.

    In the portal the draft becomes the answer, with its files; `version` is the one that was shown.
    `files` (name, bytes) are added. Raises Collision, FileRefused, NotAllowed, TextMissing,
    WrongState.
    """
    letter = _letter(text, files, channel, original)
    with transaction.atomic():
        ticket = moves.locked(ticket)
        moves.check(ticket, Action.ANSWER, by=by)
        return _hand_in(ticket, letter, _draft(ticket), by=by, version=version)


def unrejected(ticket: Ticket) -> list[Answer]:
    """Return a ticket's answers and its draft, without those that were given back."""
    known = ticket.answers.exclude(state=AnswerState.REJECTED)
    return list(known.defer("original"))


def submit_mail(
    ticket: Ticket,
    *,
    by: Actor,
    text: str,
    original: bytes,
    files: Iterable[tuple[str, bytes]],
    known: Iterable[Answer],
) -> Answer:
    """Like `submit`, of a ticket that is `moves.locked`, as are its `known` answers (`unrejected`).

    In the caller's transaction, which has to be rolled back where this raises FileRefused,
    NotAllowed, TextMissing, WrongState.
    """
    letter = _letter(text, files, Channel.MAIL, original)
    moves.check(ticket, Action.ANSWER, by=by)
    draft = next((answer for answer in known if answer.state == AnswerState.DRAFT), None)
    return _hand_in(ticket, letter, draft, by=by)


def release(answer: Answer, *, by: Actor) -> Answer:
    """Let the answer go to the citizen; raises NotAllowed, WrongState."""
    now = timezone.now()
    with transaction.atomic():
        ticket = moves.locked(answer.ticket)
        moves.check(ticket, Action.RELEASE, by=by)
        answer = _in_release(ticket, answer)
        answer.released_by = by.staff
        moves.move(ticket, Action.RELEASE, by=by, now=now, answered_at=now)
        answer.state, answer.changed_at = AnswerState.FINAL, now
        answer.save()
        handover.post_answer(ticket, answer)
    return answer


def reject(answer: Answer, *, by: Actor, reason: str) -> Answer:
    """Give the answer back to the department, which finds its text and files in a new draft.

    Raises NotAllowed, ReasonMissing, WrongState.
    """
    now = timezone.now()
    with transaction.atomic():
        ticket = moves.locked(answer.ticket)
        moves.check(ticket, Action.REJECT, by=by)
        answer = _in_release(ticket, answer)
        text = moves.reason_given(reason)
        answer.state, answer.changed_at = AnswerState.REJECTED, now
        answer.save(update_fields=("state", "changed_at"))
        _copy_as_draft(ticket, answer)
        moves.move(ticket, Action.REJECT, by=by, now=now, reason=text)
        outbox.post_about_ticket(MailKind.REJECTED, ticket)
    return answer


def add_file(answer: Answer, *, name: str, data: bytes) -> AnswerFile:
    """Add a file to a draft; raises FileRefused, WrongState, OSError."""
    file = checked(name, data)
    with transaction.atomic():
        return answer_files.attach(_locked_draft(answer), [file])[0]


def remove_file(file: AnswerFile) -> None:
    """Take a file from a draft; raises WrongState."""
    with transaction.atomic():
        _locked_draft(file.answer)
        answer_files.drop(file)


def read_file(file: AnswerFile) -> bytes:
    """Return a file's bytes; raises FileNotFoundError, KeyUnavailable."""
    return sealed_files.read(file)


def _letter(
    text: str, files: Iterable[tuple[str, bytes]], channel: Channel, original: bytes | None
) -> _Letter:
    if not text.strip():
        raise TextMissing
    return _Letter(text, [checked(name, data) for name, data in files], channel, original)


def _draft(ticket: Ticket) -> Answer | None:
    return ticket.answers.filter(state=AnswerState.DRAFT).first()


def _new(ticket: Ticket, *, by: Actor, text: str) -> Answer:
    now = timezone.now()
    return Answer(
        ticket=ticket,
        key_id=ticket.key_id,
        text=text,
        author=by.staff,
        created_at=now,
        changed_at=now,
    )


def _rewritten(draft: Answer, *, by: Actor, text: str) -> Answer:
    draft.text, draft.author = text, by.staff
    draft.version += 1
    draft.changed_at = timezone.now()
    return draft


def _check_seen(draft: Answer, text: str, version: int) -> None:
    if version != draft.version and draft.text != text:
        raise Collision(draft)


def _written(
    ticket: Ticket, letter: _Letter, draft: Answer | None, *, by: Actor, version: int | None
) -> Answer:
    """Return the letter as an answer that is not saved yet."""
    if draft and letter.channel is Channel.PORTAL:
        if version is not None:
            _check_seen(draft, letter.text, version)
        return _rewritten(draft, by=by, text=letter.text)
    if draft:
        _set_aside(draft)
    return _new(ticket, by=by, text=letter.text)


def _set_aside(draft: Answer) -> None:
    """Keep what somebody had typed as a note: the answer came by e-mail instead."""
    ticket = draft.ticket
    is_known = any(each.text == draft.text for each in ticket.answers.exclude(pk=draft.pk))
    if ticket.question and draft.text.strip() and not is_known:
        Note.objects.create(
            question=ticket.question,
            key_id=ticket.question.key_id,
            text=draft.text,
            author=draft.author,
            department=ticket.department,
            at=timezone.now(),
        )
    for file in draft.files.all():
        answer_files.drop(file)
    draft.delete()


def _hand_in(
    ticket: Ticket,
    letter: _Letter,
    draft: Answer | None,
    *,
    by: Actor,
    version: int | None = None,
) -> Answer:
    now = timezone.now()
    waits = ticket.department.needs_release and by.party is Party.CLERK
    answer = _written(ticket, letter, draft, by=by, version=version)
    answer.channel, answer.original = letter.channel, letter.original
    answer.state = AnswerState.IN_RELEASE if waits else AnswerState.FINAL
    answer.changed_at = now
    answer.save()
    answer_files.attach(answer, letter.files)
    clerk = ticket.clerk or (by.staff if by.party is Party.CLERK else None)
    if waits:
        to = TicketState.IN_RELEASE
        moves.move(ticket, Action.ANSWER, by=by, now=now, to=to, clerk=clerk)
    else:
        moves.move(ticket, Action.ANSWER, by=by, now=now, clerk=clerk, answered_at=now)
        handover.post_answer(ticket, answer)
    return answer


def _in_release(ticket: Ticket, answer: Answer) -> Answer:
    found = ticket.answers.filter(pk=answer.pk, state=AnswerState.IN_RELEASE).first()
    if found is None:
        raise WrongState(ticket.state)
    return found


def _copy_as_draft(ticket: Ticket, answer: Answer) -> None:
    now = timezone.now()
    draft = Answer.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        text=answer.text,
        author=answer.author,
        created_at=now,
        changed_at=now,
    )
    for file in answer.files.all():
        copy = Checked(file.name, file.media_type, sealed_files.read(file))
        answer_files.attach(draft, [copy])


def _locked_draft(answer: Answer) -> Answer:
    ticket = moves.locked(answer.ticket)
    draft = _draft(ticket)
    if draft is None or draft.pk != answer.pk:
        raise WrongState(ticket.state)
    return draft
