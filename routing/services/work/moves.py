"""Moves a ticket by the table of routing/lifecycle.py: who may, from where, and a line of history."""

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from routing.enums import Action, Party, TicketState
from routing.lifecycle import TRANSITIONS
from routing.models import Member, Question, Ticket, TicketEvent
from routing.services.work.actors import Actor
from routing.services.work.live import announce_office
from sessions_app.enums import Role


class TicketError(Exception):
    """What was asked of a ticket cannot be done."""


class WrongState(TicketError):
    """The ticket's state does not allow it (any more); `state` says which it is."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = TicketState(state)


class NotAllowed(TicketError):
    """Not this party, or not these people: the ticket is another department's or office's."""


class ReasonMissing(TicketError):
    """This is done with a reason only."""


def locked(ticket: Ticket) -> Ticket:
    """Return the row as it is now; nobody else changes it until the transaction ends.

    Inside a transaction only. Raises Ticket.DoesNotExist.
    """
    lock_question(ticket.question_id)
    return _locked_rows().get(pk=ticket.pk)


def locked_of(question: Question) -> list[Ticket]:
    """Return all tickets of a question like `locked`, always in the same order."""
    lock_question(question.pk)
    return list(_locked_rows().filter(question=question.pk).order_by("pk"))


def check(ticket: Ticket, action: Action, *, by: Actor) -> TicketState:
    """Return the state that `action` leads to; raises NotAllowed, WrongState."""
    if not _is_theirs(ticket, by):
        raise NotAllowed
    transition = TRANSITIONS.get((TicketState(ticket.state), action))
    if transition is None:
        raise WrongState(ticket.state)
    if by.party not in transition.by:
        raise NotAllowed
    return transition.to or TicketState(ticket.state)


def move(
    ticket: Ticket,
    action: Action,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    to: TicketState | None = None,
    **values: object,
) -> Ticket:
    """Change a `locked` ticket's state and `values`, write its history, tell the open pages.

    `to` is for an action with two ends. Raises NotAllowed, WrongState.
    """
    state = check(ticket, action, by=by)
    department_id = ticket.department_id
    ticket.state = to or state
    for field, value in values.items():
        setattr(ticket, field, value)
    ticket.save(update_fields=("state", *values))
    _remember(ticket, action, by=by, now=now, reason=reason, department_id=department_id)
    announce_office(ticket.office_id)
    return ticket


def reason_given(text: str) -> str:
    """Return the reason without white space around it; raises ReasonMissing."""
    if not text.strip():
        raise ReasonMissing
    return text.strip()


def lock_question(*question_ids: int | None) -> None:
    """Wait for whoever changes these questions or one of their tickets. Inside a transaction only.

    Everybody locks the question first, then its tickets and mails, or two would wait for each other.
    """
    # On SQLite the IMMEDIATE transaction already lets one writer in at a time.
    pks = {pk for pk in question_ids if pk is not None}
    if pks and connection.features.has_select_for_update:
        rows = Question.objects.filter(pk__in=pks).select_for_update(no_key=True)
        list(rows.order_by("pk").values_list("pk"))


def _locked_rows() -> QuerySet[Ticket]:
    rows = Ticket.objects.select_related("department", "question")
    return rows.select_for_update(of=("self",), no_key=True)


def _is_theirs(ticket: Ticket, by: Actor) -> bool:
    if by.party is Party.STAFF:
        return by.staff is not None and by.staff.talks and by.staff.office_id == ticket.office_id
    if by.party is Party.CLERK and by.staff is not None:
        return by.staff.role == Role.CLERK and _is_member(by.staff.pk, ticket.department_id)
    return True


def _is_member(staff_id: int, department_id: int) -> bool:
    return Member.objects.filter(staff=staff_id, department=department_id).exists()


def _remember(
    ticket: Ticket, action: Action, *, by: Actor, now: datetime, reason: str, department_id: int
) -> None:
    TicketEvent.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        action=action,
        party=by.party,
        staff=by.staff,
        department_id=department_id,
        state=ticket.state,
        reason=reason or None,
        at=now,
    )
