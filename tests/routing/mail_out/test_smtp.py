"""The connection to the mail server: encrypted or none, and every failure named for what it means."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ImproperlyConfigured

from routing.mail import smtp
from routing.mail.compose import Envelope
from routing.mail.smtp import Connection, NotNow, Refused, Unconfirmed
from tests.services import smtp_server
from tests.services.certificates import Authority
from tests.services.smtp_server import MailServer

ENVELOPE = Envelope(
    name="0123",
    sender="sprechstunde+b1@musterstadt.example",
    recipients=["erika@example.org"],
    content=b"Subject: Hallo\r\n\r\nEins\r\n.\r\n..Zwei\r\n",
)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    connection = Connection(smtp.server(url))
    try:
        yield connection
    finally:
        connection.close()


def status_of(error: type[smtp.MailError], url: str, envelope: Envelope = ENVELOPE) -> str:
    with connected(url) as connection, pytest.raises(error) as caught:
        connection.send(envelope, with_receipts=False)
    assert type(caught.value) is error
    return caught.value.status


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 587, "starttls")),
        ("smtp+tls://mail.example", ("mail.example", 587, "starttls")),
        ("smtps://mail.example", ("mail.example", 465, "tls")),
        ("smtp+ssl://mail.example:4650", ("mail.example", 4650, "tls")),
        ("smtp+insecure://127.0.0.1", ("127.0.0.1", 25, "none")),
    ],
)
def test_url_says_how_the_way_is_protected(url: str, expected: tuple[str, int, str]) -> None:
    server = smtp.server(url)

    assert (server.host, server.port, server.security) == expected


def test_url_may_hold_any_password() -> None:
    server = smtp.server("smtps://stadt%40example.de:p%3A%2F%40ss@mail.example")

    assert (server.user, server.password) == ("stadt@example.de", "p:/@ss")
    assert "p:/@ss" not in repr(server)


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://"])
def test_bad_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        smtp.server(url)

    assert "mail.example" not in str(refused.value)


def test_mail_arrives_unchanged_with_its_envelope(server: MailServer) -> None:
    with connected(server.url()) as connection:
        connection.send(ENVELOPE, with_receipts=True)

    (taken,) = server.taken
    assert taken.raw == ENVELOPE.content
    assert (taken.sender, taken.recipients) == (ENVELOPE.sender, ("erika@example.org",))
    assert taken.options == {"RET": "HDRS", "ENVID": "0123", "NOTIFY": "SUCCESS,FAILURE,DELAY"}


def test_connection_is_used_again(server: MailServer) -> None:
    with connected(server.url()) as connection:
        for _ in range(3):
            connection.send(ENVELOPE, with_receipts=False)

    assert (len(server.taken), server.connections) == (3, 1)


def test_connection_that_the_server_closed_is_opened_anew(server: MailServer) -> None:
    with connected(server.url()) as connection:
        connection.send(ENVELOPE, with_receipts=False)
        server.stop()
        server.start()
        connection.send(ENVELOPE, with_receipts=False)

    assert (len(server.taken), server.connections) == (2, 2)


def test_server_that_is_not_there_is_for_later(server: MailServer) -> None:
    server.stop()

    assert status_of(NotNow, server.url()) == "4.4.1"


@pytest.mark.parametrize(
    ("reply", "error", "status"),
    [
        ("550 5.1.1 no such user", Refused, "5.1.1"),
        ("553 mailbox name not allowed", Refused, "5.0.0"),
        ("450 4.2.0 greylisted", NotNow, "4.2.0"),
        ("452 4.2.2 mailbox full", NotNow, "4.2.2"),
    ],
)
def test_refused_recipient(
    server: MailServer, reply: str, error: type[smtp.MailError], status: str
) -> None:
    server.does.to_recipient["erika@example.org"] = reply

    assert status_of(error, server.url()) == status


def test_one_of_two_recipients_is_enough(server: MailServer) -> None:
    server.does.to_recipient["weg@example.org"] = "550 5.1.1 gone"
    two = ["weg@example.org", "erika@example.org"]
    envelope = Envelope(ENVELOPE.name, ENVELOPE.sender, two, ENVELOPE.content)

    with connected(server.url()) as connection:
        connection.send(envelope, with_receipts=False)

    assert server.taken[0].recipients == ("erika@example.org",)


@pytest.mark.parametrize(
    ("reply", "error", "status"),
    [
        ("554 5.7.1 policy", Refused, "5.7.1"),
        ("451 4.3.0 try later", NotNow, "4.3.0"),
        ("421 closing", NotNow, "4.0.0"),
    ],
)
def test_refused_content(
    server: MailServer, reply: str, error: type[smtp.MailError], status: str
) -> None:
    server.does.to_data = reply

    assert status_of(error, server.url()) == status


def test_refused_sender_is_our_trouble_and_not_the_recipients(server: MailServer) -> None:
    server.does.to_mail = "530 5.7.0 log in first"

    assert status_of(NotNow, server.url()) == "5.7.0"


def test_after_a_refusal_the_connection_goes_on(server: MailServer) -> None:
    server.does.to_recipient["erika@example.org"] = "550 5.1.1 no"
    with connected(server.url()) as connection:
        with pytest.raises(Refused):
            connection.send(ENVELOPE, with_receipts=False)
        server.does.to_recipient.clear()
        connection.send(ENVELOPE, with_receipts=False)

    assert (len(server.taken), server.connections) == (1, 1)


def test_cut_before_the_final_dot_is_certain(server: MailServer) -> None:
    server.does.cut_before_dot = True

    assert status_of(NotNow, server.url()) == "4.4.2"


def test_cut_after_the_final_dot_is_not(server: MailServer) -> None:
    server.does.cut_after_dot = True

    assert status_of(Unconfirmed, server.url()) == "4.4.2"
    assert len(server.taken) == 1


@pytest.mark.parametrize(("scheme", "implicit"), [("smtp", False), ("smtps", True)])
def test_encrypted_and_logged_in(trusted: Authority, scheme: str, implicit: bool) -> None:
    with smtp_server.running(tls=trusted.context(), implicit=implicit, password="geheim") as server:
        with connected(server.url(scheme, "stadt:geheim@")) as connection:
            connection.send(ENVELOPE, with_receipts=False)

        assert len(server.taken) == 1


@pytest.mark.parametrize(("scheme", "implicit"), [("smtp", False), ("smtps", True)])
def test_certificate_that_nobody_vouches_for_is_refused(
    authority: Authority, scheme: str, implicit: bool
) -> None:
    with smtp_server.running(tls=authority.context(), implicit=implicit) as server:
        assert status_of(NotNow, server.url(scheme)) == "4.7.4"
        assert server.taken == []


def test_server_without_tls_gets_nothing(server: MailServer) -> None:
    assert status_of(NotNow, server.url("smtp")) == "4.7.4"
    assert server.taken == []


def test_wrong_password_is_our_trouble(trusted: Authority) -> None:
    with smtp_server.running(tls=trusted.context(), password="geheim") as server:
        assert status_of(NotNow, server.url("smtp", "stadt:falsch@")) == "5.7.8"


def test_address_in_another_script(server: MailServer) -> None:
    envelope = Envelope("1", ENVELOPE.sender, ["jürgen@example.org"], ENVELOPE.content)

    with connected(server.url()) as connection:
        connection.send(envelope, with_receipts=False)

    assert server.taken[0].recipients == ("jürgen@example.org",)
