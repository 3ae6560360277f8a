"""The round trip that proves a department's mailbox: a mail with a link, and somebody who presses it."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from routing.enums import MailKind
from routing.mail import tokens
from routing.mail.tokens import BadToken, Use
from routing.models import Department, OutgoingMail
from routing.services.mail_out import outbox


def ask(department: Department) -> OutgoingMail:
    """Send the mailbox a link that confirms it, good for 48 hours."""
    return outbox.post(MailKind.MAILBOX, office_id=department.office_id, department=department)


def token(department: Department, *, now: datetime) -> str:
    """Return what the link carries; worth nothing once the mailbox has changed."""
    uid = UUID(int=department.pk)
    return tokens.make(Use.MAILBOX, uid, now=now, bound_to=department.mailbox)


def find(token: str, now: datetime) -> Department | None:
    """Return the department whose mailbox this token would confirm now.

    A mailbox that is confirmed already needs no token: until it has failed again, there is none.
    """
    try:
        pk = tokens.uid_in(token).int
        department = _unconfirmed().select_related("office").filter(pk=pk % 2**63).first()
        if department is None:
            return None
        made = tokens.made_at(Use.MAILBOX, token, bound_to=department.mailbox)
    except BadToken:
        return None
    return department if _is_fresh(made, department, now) else None


def confirm(token: str, now: datetime) -> Department | None:
    """Confirm the mailbox; None if the token is unknown, used or older than 48 hours."""
    department = find(token, now)
    if department is None:
        return None
    confirmed = _unconfirmed().filter(pk=department.pk, mailbox=department.mailbox)
    if not confirmed.update(mailbox_confirmed_at=now, mailbox_failed_at=None):
        return None
    return department


def _is_fresh(made: datetime, department: Department, now: datetime) -> bool:
    # A token from before the failure would confirm a mailbox that has been refused since.
    failed = department.mailbox_failed_at
    return now < made + tokens.GOOD_FOR and (failed is None or made > failed)


def _unconfirmed() -> QuerySet[Department]:
    unproved = Q(mailbox_confirmed_at=None) | Q(mailbox_failed_at__isnull=False)
    return Department.objects.filter(unproved).exclude(mailbox="")
