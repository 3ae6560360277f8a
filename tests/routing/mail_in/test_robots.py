"""Two automata that answer every mail, with the portal between them: real SMTP, real IMAP."""

from collections import Counter
from collections.abc import Iterator
from threading import Event
from urllib.parse import quote

import pytest
from django.utils import timezone
from pytest_django import Settings

from routing.enums import MailKind, MailState, Outcome, TicketState
from routing.mail import relay
from routing.models import IncomingMail, OutgoingMail
from routing.services.mail_in import inbox
from routing.services.mail_out import sending
from tests.routing.mail_in import corpus_mails
from tests.routing.mail_in.conftest import OWN
from tests.routing.mail_in.people import make_ticket
from tests.routing.mail_out import rows
from tests.simulator.control import Control
from tests.simulator.process import running_simulator

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = (corpus_mails.DEPARTMENT, corpus_mails.CITIZEN)
TURNS = 8  # of sending what is due and taking in what has come


@pytest.fixture
def post(settings: Settings) -> Iterator[Control]:
    """A mail server on which the portal, the department and the citizen have their mailboxes."""
    with running_simulator("http://127.0.0.1:9/") as simulator:
        servers = simulator.control.mail_servers()
        (smtp, smtp_port), (imap, imap_port) = servers["smtp"], servers["imap"]
        relay._promises.clear()  # kept by address, and ports come again
        settings.EMAIL_URL = f"smtp+insecure://{smtp}:{smtp_port}"
        settings.INBOX_URL = f"imap+insecure://{quote(OWN, safe='')}:any@{imap}:{imap_port}"
        yield simulator.control
        relay.hang_up()


def goes_on() -> None:
    """Let days pass: nothing waits for its time any more, everything is sent and taken in."""
    for _ in range(TURNS):
        OutgoingMail.objects.filter(state=MailState.WAITING).update(next_attempt_at=None)
        sending.send_due(timezone.now())
        inbox.watch(Event(), seconds=0)


def outcomes() -> Counter[str]:
    return Counter(IncomingMail.objects.values_list("outcome", flat=True))


def test_robots_without_a_mark_stop_after_one_mail_each(post: Control) -> None:
    for address in PEOPLE:
        post.mailbox(address).behave("robot")
    ticket = make_ticket()
    rows.of_ticket(MailKind.NOTIFICATION, ticket)

    goes_on()

    assert outcomes()[Outcome.ANSWER] == 1
    assert outcomes()[Outcome.REPLY] == 1
    assert len(post.mailbox(corpus_mails.CITIZEN).mails()) == 1
    assert ticket.answers.count() == ticket.replies.count() == 1
    ours = OutgoingMail.objects.order_by("pk").values_list("kind", flat=True)
    assert list(ours) == [MailKind.NOTIFICATION, MailKind.ANSWER, MailKind.REOPENED]


def test_robots_that_keep_to_the_rules_change_nothing(post: Control) -> None:
    for address in PEOPLE:
        post.mailbox(address).behave("away")
    ticket = make_ticket()
    rows.of_ticket(MailKind.NOTIFICATION, ticket)

    goes_on()

    ticket.refresh_from_db()
    assert ticket.state == TicketState.FORWARDED
    assert set(outcomes()) <= {Outcome.AUTO_REPLY, Outcome.DELIVERED}
    assert not post.mailbox(corpus_mails.CITIZEN).mails()
