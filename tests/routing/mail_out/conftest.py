"""A mail server, and the portal's own mailbox."""

from collections.abc import Iterator
from datetime import date

import pytest
from pytest_django import Settings

from routing.mail import relay
from routing.models import Question, Ticket
from tests import factories as base
from tests.routing import factories
from tests.routing.mail_out.composed import NOW
from tests.services import certificates, smtp_server
from tests.services.certificates import Authority
from tests.services.smtp_server import MailServer


@pytest.fixture(autouse=True)
def _no_promise_of_another_server() -> None:
    relay._promises.clear()  # kept by address, and ports come again


@pytest.fixture
def mailbox(settings: Settings) -> None:
    """The portal's mailbox and its address."""
    settings.DEFAULT_FROM_EMAIL = "sprechstunde@musterstadt.example"
    settings.REPLY_ADDRESS = "sprechstunde+*@musterstadt.example"
    settings.PORTAL_URL = "https://sprechstunde.musterstadt.example"
    settings.INBOX_URL = "imap+insecure://sprechstunde@127.0.0.1:9"


@pytest.fixture
def server(settings: Settings, mailbox: None) -> Iterator[MailServer]:
    """A mail server that promises receipts; EMAIL_URL points to it."""
    with smtp_server.running() as running:
        settings.EMAIL_URL = running.url()
        yield running
        relay.hang_up()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that nobody trusts unless told so."""
    return certificates.make(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The same authority, trusted as an operator's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    return authority


@pytest.fixture
def question(db: None) -> Question:
    """A question whose citizen has confirmed the address."""
    office = base.office(name="Musterstadt")
    return factories.question(office, reference="2026-0012", address_confirmed_at=NOW)


@pytest.fixture
def ticket(question: Question) -> Ticket:
    """It waits at the Bauamt."""
    department = factories.department(
        question.office, name="Bauamt", mailbox="bauamt@musterstadt.example"
    )
    return factories.ticket(question, department, due_on=date(2026, 11, 26))
