"""Turns a row of the outbox into the letter that it stands for, at the moment when it is sent."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from routing.enums import MailKind
from routing.mail.addresses import Purpose, reply_address
from routing.mail.compose import Attached, Letter
from routing.models import Answer, Correspondence, Department, OutgoingMail, Question, Ticket
from routing.services.mail_out import letter_texts
from routing.services.mail_out.letter_texts import Matter
from routing.services.work import sealed_files
from sessions_app.models import Office, Staff

TO_CITIZENS = frozenset(
    {MailKind.CONFIRMATION, MailKind.ACKNOWLEDGEMENT, MailKind.ANSWER, MailKind.WITHDRAWN}
)
# Answered in the portal alone: a reply to one of these must not become the answer to the citizen.
_NO_REPLY = frozenset({MailKind.MAILBOX, MailKind.ESCALATION, MailKind.ASKED})
_SHOW_TICKETS = frozenset({MailKind.ACKNOWLEDGEMENT, MailKind.CONFIRMATION, MailKind.WITHDRAWN})


class Pointless(Exception):
    """Nobody needs this mail any more: its link has expired, its question is gone."""


class NoMailbox(Exception):
    """The department has no mailbox that works, nor members with an address."""


def rows(pks: Sequence[int]) -> list[OutgoingMail]:
    """Return these mails with all that composing them reads, in few queries."""
    if not pks:
        return []
    rows_of_their_own = OutgoingMail.objects.select_related("question", "ticket", "answer")
    mails = list(rows_of_their_own.filter(pk__in=pks).order_by("pk"))
    _share(mails)
    of_questions = [mail for mail in mails if mail.kind in _SHOW_TICKETS]
    prefetch_related_objects(of_questions, "question__tickets__department")
    answers = [mail for mail in mails if mail.kind == MailKind.ANSWER]
    prefetch_related_objects(answers, "answer__files")
    return mails


def _share(mails: Sequence[OutgoingMail]) -> None:
    """Give mails of the same office and department the same objects: joins would make one each."""
    tickets = [mail.ticket for mail in mails if mail.ticket is not None]
    pointing: list[OutgoingMail | Ticket] = [*mails, *tickets]
    departments = Department.objects.select_related("office__correspondence").in_bulk(
        {row.department_id for row in pointing} - {None}
    )
    offices = {each.office_id: each.office for each in departments.values()}
    if others := {mail.office_id for mail in mails} - offices.keys():
        offices |= Office.objects.select_related("correspondence").in_bulk(others)
    for mail in mails:  # what is missing was deleted just now, and the mail with it
        if office := offices.get(mail.office_id):
            mail.office = office
    for row in pointing:
        if row.department_id and (department := departments.get(row.department_id)):
            row.department = department


def letter(mail: OutgoingMail, *, now: datetime) -> Letter:
    """Compose it; `now` (aware) becomes its date.

    Raises Pointless, NoMailbox, KeyUnavailable, KeystoreUnavailable, FileNotFoundError.
    """
    matter = _matter(mail, now)
    recipients = _recipients(matter)
    with translation.override(_language(matter)):
        try:
            subject, text, html = _rendered(matter)
        except LookupError as gone:
            raise Pointless from gone
    return Letter(
        uid=mail.uid,
        thread=_thread(matter),
        sender_name=sender_name(mail, matter.correspondence),
        recipients=recipients,
        reply_to=_reply_to(matter),
        bounces_to=reply_address(Purpose.BOUNCE, mail.pk, now=now),
        subject=subject,
        text=text,
        html=html,
        language=_language(matter),
        is_automatic=mail.kind != MailKind.ANSWER,
        at=now,
        files=_files(mail),
    )


def preview(ticket: Ticket, text: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of the e-mail as the citizen would get this answer now.

    The withdrawing link in it is not a real one.
    """
    now = timezone.now()
    answer = Answer(ticket=ticket, key_id=ticket.key_id, text=text)
    mail = OutgoingMail(
        office=ticket.office,
        kind=MailKind.ANSWER,
        question=ticket.question,
        ticket=ticket,
        answer=answer,
        created_at=now,
    )
    matter = _matter(mail, now)
    with translation.override(_language(matter)):
        return _rendered(matter, is_preview=True)


def sender_name(mail: OutgoingMail, correspondence: Correspondence) -> str:
    """Return who the mail is from, in words."""
    return correspondence.sender_name or mail.office.name


