"""What the tests of incoming mail share: an office with its mailbox, a department, a ticket."""

import pytest
from pytest_django.fixtures import Settings

from routing.enums import MailKind
from routing.models import OutgoingMail, Ticket
from tests.routing.mail_in.people import make_ticket, sent

OWN = "sprechstunde@musterstadt.example"


@pytest.fixture(autouse=True)
def _own_mailbox(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = OWN
    settings.REPLY_ADDRESS = "sprechstunde+*@musterstadt.example"


@pytest.fixture
def ticket(db: None) -> Ticket:
    """A forwarded ticket of the corpus's department; its clerk is Sabine Huber."""
    return make_ticket()


@pytest.fixture
def notification(ticket: Ticket) -> OutgoingMail:
    """The mail of ours to the department."""
    return sent(ticket, MailKind.NOTIFICATION)
