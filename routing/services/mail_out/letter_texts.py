"""What our mails say, kind by kind; how that looks as text and as HTML is the templates' business.

Nothing that a citizen wrote stands in a subject, in a mail to a department, or in a mail to an address
that is not confirmed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from routing.enums import ConsentState, MailKind, TicketState
from routing.mail import tokens
from routing.models import Correspondence, OutgoingMail, Question, Ticket
from routing.services.links import confirmation, mailboxes, withdrawal


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its own words."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, repr=False)
class Section:
    """A heading and what stands under it; the text may have been written by people."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """A mail's words, in order."""

    subject: str
    title: str
    paragraphs: list[str]
    greeting: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    link: Link | None = None
    hints: list[str] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    small_print: list[str] = field(default_factory=list)
    withdraw: Link | None = None


@dataclass(frozen=True, slots=True)
class Matter:
    """The rows that a mail is about, with what is missing left out."""

    mail: OutgoingMail
    correspondence: Correspondence
    question: Question | None
    ticket: Ticket | None
    now: datetime


def content(matter: Matter) -> Content:
    """Return the words of this mail in the active language."""
    return _KINDS[MailKind(matter.mail.kind)](matter)


def _mailbox(matter: Matter) -> Content:
    department = matter.mail.department
    if department is None:
        raise LookupError
    token = mailboxes.token(department, now=matter.now)
    names = {"department": department.name, "office": matter.mail.office.name}
    return Content(
        subject=_("Please confirm the mailbox of %(department)s") % names,
        title=_("Confirm the mailbox"),
        paragraphs=[
            _(
                "This mailbox was entered for %(department)s in the consultation hour of "
                "%(office)s. New questions of citizens will be announced here, each with a link "
                "and without its content."
            )
            % names,
            _("Please confirm that the mailbox is yours:"),
        ],
        link=Link(_("Confirm the mailbox"), portal("confirm_mailbox", token)),
        hints=[
            _("The link is good for 48 hours."),
            _("If you do not know what this is about, you need not do anything."),
        ],
    )


def _notification(matter: Matter) -> Content:
    return _about_ticket(
        matter,
        subject=_("New question %(reference)s for %(department)s"),
        title=_("New question %(reference)s"),
        says=_("A citizen asked this in the consultation hour of %(office)s. Please answer it."),
        hints=_how_to_answer(matter),
    )


def _reminder(matter: Matter) -> Content:
    return _about_ticket(
        matter,
        subject=_("Reminder: question %(reference)s for %(department)s"),
        title=_("Question %(reference)s is still to be answered"),
        says=_("Its due date has come. Please answer it, or return it with a reason."),
        hints=_how_to_answer(matter),
    )


def _escalation(matter: Matter) -> Content:
    state = matter.ticket.state if matter.ticket else ""
    reasons = {
        TicketState.UNDELIVERABLE: _("The answer could not be delivered to the citizen."),
        TicketState.RETURNED: _("The department returned the question, and nobody has it now."),
        TicketState.IN_RELEASE: _("The answer waits for its release."),
    }
    reason = reasons.get(TicketState(state)) if state else None
    return _about_ticket(
        matter,
        subject=_("Question %(reference)s needs the mayor's office"),
        title=_("Question %(reference)s needs you"),
        says=reason or _("The question was not answered by its due date."),
    )


def _reopened(matter: Matter) -> Content:
    return _about_ticket(
        matter,
        subject=_("The citizen replied: question %(reference)s"),
        title=_("The citizen replied to question %(reference)s"),
        says=_("Please read the reply and answer it."),
        hints=_how_to_answer(matter),
    )


def _rejected(matter: Matter) -> Content:
    return _about_ticket(
        matter,
        subject=_("Answer not released: question %(reference)s"),
        title=_("Your answer to question %(reference)s was not released"),
        says=_("The reason stands with the question. Please revise the answer."),
    )


def _asked(matter: Matter) -> Content:
    return _about_ticket(
        matter,
        subject=_("Internal query to %(department)s about question %(reference)s"),
        title=_("Internal query about question %(reference)s"),
        says=_("A colleague asks you something. It stands with the question, as an internal note."),
        hints=[_("Please answer there with a note: a reply to this e-mail does not reach them.")],
    )


def _confirmation(matter: Matter) -> Content:
    question = _question(matter)
    token = confirmation.token(question, now=matter.now)
    until = question.address_expires_at or matter.now + tokens.GOOD_FOR
    names = {"office": matter.mail.office.name, "until": _moment(matter, until)}
    return Content(
        subject=_("Please confirm your e-mail address"),
        title=_("Confirm your e-mail address"),
        greeting=_("Hello,"),
        paragraphs=[
            _(
                "in the consultation hour of %(office)s somebody named this address for the "
                "answer to a question. If that was you, please confirm it:"
            )
            % names
        ],
        link=Link(_("Confirm the address"), portal("confirm_address", token)),
        hints=[
            _("The link is good until %(until)s. After that we erase the address.") % names,
            _("If it was not you, you need not do anything."),
        ],
        withdraw=_withdraw_link(matter, question, _("I want no answer by e-mail")),
    )


