"""Makes sure that an address is the citizen's: a mail with a link (double opt-in), or the chat alone."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from routing.enums import AddressCheck, ConsentKind, ConsentState, MailKind, Party
from routing.mail import tokens
from routing.mail.tokens import BadToken, Use
from routing.models import Consent, Correspondence, OutgoingMail, Question
from routing.services.mail_out import outbox
from routing.services.work import handover

WORDING = "mail-1"  # version of templates/routing/mail/confirmation and citizen/confirm

# Whoever gave their name was promised that without an answer by e-mail it is left out.
_WITHOUT_CONTACT = {
    "address": None,
    "address_expires_at": None,
    "name": None,
    "consent": ConsentState.ANONYMOUS,
}


def ask(question: Question, *, now: datetime) -> None:
    """Ask the mailbox whether it is the citizen's; good for 48 hours from the aware time `now`.

    Where the office is content with the chat, the address counts as confirmed at once.
    """
    check = Correspondence.of(question.office_id).address_check
    with transaction.atomic():
        if check == AddressCheck.CHAT:
            _confirmed(question, now)
            return
        question.address_confirmed_at = None
        question.address_expires_at = now + tokens.GOOD_FOR
        question.save(update_fields=("address_confirmed_at", "address_expires_at"))
        outbox.post(MailKind.CONFIRMATION, office_id=question.office_id, question=question)


def token(question: Question, *, now: datetime) -> str:
    """Return what the confirming link carries; worth nothing once the address has changed."""
    return tokens.make(Use.CONFIRM, question.uid, now=now, bound_to=question.address or "")


def confirm(token: str, now: datetime) -> Question | None:
    """Confirm the address; None if the token is unknown, used or older than 48 hours.

    Answers that waited for this are posted.
    """
    try:
        uid = tokens.uid_in(token)
    except BadToken:
        return None
    with transaction.atomic():
        question = (
            _awaiting(now).select_for_update(of=("self",), no_key=True).filter(uid=uid).first()
        )
        if question is None or not _is_genuine(token, question, now):
            return None
        _confirmed(question, now)
    return question


def find(token: str, now: datetime) -> Question | None:
    """Return the question whose address this token would confirm now."""
    try:
        question = _awaiting(now).filter(uid=tokens.uid_in(token)).first()
    except BadToken:
        return None
    return question if question and _is_genuine(token, question, now) else None


def decline(question: Question, *, now: datetime) -> None:
    """Erase an address that its mailbox does not want to confirm; the question stays without it."""
    with transaction.atomic():
        unconfirmed = Question.objects.filter(pk=question.pk, address_confirmed_at=None)
        if unconfirmed.update(**_WITHOUT_CONTACT):
            OutgoingMail.objects.filter(question=question, kind=MailKind.CONFIRMATION).delete()
            _note(question, now, is_given=False)


def expire_due(now: datetime) -> int:
    """Erase the addresses that nobody confirmed in time; return how many. The questions stay."""
    late = Question.objects.filter(address_confirmed_at=None, address_expires_at__lte=now)
    erased = 0
    for pk in late.values_list("pk", flat=True):
        with transaction.atomic():
            erased += _erase_address(pk, now)
    return erased


def _erase_address(pk: int, now: datetime) -> int:
    # Only if it is still late: it may have been confirmed or asked for anew meanwhile.
    erased = Question.objects.filter(
        pk=pk, address_confirmed_at=None, address_expires_at__lte=now
    ).update(**_WITHOUT_CONTACT)
    if erased:
        OutgoingMail.objects.filter(question=pk, kind=MailKind.CONFIRMATION).delete()
    return erased


def _awaiting(now: datetime) -> QuerySet[Question]:
    return Question.objects.select_related("office").filter(
        address_confirmed_at=None, address_expires_at__gt=now, withdrawn_at=None
    )


def _is_genuine(token: str, question: Question, now: datetime) -> bool:
    try:
        made = tokens.made_at(Use.CONFIRM, token, bound_to=question.address or "")
    except BadToken:
        return False
    return bool(question.address) and now < made + tokens.GOOD_FOR


def _confirmed(question: Question, now: datetime) -> None:
    question.address_confirmed_at = now
    question.address_expires_at = None
    question.address_failed_at = None
    question.save(update_fields=("address_confirmed_at", "address_expires_at", "address_failed_at"))
    _note(question, now, is_given=True)
    outbox.post(MailKind.ACKNOWLEDGEMENT, office_id=question.office_id, question=question)
    handover.post_waiting(question)


def _note(question: Question, now: datetime, *, is_given: bool) -> None:
    Consent.objects.create(
        question=question,
        kind=ConsentKind.CONFIRMATION,
        is_given=is_given,
        wording=WORDING,
        by=Party.CITIZEN,
        at=now,
    )
