"""The outgoing e-mails that need somebody: which, why, and what to do; nothing of their content."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from routing.enums import MailKind, MailState
from routing.models import OutgoingMail
from sessions_app.models import Office

STUCK_AFTER = timedelta(minutes=10)
REPORT_WITHIN = timedelta(hours=1)  # a server that promised reports has sent one by then
MOST = 200

_TO_CITIZENS = frozenset(
    {MailKind.CONFIRMATION, MailKind.ACKNOWLEDGEMENT, MailKind.ANSWER, MailKind.WITHDRAWN}
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """One mail, in words, with what a person can do about it."""

    mail: OutgoingMail
    what: str
    advice: str
    to_decide: bool = False  # perhaps sent: again, or arrived?
    to_repeat: bool = False  # failed: again, or dismissed?


def troubles(office: Office, now: datetime) -> list[Trouble]:
    """Return what is stuck, in doubt or failed, newest first; `now` is aware."""
    since = now - STUCK_AFTER
    stuck = Q(state__in=(MailState.QUEUED, MailState.IN_FLIGHT), created_at__lte=since)
    waiting = Q(state=MailState.WAITING)
    undecided = Q(state__in=(MailState.UNCONFIRMED, MailState.FAILED))
    rows = OutgoingMail.objects.select_related("ticket__department", "department", "question")
    found = rows.filter(stuck | waiting | undecided, office=office).order_by("-pk")
    return [_trouble(mail, now) for mail in found[:MOST]]


def _trouble(mail: OutgoingMail, now: datetime) -> Trouble:
    if mail.state == MailState.UNCONFIRMED:
        return _in_doubt(mail, now)
    if mail.state == MailState.FAILED:
        is_answer = mail.kind == MailKind.ANSWER
        return Trouble(mail, _reason(mail.status), _advice(mail), to_repeat=not is_answer)
    if mail.state == MailState.WAITING:
        return Trouble(mail, _reason(mail.status), _("It is tried again by itself."))
    what = _("It waits although nothing seems to be in its way.")
    return Trouble(mail, what, _("Ask the operators whether the worker runs."))


def _in_doubt(mail: OutgoingMail, now: datetime) -> Trouble:
    what = _("The connection broke at the last moment: perhaps it was sent, perhaps not.")
    attempted_at = mail.attempted_at or mail.created_at
    if mail.receipt_promised and now < attempted_at + REPORT_WITHIN:
        return Trouble(mail, what, _("The mail server is about to tell. Please wait an hour."))
    if mail.receipt_promised:
        advice = _("The mail server has told nothing, so it was probably not sent. Please decide.")
        return Trouble(mail, what, advice, to_decide=True)
    advice = _("The mail server cannot tell. Ask the citizen if you can, then decide.")
    return Trouble(mail, what, advice, to_decide=True)


def _reason(status: str) -> str:
    reasons = {
        "4.3.5": _("No mail server is set up."),
        "4.7.4": _("The mail server offers no encryption that we can trust."),
        "5.4.4": _("There is nobody with an e-mail address to tell."),
        "5.6.0": _("A file that belongs to it cannot be found."),
        "4.2.2": _("The mailbox is full."),
        "5.2.2": _("The mailbox is full."),
        "5.3.4": _("It is too large for the recipient."),
        "5.2.3": _("It is too large for the recipient."),
    }
    by_subject = {
        "1": _("The address does not exist."),
        "2": _("The mailbox takes no e-mail."),
        "4": _("The mail server could not be reached."),
        "7": _("The mail server refuses it by its rules."),
    }
    subject = status.split(".")[1] if status.count(".") == 2 else ""
    return reasons.get(status) or by_subject.get(subject) or _("It could not be delivered.")


def _advice(mail: OutgoingMail) -> str:
    if mail.kind == MailKind.ANSWER:
        return _("Open the question: there the answer can be sent again, or given another way.")
    if mail.kind in _TO_CITIZENS:
        return _("The citizen cannot be reached at this address.")
    if mail.kind == MailKind.ESCALATION:
        return _("Enter a mailbox of the mayor's office in the settings for e-mail.")
    return _("Check the department's mailbox and have it confirmed anew, then send it again.")
