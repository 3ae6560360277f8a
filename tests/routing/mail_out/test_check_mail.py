"""`manage.py check_mail`: ends with an error exactly when mail would not go out or come in."""

import io

import dns.resolver
import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from routing.mail import checkup
from tests.services import smtp_server
from tests.services.certificates import Authority
from tests.services.smtp_server import MailServer


@pytest.fixture(autouse=True)
def _no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether this machine reaches the DNS must not matter."""

    def unreachable(*_given: object) -> bool:
        raise dns.resolver.NoNameservers

    monkeypatch.setattr(checkup, "_has_record", unreachable)


def lines(**options: str) -> list[str]:
    """What the command prints, its failure included."""
    out = io.StringIO()
    try:
        call_command("check_mail", stdout=out, **{"language": "en", **options})
    except CommandError as failed:
        out.write(str(failed))
    return out.getvalue().splitlines()


def outgoing(found: list[str]) -> list[str]:
    return [line for line in found if "SMTP" in line or "EMAIL_URL" in line]


def test_nothing_set_fails(settings: Settings) -> None:
    settings.EMAIL_URL = settings.INBOX_URL = ""

    found = lines()

    assert found[0] == "FAIL DEFAULT_FROM_EMAIL: name the portal's own mailbox."
    assert found[-1] == "E-mail does not work yet."


def test_encrypted_server(settings: Settings, mailbox: None, trusted: Authority) -> None:
    with smtp_server.running(tls=trusted.context(), password="geheim") as server:
        settings.EMAIL_URL = server.url("smtp", "stadt:geheim@")
        found = outgoing(lines())

    assert found == [
        f"ok   SMTP: connected to 127.0.0.1:{server.port}.",
        "ok   SMTP: encrypted (TLSv1.3), the certificate is good.",
        "ok   SMTP: logged in.",
        "ok   SMTP: the server tells what becomes of a mail (DSN).",
    ]


def test_server_without_encryption_fails_closed(settings: Settings, server: MailServer) -> None:
    settings.EMAIL_URL = server.url("smtp")

    (found,) = outgoing(lines())

    assert found == (
        f"FAIL SMTP: no trustworthy encryption with 127.0.0.1:{server.port} "
        "(the server offers no STARTTLS); no mail is sent."
    )


def test_certificate_of_nobody_fails(
    settings: Settings, mailbox: None, authority: Authority
) -> None:
    with smtp_server.running(tls=authority.context(), implicit=True) as server:
        settings.EMAIL_URL = server.url("smtps")
        (found,) = outgoing(lines())

    assert found.startswith("FAIL SMTP: no trustworthy encryption")
    assert "certificate" in found


def test_wrong_password_fails_without_showing_it(
    settings: Settings, mailbox: None, trusted: Authority
) -> None:
    with smtp_server.running(tls=trusted.context(), password="geheim") as server:
        settings.EMAIL_URL = server.url("smtp", "stadt:hochgeheim@")
        found = lines()

    assert any(line.startswith("FAIL SMTP: the log-in is refused") for line in found)
    assert "hochgeheim" not in "".join(found)


def test_insecure_server_is_a_hint(server: MailServer) -> None:
    found = outgoing(lines())

    assert found[1] == (
        "hint SMTP: NOT encrypted. That is all right on one and the same machine only."
    )


def test_server_without_reports_is_a_hint(settings: Settings, mailbox: None) -> None:
    with smtp_server.running(offers_receipts=False) as server:
        settings.EMAIL_URL = server.url()
        found = outgoing(lines())

    assert found[-1].startswith("hint SMTP: the server offers no delivery reports")


def test_dead_mailbox_fails(server: MailServer) -> None:
    found = [line for line in lines() if "IMAP" in line]

    assert found == ["FAIL IMAP: no access to 127.0.0.1:9/INBOX (ConnectionRefusedError)."]


def test_unreachable_dns_is_a_hint(server: MailServer) -> None:
    assert lines()[-2] == (
        "hint DNS: not reachable from here; SPF, DKIM and DMARC were not looked up."
    )


def test_records_are_told(server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"musterstadt.example": "v=spf1", "sel._domainkey.musterstadt.example": "p="}
    monkeypatch.setattr(checkup, "_has_record", lambda name, begins: known.get(name) == begins)

    found = [line for line in lines(dkim_selector="sel") if "DNS" in line]

    assert found == [
        "ok   DNS: musterstadt.example has a record for SPF.",
        "hint DNS: musterstadt.example has no DMARC record; others can write in your name.",
        "ok   DNS: musterstadt.example has a record for DKIM.",
    ]
