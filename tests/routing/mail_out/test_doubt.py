"""After the final dot nobody may know. What happens then to answers, to other mails, and after a kill -9."""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from routing.enums import MailKind, MailState, TicketState
from routing.mail import relay
from routing.models import OutgoingMail
from routing.services.mail_out import results, sending
from routing.services.mail_out.results import Result
from sprechstunde.doorbell import ring
from tests.routing import factories
from tests.routing.mail_out import rows
from tests.services import smtp_server
from tests.services.smtp_server import MailServer
from tests.sessions_app.outbound import worker
from tests.simulator.control import eventually

pytestmark = pytest.mark.django_db(transaction=True)

FIVE_DAYS = timedelta(days=5, minutes=1)


@pytest.fixture
def silent_server(settings: Settings, mailbox: None) -> Iterator[MailServer]:
    """A mail server that promises nothing."""
    with smtp_server.running(offers_receipts=False) as running:
        settings.EMAIL_URL = running.url()
        yield running
        relay.hang_up()


def in_doubt(*, promised: bool, attempted_at: datetime | None = None) -> OutgoingMail:
    return rows.answer(
        state=MailState.UNCONFIRMED,
        attempts=1,
        attempted_at=attempted_at or timezone.now(),
        receipt_promised=promised,
    )


def later(mail: OutgoingMail) -> datetime:
    row = OutgoingMail.objects.get(pk=mail.pk)
    assert row.attempted_at is not None
    return row.attempted_at + sending.ABANDONED_AFTER


@pytest.mark.parametrize("offers_receipts", [True, False])
def test_answer_in_doubt_is_not_sent_again(
    settings: Settings, mailbox: None, offers_receipts: bool
) -> None:
    with smtp_server.running(offers_receipts=offers_receipts) as server:
        settings.EMAIL_URL = server.url()
        server.does.cut_after_dot = True
        mail = rows.answer()

        sending.send(mail.pk)
        server.does.cut_after_dot = False
        sending.send_due(timezone.now() + timedelta(days=1))

        assert (rows.state(mail), len(server.taken)) == (MailState.UNCONFIRMED, 1)
        assert rows.ticket_state(mail) == TicketState.ANSWERED
        relay.hang_up()


def test_automatic_mail_in_doubt_is_sent_again_under_its_name(server: MailServer) -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION)
    server.does.cut_after_dot = True
    sending.send(mail.pk)
    assert rows.state(mail) == MailState.WAITING

    server.does.cut_after_dot = False
    OutgoingMail.objects.update(next_attempt_at=timezone.now())
    sending.send_due(timezone.now())

    assert rows.state(mail) == MailState.SENT
    first, second = (taken.message["Message-ID"] for taken in server.taken)
    assert first == second


def test_automatic_mail_is_not_doubled_for_ever(server: MailServer) -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION)
    server.does.cut_after_dot = True

    for _ in range(5):
        OutgoingMail.objects.update(next_attempt_at=None)
        sending.send_due(timezone.now())

    assert (rows.state(mail), len(server.taken)) == (MailState.UNCONFIRMED, 3)


def test_report_ends_the_doubt(server: MailServer) -> None:
    mail = in_doubt(promised=True)

    sending.delivered(mail, now=timezone.now())
    sending.send_due(timezone.now() + FIVE_DAYS)

    assert (rows.state(mail), rows.ticket_state(mail)) == (MailState.SENT, TicketState.SENT)
    assert server.taken == []


def test_silence_of_a_server_that_tells_means_never_accepted(server: MailServer) -> None:
    mail = in_doubt(promised=True)
    sending.delivered(rows.answer(state=MailState.SENT, attempts=1), now=timezone.now())

    sending.send_due(timezone.now() + timedelta(days=4))
    assert server.taken == []
    sending.send_due(timezone.now() + FIVE_DAYS)

    assert (rows.state(mail), len(server.taken)) == (MailState.SENT, 1)


@pytest.mark.parametrize(("promised", "has_told"), [(True, False), (False, True)])
def test_silence_means_nothing_otherwise(
    server: MailServer, promised: bool, has_told: bool
) -> None:
    mail = in_doubt(promised=promised)
    if has_told:
        sending.delivered(rows.answer(state=MailState.SENT, attempts=1), now=timezone.now())

    sending.send_due(timezone.now() + timedelta(days=30))

    assert (rows.state(mail), server.taken) == (MailState.UNCONFIRMED, [])


