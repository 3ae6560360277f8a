"""Every state, every action, every party: the verbs do what the table says and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from routing.enums import Action, AnswerState, Party, TicketState
from routing.lifecycle import TRANSITIONS, UNFINISHED
from routing.models import Department, Ticket, TicketEvent
from routing.services.work import actors, answers, deadlines, tickets
from routing.services.work.actors import Actor
from sessions_app.enums import Role
from tests import factories as ground
from tests.routing import factories

# A table is the same on every database; races are tested on both.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

STATES = [state for state in TicketState if state is not TicketState.ERASED]


@dataclass
class Case:
    """A ticket in some state, with the rows that belong to it there."""

    ticket: Ticket
    other: Department


def case(state: TicketState) -> Case:
    """A ticket in `state`; its day passed so long ago that somebody has to be told."""
    past = timezone.localdate() - timedelta(days=30)
    ticket = factories.ticket(state=state)
    Ticket.objects.filter(pk=ticket.pk).update(due_on=past)
    ticket.refresh_from_db()
    if state is TicketState.IN_RELEASE:
        factories.answer(ticket, state=AnswerState.IN_RELEASE)
    if state in {TicketState.ANSWERED, TicketState.SENT, TicketState.UNDELIVERABLE}:
        factories.answer(ticket)
    return Case(ticket, factories.department(ticket.office))


def people(of: Ticket) -> dict[Party, Actor]:
    """Who may come to this ticket."""
    return {
        Party.CLERK: actors.of(factories.clerk(of.department)),
        Party.STAFF: actors.of(ground.staff(of.office, Role.ASSISTANT)),
        Party.CITIZEN: actors.CITIZEN,
        Party.SYSTEM: actors.SYSTEM,
    }


Verb = Callable[[Case, Actor], object]


def _answer_in_release(of: Ticket) -> Any:
    return of.answers.first() or factories.answer(of, state=AnswerState.IN_RELEASE)


VERBS: dict[Action, Verb] = {
    Action.ACCEPT: lambda c, by: tickets.accept(c.ticket, by=by),
    Action.RETURN: lambda c, by: tickets.give_back(c.ticket, by=by, reason="Nicht für uns"),
    Action.PASS_ON: lambda c, by: tickets.pass_on(c.ticket, to=c.other, by=by, reason="Dorthin"),
    Action.ANSWER: lambda c, by: answers.submit(c.ticket, by=by, text="Im Mai."),
    Action.RELEASE: lambda c, by: answers.release(_answer_in_release(c.ticket), by=by),
    Action.REJECT: lambda c, by: answers.reject(
        _answer_in_release(c.ticket), by=by, reason="Bitte freundlicher"
    ),
    Action.SEND_AGAIN: lambda c, by: tickets.send_again(c.ticket, by=by),
}

GRID = [(state, action, party) for state in STATES for action in VERBS for party in Party]


@pytest.mark.parametrize(("state", "action", "party"), GRID)
def test_verb_keeps_to_the_table(state: TicketState, action: Action, party: Party) -> None:
    given = case(state)
    by = people(given.ticket)[party]
    row = TRANSITIONS.get((state, action))

    if row is None or party not in row.by:
        with pytest.raises(tickets.WrongState if row is None else tickets.NotAllowed):
            VERBS[action](given, by)
    else:
        VERBS[action](given, by)

    given.ticket.refresh_from_db()
    expected = row.to if row and party in row.by else state
    assert given.ticket.state == expected
    history = [(action, party)] if row and party in row.by else []
    assert list(TicketEvent.objects.values_list("action", "party")) == history


@pytest.mark.parametrize("action", VERBS)
@pytest.mark.parametrize("role", Role)
def test_verb_is_refused_to_people_of_elsewhere(action: Action, role: Role) -> None:
    state = next(state for state, other in TRANSITIONS if other is action)
    given = case(state)
    same_office = factories.clerk(factories.department(given.ticket.office))
    strangers = [ground.staff(role=role), same_office]

    for staff in strangers:
        with pytest.raises(tickets.NotAllowed):
            VERBS[action](given, actors.of(staff))

    given.ticket.refresh_from_db()
    assert given.ticket.state == state


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
@pytest.mark.parametrize("action", VERBS)
def test_verb_is_refused_to_auditors_and_admins_of_the_office(action: Action, role: Role) -> None:
    state = next(state for state, other in TRANSITIONS if other is action)
    given = case(state)

    with pytest.raises(tickets.NotAllowed):
        VERBS[action](given, actors.of(ground.staff(given.ticket.office, role)))


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("state", STATES)
def test_withdrawal_keeps_to_the_table(state: TicketState, party: Party) -> None:
    given = case(state)
    question = given.ticket.question
    assert question is not None
    row = TRANSITIONS.get((state, Action.WITHDRAW))
    by = people(given.ticket)[party]

    if row and party not in row.by:
        with pytest.raises(tickets.NotAllowed):
            tickets.withdraw(question, by=by)
    else:
        tickets.withdraw(question, by=by)

    given.ticket.refresh_from_db()
    is_done = row is not None and party in row.by
    assert given.ticket.state == (TicketState.WITHDRAWN if is_done else state)


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("state", STATES)
def test_dispatch_keeps_to_the_table(state: TicketState, party: Party) -> None:
    given = case(state)
    assert given.ticket.question is not None
    row = TRANSITIONS.get((state, Action.DISPATCH))
    by = people(given.ticket)[party]

    if row and party not in row.by:
        with pytest.raises(tickets.NotAllowed):
            tickets.dispatch(given.ticket.question, by=by, now=timezone.now())
    else:
        tickets.dispatch(given.ticket.question, by=by, now=timezone.now())

    given.ticket.refresh_from_db()
    is_done = row is not None and party in row.by
    assert given.ticket.state == (TicketState.FORWARDED if is_done else state)


@pytest.mark.parametrize("party", Party)
@pytest.mark.parametrize("state", STATES)
def test_citizens_reply_keeps_to_the_table(state: TicketState, party: Party) -> None:
    given = case(state)
    by = people(given.ticket)[party]
    rows = [TRANSITIONS.get((state, action)) for action in (Action.REOPEN, Action.REPLY)]
    row = next((row for row in rows if row), None)

    if row is None or party not in row.by:
        with pytest.raises(tickets.WrongState if row is None else tickets.NotAllowed):
            tickets.reopen(given.ticket, text="Danke, und wann genau?", by=by)
    else:
        tickets.reopen(given.ticket, text="Danke, und wann genau?", by=by)

    given.ticket.refresh_from_db()
    is_done = row is not None and party in row.by
    assert given.ticket.state == ((row and is_done and row.to) or state)
    assert given.ticket.replies.count() == int(is_done)


@pytest.mark.parametrize("state", STATES)
def test_what_the_system_does_keeps_to_the_table(state: TicketState) -> None:
    now = timezone.now()
    done = {
        Action.SEND: tickets.mark_sent(case(state).ticket, now=now),
        Action.BOUNCE: tickets.mark_undeliverable(case(state).ticket, now=now),
    }

    assert done == {action: (state, action) in TRANSITIONS for action in done}


@pytest.mark.parametrize("state", STATES)
def test_reminders_and_reports_keep_to_the_table(state: TicketState) -> None:
    given = case(state)

    deadlines.remind_and_escalate(timezone.now())

    told = set(given.ticket.events.values_list("action", flat=True))
    by_deadline = {Action.REMIND, Action.ESCALATE} if state in UNFINISHED else set()
    if state is TicketState.UNDELIVERABLE:
        by_deadline = {Action.ESCALATE}
    expected = {action for action in by_deadline if (state, action) in TRANSITIONS}
    given.ticket.refresh_from_db()
    assert (told, given.ticket.state) == (expected, state)


def test_every_action_of_the_table_is_tested_here() -> None:
    elsewhere = {Action.ERASE}  # tests/routing/retention
    system = {Action.SEND, Action.BOUNCE, Action.REMIND, Action.ESCALATE}
    citizens = {Action.WITHDRAW, Action.DISPATCH, Action.REOPEN, Action.REPLY}

    assert {action for _, action in TRANSITIONS} == {*VERBS, *elsewhere, *system, *citizens}
