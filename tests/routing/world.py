"""One office with everything that an address can name, and a person of every role in and outside of it."""

from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from routing.enums import (
    AnswerState,
    ConsentState,
    Doubt,
    MailKind,
    MailState,
    Outcome,
    TicketState,
)
from routing.models import (
    AnswerFile,
    IncomingMail,
    OutgoingMail,
    QuestionFile,
    Reply,
    Snippet,
    Ticket,
)
from routing.services.links import confirmation, mailboxes, withdrawal
from routing.services.work import sealed_files
from sessions_app.enums import AttachmentState, MessageKind, Role
from sessions_app.models import Attachment
from sprechstunde.vault import files
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.routing import factories as routing

INSIDE = ("host", "assistant", "clerk", "auditor", "admin")
COLLEAGUE = "clerk elsewhere in the house"
STRANGERS = tuple(f"{role} of another office" for role in INSIDE)
NOBODY = "not logged in"
EVERYBODY = (*INSIDE, COLLEAGUE, *STRANGERS, NOBODY)
PICTURE = b"\x89PNG\r\n\x1a\n"


@dataclass
class World:
    """`users` by what they are; `ids` by the name that addresses give them."""

    users: dict[str, User | None] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)


def build() -> World:
    """Create it all; a few dozen rows."""
    world = World()
    office = factories.office()
    department, other = routing.department(office), routing.department(office)
    elsewhere = routing.department()
    _people(world, "", department)
    _people(world, " of another office", elsewhere)
    world.users[COLLEAGUE] = routing.clerk(other).user
    world.users[NOBODY] = None
    world.ids = {"slug": office.slug, "department_id": department.pk}
    world.ids["staff_id"] = factories.staff(office).pk
    world.ids["snippet_id"] = Snippet.objects.create(department=department, title="A", text="B").pk
    _hour(world, office)
    _tickets(world, department)
    _mails(world, office)
    _links(world, office)
    return world


def _people(world: World, where: str, department: Any) -> None:
    for role in (Role.HOST, Role.ASSISTANT, Role.AUDITOR, Role.ADMIN):
        world.users[f"{role}{where}"] = factories.staff(department.office, role).user
    world.users[f"clerk{where}"] = routing.clerk(department).user


def _hour(world: World, office: Any) -> None:
    session = factories.session(office)
    conversation = factories.conversation(session)
    message = factories.message(conversation, kind=MessageKind.IMAGE, content={"caption": ""})
    attachment = Attachment.objects.create(
        message=message,
        key_id=message.key_id,
        state=AttachmentState.STORED,
        media_type="image/png",
        size=len(PICTURE),
    )
    context = f"attachment:{attachment.uid.hex}"
    files.write_sealed(attachment.path, attachment.key_id, context, PICTURE)
    question = routing.question(office, conversation=conversation, consent=ConsentState.FORWARD)
    routing.ticket(question, state=TicketState.WAITING)
    world.ids |= {
        "session_id": session.pk,
        "conversation_id": conversation.pk,
        "message_id": message.pk,
        "attachment_id": attachment.pk,
        "question_id": question.pk,
    }


def _tickets(world: World, department: Any) -> None:
    asked = routing.question(department.office)
    fresh = routing.ticket(asked, department)
    world.ids["fresh"] = fresh.pk
    world.ids["picture"] = _sealed(QuestionFile(question=asked, key_id=asked.key_id))
    draft = routing.answer(fresh, state=AnswerState.DRAFT)
    world.ids["draft_file"] = _sealed(AnswerFile(answer=draft, key_id=draft.key_id))
    waiting = routing.ticket(department=department, state=TicketState.IN_RELEASE)
    routing.answer(waiting, state=AnswerState.IN_RELEASE)
    world.ids["in_release"] = waiting.pk
    world.ids["undeliverable"] = _undeliverable(department).pk
    answered = routing.answer(fresh, original=b"Subject: x\r\n\r\nText")
    reply = Reply.objects.create(
        ticket=fresh, key_id=fresh.key_id, text="Danke", original=_with_file(),
        at=timezone.now(),
    )  # fmt: skip
    world.ids |= {"answer_id": answered.pk, "reply_id": reply.pk, "reply_file": 1}


def _with_file() -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "y"
    mail.set_content("Text")
    mail.add_attachment("Ein Plan", filename="plan.txt")
    return mail.as_bytes()


def _undeliverable(department: Any) -> Ticket:
    ticket = routing.ticket(department=department, state=TicketState.UNDELIVERABLE)
    _outgoing(ticket, MailKind.ANSWER, MailState.FAILED, answer=routing.answer(ticket))
    return ticket


def _sealed(row: Any) -> int:
    row.name, row.media_type, row.size = "plan.png", "image/png", len(PICTURE)
    row.save()
    sealed_files.write(row, PICTURE)
    return int(row.pk)


def _mails(world: World, office: Any) -> None:
    ticket = routing.ticket(routing.question(office))
    world.ids["failed_mail"] = _outgoing(ticket, MailKind.NOTIFICATION, MailState.FAILED)
    world.ids["doubtful_mail"] = _outgoing(ticket, MailKind.ANSWER, MailState.UNCONFIRMED)
    mail = IncomingMail(
        office=office,
        digest=bytes(32),
        outcome=Outcome.QUARANTINED,
        doubt=Doubt.SENDER,
        received_at=timezone.now(),
        key_id=ticket.uid,  # any id: its key is created here
        sender="jemand@example.org",
        subject="Frage",
        raw=b"Subject: Frage\r\n\r\nText",
    )
    keystore().create(ticket.uid)
    mail.save()
    world.ids["incoming_mail"] = mail.pk


def _links(world: World, office: Any) -> None:
    now = timezone.now()
    question = routing.question(
        office, address_confirmed_at=None, address_expires_at=now + timedelta(hours=48)
    )
    routing.ticket(question)
    department = routing.department(office, mailbox_confirmed_at=None)
    world.ids |= {
        "address_token": confirmation.token(question, now=now),
        "withdrawal_token": withdrawal.token(question, now=now),
        "mailbox_token": mailboxes.token(department, now=now),
    }


def _outgoing(ticket: Ticket, kind: MailKind, state: MailState, **more: Any) -> int:
    mail = OutgoingMail.objects.create(
        office=ticket.office,
        kind=kind,
        state=state,
        ticket=ticket,
        question=ticket.question,
        department=ticket.department,
        created_at=timezone.now(),
        **more,
    )
    return mail.pk
