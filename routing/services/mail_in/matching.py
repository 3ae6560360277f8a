"""Finds what an incoming mail belongs to: by our signed address, then by our Message-ID, never by subject."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from routing.enums import Doubt, MailKind
from routing.mail import addresses, message_ids
from routing.mail.addresses import Purpose
from routing.mail.header_text import header
from routing.mail.parsing import Mail
from routing.models import OutgoingMail, Ticket
from routing.services.work import actors
from routing.services.work.actors import Actor
from sessions_app.enums import Role
from sessions_app.models import Office, Staff

_TO_CITIZEN = frozenset(
    {MailKind.CONFIRMATION, MailKind.ACKNOWLEDGEMENT, MailKind.ANSWER, MailKind.WITHDRAWN}
)
_TO_DEPARTMENT = frozenset(
    {MailKind.NOTIFICATION, MailKind.REMINDER, MailKind.REOPENED, MailKind.REJECTED}
)


_REFERENCES = 20  # of a mail are looked up


@dataclass(frozen=True, slots=True)
class Match:
    """What a mail belongs to, as far as that is known; `doubt` where it must not be trusted."""

    purpose: Purpose | None = None
    ticket: Ticket | None = None
    about: OutgoingMail | None = None  # the mail of ours to which it replies
    doubt: Doubt | None = None


def match(mail: Mail, *, now: datetime) -> Match:
    """Return what the mail belongs to. The first genuine address decides, then our own Message-ID.

    A forged or expired address is not made good by a Message-ID: a person has to look then.
    """
    doubt = None
    for address in mail.recipients:
        try:
            return _of_tag(addresses.read(address, now=now), mail)
        except addresses.Forged:
            doubt = doubt or Doubt.FORGED
        except addresses.Expired:
            doubt = Doubt.EXPIRED
        except addresses.NotOurs:
            continue
    found = of_message_ids(mail.references)
    return replace(found, doubt=doubt) if doubt else found


def of_message_ids(references: Iterable[str]) -> Match:
    """Return what the first Message-ID of ours leads to; without one NO_ADDRESS."""
    uids = _uids(references)
    about = _sent(uids)
    if about:
        return _of_sent(about)
    return _of_thread(uids) or Match(doubt=Doubt.NO_ADDRESS)


def sender(mail: Mail, found: Match) -> Actor | None:
    """Return who writes, if they are who may: the department asked, or the citizen who asked."""
    if found.ticket is None or not mail.sender or _is_known_forgery(mail):
        return None
    if found.purpose is Purpose.DEPARTMENT:
        return _department(mail.sender, found.ticket)
    if found.purpose is Purpose.CITIZEN:
        question = found.ticket.question
        known = question.address if question else None
        return actors.CITIZEN if known and known.strip().lower() == mail.sender else None
    return None


def office_of(address: str, found: Match) -> int | None:
    """Return the id of whose business a mail is: the ticket's office, the sender's, else the oldest."""
    row = found.ticket or found.about
    if row:
        return row.office_id
    offices = Office.objects.order_by("pk").values_list("pk", flat=True)
    known = offices.filter(departments__mailbox__iexact=address) if address else offices.none()
    return known.first() or offices.first()


def _of_tag(tag: addresses.Tag, mail: Mail) -> Match:
    if tag.purpose is Purpose.BOUNCE:
        about = OutgoingMail.objects.filter(pk=tag.pk).select_related("ticket").first()
        if about and tag.is_older_than(about.created_at):
            about = None
        ticket = _ticket(about.ticket_id) if about and about.ticket_id else None
        return Match(Purpose.BOUNCE, ticket, about, None if about else Doubt.NO_ADDRESS)
    ticket = _ticket(tag.pk)
    if ticket and tag.is_older_than(ticket.created_at):
        ticket = None
    about = _sent(_uids(mail.references))
    return Match(tag.purpose, ticket, about, None if ticket else Doubt.NO_ADDRESS)


def _uids(references: Iterable[str]) -> list[UUID]:
    """Return the names of ours among Message-IDs, the nearest first."""
    found = (message_ids.uid_of(reference) for reference in references)
    return [uid for uid in found if uid][:_REFERENCES]


def _sent(uids: list[UUID]) -> OutgoingMail | None:
    """Return the first of them that is a mail which we still know."""
    if not uids:
        return None
    known = {mail.uid: mail for mail in OutgoingMail.objects.filter(uid__in=uids)}
    return next((known[uid] for uid in uids if uid in known), None)


def _of_sent(about: OutgoingMail) -> Match:
    kind = MailKind(about.kind)
    ticket = _ticket(about.ticket_id) if about.ticket_id else _in_charge(about)
    if kind in _TO_CITIZEN:
        return Match(Purpose.CITIZEN, ticket, about, None if ticket else Doubt.NO_ADDRESS)
    if kind in _TO_DEPARTMENT and ticket:
        return Match(Purpose.DEPARTMENT, ticket, about)
    return Match(None, ticket, about, Doubt.NO_ADDRESS)


def _of_thread(uids: list[UUID]) -> Match | None:
    """A thread bears the name of the ticket towards departments, of the question towards citizens."""
    if not uids:
        return None
    asked = Ticket.objects.filter(uid__in=uids).first()
    if asked:
        return Match(Purpose.DEPARTMENT, asked)
    in_charge = Ticket.objects.filter(question__uid__in=uids, is_lead=True).first()
    return Match(Purpose.CITIZEN, in_charge) if in_charge else None


def _ticket(pk: int) -> Ticket | None:
    found = Ticket.objects.only("office", "question", "created_at").filter(
        pk=pk
    )  # the rest once it is locked
    return next(iter(found), None)


def _in_charge(about: OutgoingMail) -> Ticket | None:
    """A mail about the whole question is the business of the department in charge."""
    in_charge = Ticket.objects.filter(question=about.question_id, is_lead=True)
    return in_charge.first() if about.question_id else None


def _department(address: str, ticket: Ticket) -> Actor | None:
    department = ticket.department
    if department.mailbox_confirmed_at and department.mailbox.lower() == address:
        return actors.DEPARTMENT  # also where it is a clerk's account's too: many may write from it
    member = _member(address, ticket)
    return actors.of(member) if member else None


def _member(address: str, ticket: Ticket) -> Staff | None:
    clerks = Staff.objects.filter(
        memberships__department=ticket.department_id,
        role=Role.CLERK,
        user__email__iexact=address,
        user__is_active=True,
    )
    return clerks.order_by("pk").first()


def _is_known_forgery(mail: Mail) -> bool:
    """Whether our own mail server has found that the sender's domain did not send it (RFC 8601)."""
    return "dmarc=fail" in header(mail.message, "Authentication-Results").lower().replace(" ", "")
