"""What a person does with a mail that found no home by itself: give it to a question, or discard it."""

from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from routing.enums import Channel, Outcome, Party, TicketState
from routing.mail import parsing, replies
from routing.mail.parsing import Mail
from routing.models import IncomingMail, Ticket
from routing.services.work import actors, answers, tickets
from routing.services.work.actors import Actor
from sessions_app.models import Staff
from sprechstunde.vault.keystore import keystore

LONGEST = 50_000  # characters that a person can give to a question
# What was decided without a person and can be decided otherwise as long as the content is here.
UNDOABLE = frozenset(
    {
        Outcome.QUARANTINED,
        Outcome.AUTO_REPLY,
        Outcome.LOOP,
        Outcome.BOUNCE,
        Outcome.DELAY,
        Outcome.DELIVERED,
    }
)


class QuarantineError(Exception):
    """What was asked of an incoming mail cannot be done."""


class Resolved(QuarantineError):
    """Somebody was faster, or the content is erased."""


class TextMissing(QuarantineError):
    """There is no text that could be the answer or reply."""


class OtherOffice(QuarantineError):
    """Mail and question, or mail and person, belong to different offices."""


def mail_of(row: IncomingMail) -> Mail:
    """Return the mail, read again; of one over the limit only the head. Raises KeyUnavailable."""
    raw = row.raw or b""
    return parsing.read_headers(raw) if len(raw) > settings.INBOX_MAX_BYTES else parsing.read(raw)


def suggested_text(mail: Mail) -> str:
    """Return the text as it would be cut, else all of it: a person reads it before it goes anywhere."""
    text = mail.text[:LONGEST]
    return replies.cut(text, sender_name=mail.sender_name) or text.strip()


def resolve_as_answer(row: IncomingMail, *, ticket: Ticket, by: Staff, text: str = "") -> None:
    """Make it the department's answer, without the files that may not be passed on.

    Raises Resolved, TextMissing, OtherOffice, TicketError.
    """
    _resolve(row, ticket, by, text, lambda kept, mail, own: _answer(ticket, mail, kept, own, by))


def resolve_as_reply(row: IncomingMail, *, ticket: Ticket, by: Staff, text: str = "") -> None:
    """Make it the citizen's reply. Raises Resolved, TextMissing, OtherOffice, TicketError."""

    def reply(kept: IncomingMail, mail: Mail, own: str) -> Outcome:
        tickets.reopen(ticket, text=own, original=kept.raw)
        return Outcome.REPLY

    _resolve(row, ticket, by, text, reply)


def discard(row: IncomingMail, *, by: Staff) -> None:
    """Erase its content; that it came, when and why it was doubted stays. Raises Resolved, OtherOffice."""
    with transaction.atomic():
        kept = _locked(row, by)
        _settle(kept, Outcome.DISCARDED, by)


def passable(mail: Mail) -> tuple[list[tuple[str, bytes]], list[answers.FileRefused]]:
    """Return the files that may go to a citizen, and the refusals of the others."""
    good: list[tuple[str, bytes]] = []
    refused: list[answers.FileRefused] = []
    for file in mail.files:
        try:
            answers.checked(file.name, file.data)
            good.append((file.name, file.data))
        except answers.FileRefused as refusal:
            refused.append(refusal)
    return good, refused


def _resolve(
    row: IncomingMail,
    ticket: Ticket,
    by: Staff,
    text: str,
    bring: Callable[[IncomingMail, Mail, str], Outcome],
) -> None:
    with transaction.atomic():
        kept = _locked(row, by)
        if ticket.office_id != by.office_id:
            raise OtherOffice
        mail = mail_of(kept)
        own = text.strip() or suggested_text(mail)
        if not own:
            raise TextMissing
        outcome = bring(kept, mail, own)
        kept.ticket = ticket
        _settle(kept, outcome, by)


def _answer(ticket: Ticket, mail: Mail, kept: IncomingMail, text: str, by: Staff) -> Outcome:
    answers.submit(
        ticket,
        by=_answers_as(ticket, by),
        text=text,
        channel=Channel.MAIL,
        original=kept.raw,
        files=passable(mail)[0],
    )
    return Outcome.ANSWER


def _answers_as(ticket: Ticket, by: Staff) -> Actor:
    """The department has answered and a person vouches for it; what it returned the office answers."""
    return Actor(Party.STAFF, by) if ticket.state == TicketState.RETURNED else actors.DEPARTMENT


def _locked(row: IncomingMail, by: Staff) -> IncomingMail:
    """Return the row as it is now, for this transaction; raises Resolved, OtherOffice."""
    kept = IncomingMail.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
    if kept is None:
        raise Resolved
    if kept.office_id != by.office_id or not by.talks:
        raise OtherOffice
    if kept.key_id is None or kept.outcome not in UNDOABLE:
        raise Resolved
    return kept


def _settle(kept: IncomingMail, outcome: Outcome, by: Staff) -> None:
    """Note who decided what; the sealed copy goes, its key once the rest is committed."""
    key_id = kept.key_id
    kept.outcome, kept.resolved_by, kept.resolved_at = outcome, by, timezone.now()
    kept.sender = kept.subject = kept.raw = kept.key_id = None
    kept.save()
    if key_id:
        transaction.on_commit(lambda: keystore().destroy(key_id))
