"""Several people at once: one wins, the others are told, nothing is done twice."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from routing.enums import MailKind, TicketState
from routing.models import Answer, OutgoingMail, Reply, Ticket, TicketEvent
from routing.services import answers, tickets
from routing.services.actors import CITIZEN, of
from routing.services.moves import TicketError
from tests.routing import factories

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[str]:
    """Do all of `works` in threads; return what became of each."""
    start = threading.Barrier(len(works))
    results: list[str] = []

    def run(work: Callable[[], Any]) -> None:
        start.wait()
        try:
            work()
            results.append("done")
        except TicketError as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


def test_two_clerks_accept_at_once() -> None:
    ticket = factories.ticket()
    clerks = [of(factories.clerk(ticket.department)) for _ in range(4)]

    results = at_once(*(lambda by=by: tickets.accept(ticket, by=by) for by in clerks))

    assert results == ["WrongState"] * 3 + ["done"]
    assert TicketEvent.objects.count() == 1


def test_two_answers_at_once_send_one() -> None:
    ticket = factories.ticket()
    clerks = [of(factories.clerk(ticket.department)) for _ in range(3)]

    results = at_once(
        *(lambda by=by: answers.submit(ticket, by=by, text="Im Mai.") for by in clerks)
    )

    assert results == ["WrongState"] * 2 + ["done"]
    assert OutgoingMail.objects.filter(kind=MailKind.ANSWER).count() == 1
    assert Answer.objects.count() == 1


def test_dispatch_at_once_tells_once() -> None:
    ticket = factories.ticket(state=TicketState.WAITING)
    question = ticket.question
    assert question is not None

    at_once(*[lambda: tickets.dispatch(question, by=CITIZEN, now=timezone.now())] * 4)

    assert OutgoingMail.objects.count() == 1


def test_answer_and_withdrawal_at_once_send_nothing() -> None:
    ticket = factories.ticket()
    question, clerk = ticket.question, of(factories.clerk(ticket.department))
    assert question is not None

    at_once(
        lambda: answers.submit(ticket, by=clerk, text="Im Mai."),
        lambda: tickets.withdraw(question, by=CITIZEN),
    )

    assert Ticket.objects.get().state == TicketState.WITHDRAWN
    assert OutgoingMail.objects.filter(kind=MailKind.ANSWER).count() == 0


def test_replies_at_once_reopen_once() -> None:
    ticket = factories.ticket(state=TicketState.SENT)

    at_once(*[lambda: tickets.reopen(ticket, text="Und wann?")] * 3)

    ticket.refresh_from_db()
    assert (ticket.reopened, Reply.objects.count()) == (1, 3)