def test_person_decides_to_send_again(server: MailServer) -> None:
    mail = in_doubt(promised=False)

    sending.send_again(mail)
    sending.send_due(timezone.now())

    assert (rows.state(mail), len(server.taken)) == (MailState.SENT, 1)


def test_person_says_that_it_has_arrived(server: MailServer) -> None:
    mail = in_doubt(promised=False)

    sending.has_arrived(mail)
    sending.send_due(timezone.now())

    assert (rows.state(mail), rows.ticket_state(mail)) == (MailState.SENT, TicketState.SENT)
    assert server.taken == []


@pytest.mark.parametrize("state", [MailState.QUEUED, MailState.IN_FLIGHT, MailState.SENT])
def test_nothing_else_is_for_a_person_to_decide(state: MailState) -> None:
    mail = rows.answer(state=state)

    for verb in (sending.send_again, sending.has_arrived, sending.dismiss):
        with pytest.raises(sending.WrongState):
            verb(mail)
    assert rows.state(mail) == state


def test_row_of_a_dead_worker_is_in_doubt_once_its_time_is_over() -> None:
    mail = rows.answer(state=MailState.IN_FLIGHT, attempts=1, attempted_at=timezone.now())

    sending.send_due(later(mail) - timedelta(seconds=1))
    assert rows.state(mail) == MailState.IN_FLIGHT
    sending.send_due(later(mail))

    assert rows.state(mail) == MailState.UNCONFIRMED


def test_result_of_a_slow_worker_counts_although_its_row_was_given_up(server: MailServer) -> None:
    mail = rows.answer(state=MailState.UNCONFIRMED, attempts=1)

    with transaction.atomic():
        results.record([Result(mail)])

    assert (rows.state(mail), rows.ticket_state(mail)) == (MailState.SENT, TicketState.SENT)


def _kill_when_taken(server: MailServer, process: "subprocess.Popen[bytes]") -> None:
    def kill() -> None:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    server.does.when_taken = kill


def _killed_while_sending(
    server: MailServer, mail: OutgoingMail, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Let a real worker send it and kill -9 it between the server's acceptance and its record."""
    for name in ("EMAIL_URL", "INBOX_URL", "DEFAULT_FROM_EMAIL", "PORTAL_URL"):
        monkeypatch.setenv(name, getattr(settings, name))
    with worker.running() as process:
        _kill_when_taken(server, process)
        ring("routing.send_mail", mail.pk)
        eventually(lambda: process.poll() is not None, "the worker was not killed", seconds=120)
    server.does.when_taken = lambda: None
    assert (rows.state(mail), len(server.taken)) == (MailState.IN_FLIGHT, 1)


def test_killed_worker_sends_no_answer_twice_where_the_server_tells(
    server: MailServer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    mail = rows.answer()
    _killed_while_sending(server, mail, monkeypatch, settings)

    sending.send_due(later(mail))
    assert rows.state(mail) == MailState.UNCONFIRMED
    sending.delivered(mail, now=timezone.now())  # what the server was asked to tell, and does
    sending.send_due(timezone.now() + FIVE_DAYS)

    assert server.taken[0].options["NOTIFY"] == "SUCCESS,FAILURE,DELAY"
    assert (rows.state(mail), len(server.taken)) == (MailState.SENT, 1)
    assert rows.ticket_state(mail) == TicketState.SENT


def test_killed_worker_leaves_the_answer_to_a_person_where_the_server_cannot_tell(
    silent_server: MailServer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    mail = rows.answer()
    _killed_while_sending(silent_server, mail, monkeypatch, settings)

    sending.send_due(later(mail))
    sending.send_due(timezone.now() + FIVE_DAYS)

    assert (rows.state(mail), len(silent_server.taken)) == (MailState.UNCONFIRMED, 1)


def test_killed_worker_sends_an_automatic_mail_again_under_its_name(
    silent_server: MailServer, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION, factories.ticket())
    _killed_while_sending(silent_server, mail, monkeypatch, settings)

    sending.send_due(later(mail))

    assert rows.state(mail) == MailState.SENT
    first, second = (taken.message["Message-ID"] for taken in silent_server.taken)
    assert first == second
