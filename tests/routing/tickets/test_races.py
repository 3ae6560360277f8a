"""Several people at once: one wins, the others are told, nothing is done twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from routing.enums import MailKind, TicketState
from routing.models import Answer, OutgoingMail, Reply, Ticket, TicketEvent
from routing.services.erasing import retention
from routing.services.links import confirmation
from routing.services.work import answers, tickets
from routing.services.work.actors import CITIZEN, SYSTEM, of
from routing.services.work.moves import TicketError
from tests.at_once import at_once
from tests.routing import factories

pytestmark = pytest.mark.django_db(transaction=True)


def in_race(*works: Callable[[], Any]) -> list[str]:
    """Do all of `works` at once; return what became of each, in alphabetical order."""
    results = at_once(*works, refusal=TicketError)
    return sorted(_became(result) for result in results)


def _became(result: Any) -> str:
    return type(result).__name__ if isinstance(result, TicketError) else "done"


def test_two_clerks_accept_at_once() -> None:
    ticket = factories.ticket()
    clerks = [of(factories.clerk(ticket.department)) for _ in range(4)]

    results = in_race(*(lambda by=by: tickets.accept(ticket, by=by) for by in clerks))

    assert results == ["WrongState"] * 3 + ["done"]
    assert TicketEvent.objects.count() == 1


def test_two_answers_at_once_send_one() -> None:
    ticket = factories.ticket()
    clerks = [of(factories.clerk(ticket.department)) for _ in range(3)]

    results = in_race(
        *(lambda by=by: answers.submit(ticket, by=by, text="Im Mai.") for by in clerks)
    )

    assert results == ["WrongState"] * 2 + ["done"]
    assert OutgoingMail.objects.filter(kind=MailKind.ANSWER).count() == 1
    assert Answer.objects.count() == 1


def test_dispatch_at_once_tells_once() -> None:
    ticket = factories.ticket(state=TicketState.WAITING)
    question = ticket.question
    assert question is not None

    in_race(*[lambda: tickets.dispatch(question, by=CITIZEN, now=timezone.now())] * 4)

    assert OutgoingMail.objects.count() == 1


def test_answer_and_withdrawal_at_once_send_nothing() -> None:
    ticket = factories.ticket()
    question, clerk = ticket.question, of(factories.clerk(ticket.department))
    assert question is not None

    in_race(
        lambda: answers.submit(ticket, by=clerk, text="Im Mai."),
        lambda: tickets.withdraw(question, by=CITIZEN),
    )

    assert Ticket.objects.get().state == TicketState.WITHDRAWN
    assert OutgoingMail.objects.filter(kind=MailKind.ANSWER).count() == 0


def test_replies_at_once_reopen_once() -> None:
    ticket = factories.ticket(state=TicketState.SENT)

    in_race(*[lambda: tickets.reopen(ticket, text="Und wann?")] * 3)

    ticket.refresh_from_db()
    assert (ticket.reopened, Reply.objects.count()) == (1, 3)


def test_confirmation_and_answers_at_once_send_each_answer_once() -> None:
    now = timezone.now()
    question = factories.question(
        address_confirmed_at=None, address_expires_at=now + timedelta(days=1)
    )
    tickets_ = [factories.ticket(question) for _ in range(3)]
    clerks = [of(factories.clerk(ticket.department)) for ticket in tickets_]
    link = confirmation.token(question, now=now)

    results = in_race(
        lambda: confirmation.confirm(link, now),
        *(
            lambda t=t, by=by: answers.submit(t, by=by, text="Im Mai.")
            for t, by in zip(tickets_, clerks, strict=True)
        ),
    )

    assert results == ["done"] * 4
    assert OutgoingMail.objects.filter(kind=MailKind.ANSWER).count() == 3


def test_erasure_and_reply_at_once_end_in_one_state() -> None:
    ticket = factories.ticket(state=TicketState.SENT, erase_at=timezone.now())

    results = in_race(
        lambda: tickets.reopen(ticket, text="Und wann?"),
        lambda: retention.erase(ticket, by=SYSTEM),
    )

    ticket.refresh_from_db()
    expected = {TicketState.FORWARDED: 1, TicketState.ERASED: 0}
    assert results == ["WrongState", "done"]
    assert Reply.objects.count() == expected[TicketState(ticket.state)]
