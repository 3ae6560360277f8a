"""Open pages of the office hear that something changed, after the commit and without content."""

import pytest

from routing.services.work import tickets
from routing.services.work.actors import of
from routing.services.work.live import room
from sprechstunde.broker import redis
from sprechstunde.live.events import topic
from tests.routing import factories

pytestmark = pytest.mark.django_db(transaction=True)


def test_office_hears_of_a_change() -> None:
    ticket = factories.ticket()
    clerk = factories.clerk(ticket.department)
    listening = redis().pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listening.subscribe(topic(room(ticket.office_id)))
    listening.get_message(timeout=30)

    tickets.accept(ticket, by=of(clerk))

    heard = listening.get_message(timeout=30)
    listening.close()
    assert heard is not None
    assert heard["data"] == b"tickets"
