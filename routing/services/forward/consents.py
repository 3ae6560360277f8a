"""What a citizen agrees to or refuses: the evidence, the question's new state, and what follows from it.

All inside the caller's transaction, with the question locked.
"""

from datetime import datetime

from routing.enums import (
    ConsentKind,
    ConsentState,
    MailKind,
    MailState,
    Party,
    TicketState,
    Unanswered,
)
from routing.models import Consent, OutgoingMail, Question
from routing.services.links import confirmation
from routing.services.work import tickets
from routing.services.work.actors import CITIZEN, SYSTEM, Actor
from routing.wording import Wording

_NOT_SENT = (MailState.QUEUED, MailState.WAITING)


def record(
    question: Question, kind: ConsentKind, shown: Wording, *, is_given: bool, at: datetime
) -> None:
    """Keep a choice of the citizen: the words that were read, the reply, and when it was written."""
    Consent.objects.create(
        question=question,
        kind=kind,
        is_given=is_given,
        wording=shown.version,
        by=Party.CITIZEN,
        at=at,
    )


def enter(question: Question, state: ConsentState, **values: object) -> None:
    """Put the question into `state`; tries of the state before no longer count."""
    values |= {"consent": state, "tries": 0}
    for field, value in values.items():
        setattr(question, field, value)
    question.save(update_fields=tuple(values))


def take_address(question: Question, address: str) -> None:
    """Keep an address that is still to be checked; what was confirmed of another one is void."""
    if question.address is None or question.address.casefold() != address.casefold():
        _forget_confirmation(question)
    enter(
        question,
        ConsentState.CHECK,
        address=address,
        address_confirmed_at=question.address_confirmed_at,
        address_expires_at=question.address_expires_at,
        address_failed_at=question.address_failed_at,
    )


def give(question: Question, *, now: datetime) -> None:
    """All is agreed: hand it over, once, and have the address confirmed."""
    enter(question, ConsentState.GIVEN)
    tickets.dispatch(question, by=CITIZEN, now=now)
    if question.address_confirmed_at is None:
        confirmation.ask(question, now=now)


def make_anonymous(
    question: Question,
    *,
    by: Actor,
    now: datetime,
    state: ConsentState = ConsentState.ANONYMOUS,
) -> None:
    """Hand it over without name and address; where it was handed over already, take these out."""
    _forget_confirmation(question)
    enter(
        question,
        state,
        name=None,
        address=None,
        address_confirmed_at=None,
        address_expires_at=None,
        address_failed_at=None,
    )
    tickets.dispatch(question, by=by, now=now)


def refuse(question: Question, *, wording: str) -> None:
    """The citizen does not want it handed over."""
    enter(question, ConsentState.REFUSED)
    take_back(question, by=CITIZEN, wording=wording)


def take_back(question: Question, *, by: Actor, wording: str = "") -> None:
    """Withdraw it from everybody and show the row as it is then."""
    tickets.withdraw(question, by=by, wording=wording)
    question.refresh_from_db(fields=("consent", "withdrawn_at"))


def settle(question: Question, *, is_wish: bool, now: datetime) -> None:
    """End the asking without a reply: as the citizen's wish to erase, or the decision before, says.

    Who has agreed that it is handed over, but to no address, gets it handed over anonymously.
    """
    if is_dispatched(question):  # an address was being changed
        make_anonymous(question, by=SYSTEM, now=now)
    elif is_wish:
        take_back(question, by=CITIZEN)
    elif question.consent != ConsentState.FORWARD:
        make_anonymous(question, by=SYSTEM, now=now)
    elif question.if_unanswered == Unanswered.ANONYMOUS:
        make_anonymous(question, by=SYSTEM, now=now, state=ConsentState.UNANSWERED)
    else:
        enter(question, ConsentState.UNANSWERED)
        take_back(question, by=SYSTEM)


def is_dispatched(question: Question) -> bool:
    """Whether it has left for the departments."""
    return not question.tickets.filter(state=TicketState.WAITING).exists()


def _forget_confirmation(question: Question) -> None:
    question.address_confirmed_at = None
    question.address_expires_at = None
    question.address_failed_at = None
    OutgoingMail.objects.filter(
        question=question, kind=MailKind.CONFIRMATION, state__in=_NOT_SENT
    ).delete()
