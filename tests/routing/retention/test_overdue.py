"""What monitoring is told of tickets whose erasure does not happen."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from routing.enums import TicketState
from routing.models import Ticket, TicketErasure
from routing.services.erasing import retention
from tests.routing.retention.cases import filled_ticket

pytestmark = pytest.mark.django_db(transaction=True)

LATE, SOON = timedelta(minutes=6), timedelta(minutes=4)


def due(ago: timedelta, state: TicketState = TicketState.SENT) -> Ticket:
    return filled_ticket(state=state, erase_at=timezone.now() - ago)


@pytest.mark.parametrize("state", [TicketState.SENT, TicketState.WITHDRAWN])
def test_ticket_is_overdue_some_minutes_after_its_time(state: TicketState) -> None:
    due(SOON, state)
    assert retention.overdue(timezone.now()) == 0

    due(LATE, state)
    assert retention.overdue(timezone.now()) == 1


def test_erasure_that_does_not_end_is_overdue() -> None:
    ticket = due(LATE)
    retention.erase_due(timezone.now())
    assert retention.overdue(timezone.now()) == 0

    TicketErasure.objects.filter(ticket=ticket).update(
        finished_at=None, started_at=timezone.now() - LATE
    )

    assert retention.overdue(timezone.now()) == 1


def test_undeliverable_ticket_waits_for_the_mayors_office_and_is_not_overdue() -> None:
    due(LATE, TicketState.UNDELIVERABLE)

    assert retention.overdue(timezone.now()) == 0


def test_monitoring_is_told(client: Client, settings: Settings) -> None:
    settings.METRICS_ENABLED = True
    due(LATE)

    lines = client.get("/metrics").content.decode().splitlines()

    assert client.get("/readyz").json()["erasure"] == "overdue"
    assert "sprechstunde_overdue_erasures 1" in lines
