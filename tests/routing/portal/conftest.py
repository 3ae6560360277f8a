"""Each test has keys and files of its own, a department, and people who work there and beside it."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from routing.models import Department, Ticket
from sessions_app.models import Staff
from tests import factories
from tests.routing import factories as make


@pytest.fixture(autouse=True)
def _own_keys_and_files(settings: Settings, tmp_path: Path) -> None:
    settings.KEYSTORE_URL = f"file://{tmp_path / 'keys'}"
    settings.TICKET_MEDIA_ROOT = tmp_path / "tickets"


@pytest.fixture
def department() -> Department:
    return make.department(name="Bauamt")


@pytest.fixture
def clerk(department: Department) -> Staff:
    return make.clerk(department, first_name="Kim", last_name="Klerk")


@pytest.fixture
def ticket(department: Department) -> Ticket:
    return make.ticket(department=department)


@pytest.fixture
def browser(client: Client, clerk: Staff) -> Client:
    """The clerk's browser."""
    client.force_login(clerk.user)
    return client


@pytest.fixture
def host(department: Department) -> Client:
    """The browser of the mayor's side."""
    return browser_of(factories.staff(department.office))


def browser_of(staff: Staff) -> Client:
    """A browser in which `staff` is logged in."""
    client = Client()
    client.force_login(staff.user)
    return client