def _acknowledgement(matter: Matter) -> Content:
    question = _question(matter)
    tickets = list(question.tickets.all())
    names = {"office": matter.mail.office.name, "reference": question.reference}
    due = max((ticket.due_on for ticket in tickets if ticket.due_on), default=None)
    departments = ", ".join(sorted(ticket.department.name for ticket in tickets))
    facts = [(_("Number"), question.reference), (_("With"), departments)]
    if due:
        facts.append((_("Answer expected by"), _day(due)))
    return Content(
        subject=_("Your question %(reference)s to %(office)s") % names,
        title=_("We have passed your question on"),
        greeting=_greeting(question),
        paragraphs=[
            _(
                "thank you for your question. It is with those who can answer it; the answer "
                "will come to this address."
            )
        ],
        facts=[fact for fact in facts if fact[1]],
        hints=[_("Nothing here replaces a formal application or keeps a deadline.")],
        withdraw=_withdraw_link(matter, question),
    )


def _answer(matter: Matter) -> Content:
    question, answer = _question(matter), matter.mail.answer
    if answer is None or matter.ticket is None:
        raise LookupError
    names = {"reference": question.reference, "department": matter.ticket.department.name}
    return Content(
        subject=_("Answer to your question %(reference)s") % names,
        title=_("Answer to your question %(reference)s") % names,
        greeting=_greeting(question),
        paragraphs=[_("%(department)s answers your question from the consultation hour:") % names],
        sections=[
            Section(_("Answer"), answer.text),
            Section(_("Your question"), question.text),
        ],
        hints=[
            _("If something is still open, just reply to this e-mail."),
            _kept_for(matter.correspondence.retention_days),
        ],
        withdraw=_withdraw_link(matter, question),
    )


def _kept_for(days: int) -> str:
    if not days:
        return _("We erase your question and this answer here as soon as this e-mail has left.")
    text = ngettext(
        "We erase your question and this answer here after one day.",
        "We erase your question and this answer here after %(days)d days.",
        days,
    )
    return text % {"days": days}


def _withdrawn(matter: Matter) -> Content:
    question = _question(matter)
    names = {"reference": question.reference}
    return Content(
        subject=_("Your question %(reference)s was withdrawn") % names,
        title=_("Your question was withdrawn"),
        greeting=_greeting(question),
        paragraphs=[
            _(
                "as you wished, nobody works on your question %(reference)s any more. Within the "
                "hour we erase the question, your address and all answers. This is our last e-mail."
            )
            % names
        ],
    )


_KINDS: dict[MailKind, Callable[[Matter], Content]] = {
    MailKind.MAILBOX: _mailbox,
    MailKind.NOTIFICATION: _notification,
    MailKind.REMINDER: _reminder,
    MailKind.ESCALATION: _escalation,
    MailKind.REOPENED: _reopened,
    MailKind.REJECTED: _rejected,
    MailKind.ASKED: _asked,
    MailKind.CONFIRMATION: _confirmation,
    MailKind.ACKNOWLEDGEMENT: _acknowledgement,
    MailKind.ANSWER: _answer,
    MailKind.WITHDRAWN: _withdrawn,
}


def portal(name: str, *args: object) -> str:
    """Return the full address of a page of ours."""
    return f"{settings.PORTAL_URL}{reverse(name, args=args)}"


def _about_ticket(
    matter: Matter, *, subject: str, title: str, says: str, hints: list[str] | None = None
) -> Content:
    """A mail inside the house: what happened, the facts, the link, and nothing of the citizen's."""
    names = _names(matter)
    return Content(
        subject=subject % names,
        title=title % names,
        paragraphs=[says % names],
        facts=_facts(matter),
        link=_ticket_link(matter),
        hints=hints or [],
    )


def _withdraw_link(matter: Matter, question: Question, label: str = "") -> Link:
    token = withdrawal.token(question, now=matter.now)
    return Link(label or _("Withdraw the question"), portal("withdraw_question", token))


def _greeting(question: Question) -> str:
    if question.name:
        return _("Hello %(name)s,") % {"name": " ".join(question.name.split())}
    return _("Hello,")


def _names(matter: Matter) -> dict[str, str]:
    if matter.ticket is None:
        raise LookupError
    return {
        "reference": matter.ticket.reference,
        "department": matter.ticket.department.name,
        "office": matter.mail.office.name,
    }


def _facts(matter: Matter) -> list[tuple[str, str]]:
    if matter.ticket is None:
        raise LookupError
    part = _("in charge") if matter.ticket.is_lead else _("consulted")
    facts = [
        (_("Number"), matter.ticket.reference),
        (_("Department"), f"{matter.ticket.department.name} ({part})"),
    ]
    if matter.ticket.due_on:
        facts.append((_("Due"), _day(matter.ticket.due_on)))
    return facts


def _ticket_link(matter: Matter) -> Link:
    if matter.ticket is None:
        raise LookupError
    return Link(_("Open the question"), portal("ticket", matter.ticket.pk))


def _how_to_answer(matter: Matter) -> list[str]:
    ticket, question = matter.ticket, matter.question
    if ticket is None or question is None or question.consent != ConsentState.GIVEN:
        return [_("The citizen wished no e-mail: your answer stays in the portal.")]
    hints = [
        _(
            "You may also reply to this e-mail: what you write above the quote is your answer to "
            "the citizen."
        )
    ]
    if ticket.department.needs_release:
        hints.append(_("The mayor's office releases it before it is sent."))
    return hints


def _question(matter: Matter) -> Question:
    if matter.question is None:
        raise LookupError
    return matter.question


def _day(day: date) -> str:
    return formats.date_format(day, "DATE_FORMAT")


def _moment(matter: Matter, at: datetime) -> str:
    local = timezone.localtime(at, matter.mail.office.zone)
    return formats.date_format(local, "DATETIME_FORMAT")
