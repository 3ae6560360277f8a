"""The stream of the tickets on the real server: access, the event, no way beyond the office."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.db import transaction

from routing.models import Department
from routing.services.work.live import announce_office
from sessions_app.enums import Role
from sessions_app.models import Staff
from sprechstunde.live.events import publish
from tests import factories
from tests.live import server as web
from tests.live import streams

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[web.Server]:
    with web.running() as running:
        yield running


def test_clerk_hears_that_tickets_of_the_office_changed(
    server: web.Server, department: Department, clerk: Staff
) -> None:
    stream = streams.connect(server.port, "/tickets/live/", web.login_cookie(clerk))
    status = stream.status
    stream.read_until(b": listening")
    publish("tickets-0", "foreign")

    with transaction.atomic():
        announce_office(department.office_id)

    assert (status, stream.event()) == (HTTPStatus.OK, "tickets")
    stream.close()


def test_others_hear_nothing(server: web.Server) -> None:
    cookies = ["", web.login_cookie(factories.staff(role=Role.AUDITOR))]

    opened = [streams.connect(server.port, "/tickets/live/", cookie) for cookie in cookies]

    statuses = [stream.status for stream in opened]
    assert statuses == [HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND]
    for stream in opened:
        stream.close()
