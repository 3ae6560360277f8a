"""The verbs of the outbox: send, what the server reports, and what a person decides.

Never an answer twice where the server can tell; docs/adr/0009 says where it can.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from routing.enums import MailKind, MailState
from routing.mail import relay
from routing.models import OutgoingMail
from routing.services.mail_out import outbox, results, rounds
from routing.services.work.live import announce_office
from sprechstunde.doorbell import ring

log = logging.getLogger(__name__)

ABANDONED_AFTER: Final = timedelta(minutes=15)  # longer than all timeouts of one mail
SOFT_BOUNCES: Final = 4  # attempts, after which a full mailbox counts as failed
SOFT_PAUSE: Final = timedelta(hours=4)
KEPT: Final = timedelta(days=90)  # mails that belong to no ticket

_IN_DOUBT = (MailState.UNCONFIRMED, MailState.IN_FLIGHT)
_UNDER_WAY = (*_IN_DOUBT, MailState.QUEUED, MailState.WAITING)


class WrongState(Exception):
    """The mail has moved on; there is nothing to decide any more."""


def send(mail_id: int) -> None:
    """Send this mail and whatever else is due; safe to call twice, and for a row that is gone."""
    if OutgoingMail.objects.filter(pk=mail_id, state=MailState.QUEUED).exists():
        rounds.run()


def send_due(now: datetime) -> None:
    """Send what waits although nobody rang; `now` is aware. Clears up after a worker that died."""
    _note_lost(now)
    _send_again_what_was_never_accepted(now)
    if rounds.due(now).exists():
        rounds.run()
    relay.hang_up(only_stale=True)


def delivered(mail: OutgoingMail, *, now: datetime) -> None:
    """Note the report that it was delivered or handed on: what was in doubt is sent."""
    with transaction.atomic():
        row = _locked(mail)
        if row is None:
            return
        OutgoingMail.objects.filter(pk=row.pk).update(delivered_at=now)
        if row.state in _UNDER_WAY and row.attempts:
            results.accept(row, now=now)
        announce_office(row.office_id)


def bounced(mail: OutgoingMail, *, status: str, permanent: bool, now: datetime) -> None:
    """Note that it did not arrive; `status` is the enhanced code (RFC 3463).

    Permanent: given up, and staff are told. Otherwise (a full mailbox) it is tried again after four
    hours, eight, and so on, and then given up as well. A mere delay is none of both: do not call.
    """
    with transaction.atomic():
        row = _locked(mail)
        if row is None or row.state == MailState.FAILED:
            return
        if permanent or row.attempts >= SOFT_BOUNCES:
            results.fail(row, status, now=now, is_refusal=permanent)
        elif row.state not in {MailState.QUEUED, MailState.WAITING}:
            later = now + SOFT_PAUSE * 2 ** max(row.attempts - 1, 0)
            OutgoingMail.objects.filter(pk=row.pk).update(
                state=MailState.WAITING, next_attempt_at=later, status=status
            )
        announce_office(row.office_id)


def send_again(mail: OutgoingMail) -> None:
    """Send it once more because a person decided so; raises WrongState.

    An answer that came back has its own way: `tickets.send_again`.
    """
    with transaction.atomic():
        row = _locked(mail)
        if row is None:
            raise WrongState
        if row.state == MailState.UNCONFIRMED:
            _queue(row)
        elif row.state == MailState.FAILED and row.kind != MailKind.ANSWER:
            _replace(row)
        else:
            raise WrongState
        announce_office(row.office_id)


def has_arrived(mail: OutgoingMail) -> None:
    """Count it as sent because a person knows that it arrived; raises WrongState."""
    with transaction.atomic():
        row = _locked(mail)
        if row is None or row.state != MailState.UNCONFIRMED:
            raise WrongState
        results.accept(row, now=timezone.now())
        announce_office(row.office_id)


def dismiss(mail: OutgoingMail) -> None:
    """Take a failed mail out of staff's sight; raises WrongState. A failed answer stays."""
    failed = OutgoingMail.objects.filter(pk=mail.pk, state=MailState.FAILED)
    if not failed.exclude(kind=MailKind.ANSWER).delete()[0]:
        raise WrongState
    announce_office(mail.office_id)


def forget_old(now: datetime) -> int:
    """Delete what was sent or given up 90 days ago and belongs to no ticket; return how many."""
    done = OutgoingMail.objects.filter(
        state__in=(MailState.SENT, MailState.FAILED),
        created_at__lte=now - KEPT,
        ticket=None,
        question=None,
    )
    return done.delete()[0]


def _note_lost(now: datetime) -> None:
    """Turn what a dead worker left in flight into what it is: in doubt."""
    left = OutgoingMail.objects.filter(
        state=MailState.IN_FLIGHT, attempted_at__lte=now - ABANDONED_AFTER
    )
    for mail in left:
        doubled = results.may_be_doubled(mail)
        state = MailState.QUEUED if doubled else MailState.UNCONFIRMED
        if left.filter(pk=mail.pk, attempts=mail.attempts).update(state=state):
            log.warning("mail %s: its worker was lost", mail.pk)
            announce_office(mail.office_id)


def _send_again_what_was_never_accepted(now: datetime) -> None:
    """Queue answers in doubt of which the server, had it got them, would have told by now.

    That it does tell is not believed because it promised: a report must have come since then.
    """
    patience = timedelta(hours=settings.EMAIL_RECEIPT_PATIENCE_HOURS)
    silent = OutgoingMail.objects.filter(
        state=MailState.UNCONFIRMED, receipt_promised=True, attempted_at__lte=now - patience
    )
    newest = OutgoingMail.objects.filter(delivered_at__isnull=False).order_by("-delivered_at")
    proof = newest.values_list("delivered_at", flat=True).first()
    if proof is None:
        return
    for mail in silent.filter(attempted_at__lt=proof):
        log.warning("mail %s: never accepted, sent again", mail.pk)
        _queue(mail)


def _locked(mail: OutgoingMail) -> OutgoingMail | None:
    results.lock_questions([mail])
    # no_key: whoever takes in a mail about this one holds its question and only points here.
    rows = OutgoingMail.objects.select_for_update(of=("self",), no_key=True).select_related(
        "ticket"
    )
    return rows.filter(pk=mail.pk).first()


def _queue(mail: OutgoingMail) -> None:
    # The same row keeps the same Message-ID, by which mailboxes may recognise a second copy.
    rows: QuerySet[OutgoingMail] = OutgoingMail.objects.filter(
        pk=mail.pk, state=MailState.UNCONFIRMED, attempts=mail.attempts
    )
    if rows.update(state=MailState.QUEUED, next_attempt_at=None):
        ring("routing.send_mail", mail.pk)


def _replace(mail: OutgoingMail) -> None:
    # A new row: late reports about the old one then change nothing.
    OutgoingMail.objects.filter(pk=mail.pk).delete()
    outbox.post(
        MailKind(mail.kind),
        office_id=mail.office_id,
        department=mail.department,
        question=mail.question,
        ticket=mail.ticket,
        answer=mail.answer,
    )
