"""The portal's mailbox on a real Dovecot: stored first, deleted then, nothing lost or doubled."""

import socket
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from threading import Event, Thread
from time import monotonic, sleep

import pytest
from django.db import DatabaseError, connections
from pytest_django import Settings

from routing.enums import Outcome
from routing.mail import imap
from routing.models import IncomingMail, MailboxPlace, Ticket
from routing.services.mail_in import inbox, incoming
from sprechstunde.broker import name, redis
from tests.routing.mail_in.test_receive import answer_to
from tests.services import dovecot
from tests.services.dovecot import Server

pytestmark = pytest.mark.django_db(transaction=True)
_users = count(1)
SOON = 90.0  # seconds


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A Dovecot for this module."""
    with dovecot.running() as found:
        yield found


@pytest.fixture
def user(server: Server, settings: Settings) -> str:
    """A mailbox of its own for each test; INBOX_URL points to it."""
    found = f"sprechstunde{next(_users)}@musterstadt.example"
    settings.INBOX_URL = server.url(found)
    return found


def stranger(text: str) -> bytes:
    """A mail that ends in quarantine."""
    return f"From: <a@example.net>\nMessage-ID: <{text}@example.net>\n\n{text}\n".encode()


def look() -> int:
    """Read the mailbox once, without waiting."""
    return inbox.watch(Event(), seconds=0)


def test_mails_are_stored_and_then_deleted(server: Server, user: str, ticket: Ticket) -> None:
    server.deliver(user, answer_to(ticket))
    server.deliver(user, stranger("1"))

    stored = look()

    assert stored == 2
    assert server.count(user) == 0
    outcomes = IncomingMail.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.ANSWER, Outcome.QUARANTINED]
    assert not MailboxPlace.objects.exists()


def test_nothing_is_deleted_that_could_not_be_stored(
    server: Server, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(user, stranger("1"))

    def away(*_: object, **__: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(incoming, "receive", away)
        look()
    left = server.count(user)
    look()

    assert left == 1
    assert server.count(user) == 0
    assert IncomingMail.objects.count() == 1


def test_crash_between_storing_and_deleting_doubles_nothing(
    server: Server, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(user, stranger("1"))

    def cut(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(imap.Inbox, "delete", cut)
        look()
    stored = IncomingMail.objects.count(), MailboxPlace.objects.count(), server.count(user)
    again = look()

    assert stored == (1, 1, 1)
    assert again == 0
    assert (IncomingMail.objects.count(), server.count(user)) == (1, 0)


def test_one_bad_mail_holds_up_no_other(
    server: Server, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(user, stranger("bad"))
    server.deliver(user, stranger("good"))
    receive = incoming.receive

    def picky(raw: bytes, **arguments: object) -> IncomingMail:
        if b"bad" in raw:
            raise DatabaseError
        return receive(raw, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(incoming, "receive", picky)
    stored = look()

    assert stored == 1
    assert server.count(user) == 1


def test_too_large_mail_stays_in_the_mailbox_until_decided(
    server: Server, user: str, settings: Settings, ticket: Ticket
) -> None:
    settings.INBOX_MAX_BYTES = 5_000
    server.deliver(user, answer_to(ticket, "x" * 70 + "\n" + ("y" * 70 + "\n") * 100))

    look()
    look()
    row = IncomingMail.objects.get()
    left = server.count(user)
    IncomingMail.objects.update(outcome=Outcome.DISCARDED)
    look()

    assert (row.outcome, row.doubt, left) == (Outcome.QUARANTINED, "too_large", 1)
    assert len(bytes(row.raw or b"")) < 1000
    assert server.count(user) == 0


def test_only_one_worker_reads(server: Server, user: str) -> None:
    server.deliver(user, stranger("1"))
    lock = redis().lock(name("inbox"), timeout=120)
    lock.acquire()

    stored = look()
    lock.release()

    assert (stored, server.count(user)) == (0, 1)


def test_new_mail_is_noticed_while_waiting_and_stopping_takes_no_time(
    server: Server, user: str
) -> None:
    stopped = Event()

    def work() -> None:
        try:
            inbox.watch(stopped, seconds=600)
        finally:
            connections.close_all()

    thread = Thread(target=work)
    thread.start()
    try:
        _until(lambda: redis().exists(name("inbox")) == 1)
        server.deliver(user, stranger("late"))
        _until(lambda: IncomingMail.objects.count() == 1)
    finally:
        stopped.set()
        begin = monotonic()
        thread.join(SOON)

    assert not thread.is_alive()
    assert monotonic() - begin < 30


def test_unreachable_server_is_one_line_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.INBOX_URL = "imap+insecure://someone%40musterstadt.example:secret@127.0.0.1:9"

    look()

    assert [record.getMessage() for record in caplog.records] == [
        "the mailbox cannot be read now: ConnectionRefusedError"
    ]


@pytest.mark.parametrize("scheme", ["imap+ssl", "imap+tls"])
def test_tls_works_where_the_certificate_is_vouched_for(
    server: Server, user: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    server.deliver(user, stranger("1"))
    settings.INBOX_URL = server.url(user, scheme)

    refused = look()
    monkeypatch.setenv("SSL_CERT_FILE", str(server.authority.certificate))
    stored = look()

    assert (refused, stored) == (0, 1)


def test_server_without_starttls_is_refused(settings: Settings) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        settings.INBOX_URL = f"imap+tls://someone:secret@127.0.0.1:{port}"
        heard: list[bytes] = []
        thread = Thread(target=_answer_without_starttls, args=(listener, heard))
        thread.start()
        look()
        thread.join(SOON)

    assert not any(b"LOGIN" in line or b"secret" in line for line in heard)
    assert any(b"CAPABILITY" in line for line in heard)


def _answer_without_starttls(listener: socket.socket, heard: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection, connection.makefile("rwb") as stream:
        stream.write(b"* OK [CAPABILITY IMAP4rev1] old\r\n")
        stream.flush()
        for line in stream:
            heard.append(line)
            tag = line.split()[0]
            stream.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
            stream.flush()


def _until(is_so: object) -> None:
    deadline = monotonic() + SOON
    while not is_so():  # type: ignore[operator]
        assert monotonic() < deadline
        sleep(0.05)
