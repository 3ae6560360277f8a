"""`manage.py receive_mail`: the pipe of a mail server."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from routing.models import IncomingMail
from routing.services.mail_in import incoming

RAW = b"From: <a@example.net>\nMessage-ID: <1@example.net>\n\nHallo\n"


def pipe(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the command with these bytes on standard input; returns what it prints."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    printed = io.StringIO()
    call_command("receive_mail", stdout=printed)
    return printed.getvalue()


@pytest.mark.django_db
def test_mail_is_stored_once(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = [pipe(RAW, monkeypatch) for _ in range(2)]

    assert printed == ["quarantined\n", "quarantined\n"]
    assert IncomingMail.objects.count() == 1


@pytest.mark.django_db
def test_what_cannot_be_stored_stays_with_the_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(incoming, "receive", away)
    with pytest.raises(CommandError) as refused:
        pipe(RAW, monkeypatch)

    assert refused.value.returncode == 75


@pytest.mark.django_db
def test_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError) as refused:
        pipe(b"\n", monkeypatch)

    assert refused.value.returncode == 65