def _matter(mail: OutgoingMail, now: datetime) -> Matter:
    try:
        correspondence = mail.office.correspondence
    except Correspondence.DoesNotExist:
        correspondence = Correspondence(office=mail.office)
    question = mail.question
    if question is None and mail.ticket is not None:
        question = mail.ticket.question
    return Matter(mail, correspondence, question, mail.ticket, now)


def _language(matter: Matter) -> str:
    language = matter.question.language if matter.question else ""
    is_citizen = matter.mail.kind in TO_CITIZENS
    known = dict(settings.LANGUAGES)
    return language if is_citizen and language in known else settings.LANGUAGE_CODE


def _rendered(matter: Matter, *, is_preview: bool = False) -> tuple[str, str, str]:
    content = letter_texts.content(matter)
    if is_preview and content.withdraw:
        content = replace(content, withdraw=replace(content.withdraw, url=settings.PORTAL_URL))
    correspondence = matter.correspondence
    kind_regards = _("Kind regards\n%(office)s") % {"office": matter.mail.office.name}
    context = {
        "content": content,
        "letterhead": correspondence.letterhead.strip(),
        "closing": correspondence.closing.strip() or kind_regards,
    }
    text = get_template("routing/mail/mail.txt").render(context)
    html = get_template("routing/mail/mail.html").render(context)
    return content.subject, text.strip("\n") + "\n", html.lstrip("\n")


def _recipients(matter: Matter) -> Sequence[str]:
    mail = matter.mail
    if mail.kind in TO_CITIZENS:
        return [_citizen(mail, matter.question, matter.now)]
    if mail.kind == MailKind.ESCALATION:
        return _mayors_office(matter)
    department = matter.ticket.department if matter.ticket else mail.department
    if department is None:
        raise Pointless
    if mail.kind == MailKind.MAILBOX:
        return _unproved(department)
    return _department(department)


def _citizen(mail: OutgoingMail, question: Question | None, now: datetime) -> str:
    if question is None or not question.address:
        raise Pointless
    if mail.kind == MailKind.CONFIRMATION:
        expires_at = question.address_expires_at
        if question.address_confirmed_at or expires_at is None or expires_at <= now:
            raise Pointless
    if mail.kind in {MailKind.ANSWER, MailKind.ACKNOWLEDGEMENT} and not question.may_be_mailed:
        raise Pointless
    return question.address


def _mayors_office(matter: Matter) -> Sequence[str]:
    if matter.correspondence.escalation_mailbox:
        return [matter.correspondence.escalation_mailbox]
    staff = Staff.objects.at_the_desk().filter(office=matter.mail.office_id, user__is_active=True)
    return _some(list(staff.exclude(user__email="").values_list("user__email", flat=True)))


def _unproved(department: Department) -> Sequence[str]:
    if not department.mailbox:
        raise Pointless
    return [department.mailbox]


def _department(department: Department) -> Sequence[str]:
    """Return its mailbox; where that does not work, its members' own addresses."""
    if department.takes_mail:
        return [department.mailbox]
    members = department.members.filter(staff__user__is_active=True)
    emails = members.exclude(staff__user__email="").values_list("staff__user__email", flat=True)
    return _some(list(emails))


def _some(addresses: Sequence[str]) -> Sequence[str]:
    if not addresses:
        raise NoMailbox
    return sorted(set(addresses))


def _thread(matter: Matter) -> UUID:
    if matter.mail.kind in TO_CITIZENS and matter.question:
        return matter.question.uid
    if matter.mail.kind in _NO_REPLY or matter.ticket is None:
        return matter.mail.uid
    return matter.ticket.uid


def _reply_to(matter: Matter) -> str:
    """Return where a reply becomes an answer or reopens; nothing where it would only be a puzzle."""
    kind = matter.mail.kind
    if kind in TO_CITIZENS and (ticket := matter.ticket or _lead(matter)):
        return reply_address(Purpose.CITIZEN, ticket.pk, now=matter.now)
    if kind in _NO_REPLY or matter.ticket is None:
        return ""
    return reply_address(Purpose.DEPARTMENT, matter.ticket.pk, now=matter.now)


def _lead(matter: Matter) -> Ticket | None:
    tickets = matter.question.tickets.all() if matter.question else []
    return next((ticket for ticket in tickets if ticket.is_lead), None)


def _files(mail: OutgoingMail) -> Sequence[Attached]:
    if mail.answer is None or mail.kind != MailKind.ANSWER:
        return ()
    return [
        Attached(file.name, file.media_type, sealed_files.read(file))
        for file in mail.answer.files.all()
    ]
