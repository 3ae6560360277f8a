"""A ticket with everything that can belong to one, for what erases it."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone

from routing.enums import (
    Action,
    AnswerState,
    ConsentKind,
    MailKind,
    MailState,
    Outcome,
    Party,
    TicketState,
)
from routing.models import (
    AnswerFile,
    Consent,
    IncomingMail,
    MailboxPlace,
    Note,
    OutgoingMail,
    Question,
    QuestionFile,
    Reply,
    Ticket,
    TicketEvent,
)
from routing.services.work import sealed_files
from sprechstunde.vault.cipher import digest
from sprechstunde.vault.keystore import keystore
from tests.routing import factories

QUESTION_ROWS = 5  # itself, file, note, consent, mail
TICKET_ROWS = 7  # answer, its file, reply, event, mail, incoming mail, report about our mail


def filled_question() -> Question:
    """A question with a file, a note, a consent and a mail of its own."""
    question = factories.question()
    file = QuestionFile(
        question=question, key_id=question.key_id, name="bild.jpg", media_type="image/jpeg", size=5
    )
    sealed_files.write(file, b"photo")
    file.save()
    now = timezone.now()
    Note.objects.create(question=question, key_id=question.key_id, text="Wer zahlt?", at=now)
    Consent.objects.create(
        question=question, kind=ConsentKind.EMAIL, is_given=True, by=Party.CITIZEN, at=now
    )
    _mail(MailKind.ACKNOWLEDGEMENT, question, None)
    return question


def filled_ticket(
    question: Question | None = None, state: TicketState = TicketState.SENT, **fields: Any
) -> Ticket:
    """A ticket whose time has come, with an answer, files, mails in both directions, a reply."""
    now = timezone.now()
    fields = {"erase_at": now - timedelta(minutes=1)} | fields
    ticket = factories.ticket(question or filled_question(), None, state, **fields)
    answer = factories.answer(ticket, state=AnswerState.FINAL, original=b"Subject: Re")
    file = AnswerFile(
        answer=answer, key_id=ticket.key_id, name="plan.pdf", media_type="application/pdf", size=4
    )
    sealed_files.write(file, b"plan")
    file.save()
    Reply.objects.create(ticket=ticket, key_id=ticket.key_id, text="Danke!", at=now)
    TicketEvent.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        action=Action.RETURN,
        party=Party.CLERK,
        state=TicketState.RETURNED,
        reason="Nicht für uns",
        at=now,
    )
    mail = _mail(MailKind.ANSWER, ticket.question, ticket, answer_id=answer.pk)
    _incoming(ticket=ticket, outcome=Outcome.REPLY)
    _incoming(about=mail, outcome=Outcome.BOUNCE)
    return ticket


def folders(root: Path) -> list[Path]:
    """What lies under the root of tickets' files."""
    return sorted(root.rglob("*")) if root.exists() else []


def _mail(
    kind: MailKind, question: Question | None, ticket: Ticket | None, **fields: Any
) -> OutgoingMail:
    given = {
        "office": question.office if question else None,
        "question": question,
        "ticket": ticket,
        "state": MailState.SENT,
        "created_at": timezone.now(),
        "sent_at": timezone.now(),
    }
    return OutgoingMail.objects.create(kind=kind, **given | fields)


def _incoming(**fields: Any) -> IncomingMail:
    mail = IncomingMail(received_at=timezone.now(), sender="erika@example.org", raw=b"From: Erika")
    mail.key_id = mail.uid
    for name, value in fields.items():
        setattr(mail, name, value)
    mail.digest = digest(_with_key(mail), context="mail", value=mail.uid.hex)
    mail.save()
    MailboxPlace.objects.create(mailbox="imap.example", validity=1, uid=mail.pk, mail=mail)
    return mail


def _with_key(mail: IncomingMail) -> UUID:
    """Draw the mail's key and return its id."""
    assert mail.key_id is not None
    keystore().create(mail.key_id)
    return mail.key_id
