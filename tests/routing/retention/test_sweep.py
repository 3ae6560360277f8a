"""What belongs to nobody is found: after a crash, a race, a restored backup."""

import os
import time
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from routing.enums import Action, Outcome, Party, TicketState
from routing.models import IncomingMail, Question, Ticket, TicketErasure, TicketEvent
from routing.services.erasing import retention, sweep
from routing.services.work.actors import SYSTEM
from sprechstunde.vault.cipher import digest
from sprechstunde.vault.keystore import keystore
from tests.routing import factories
from tests.routing.retention.cases import filled_question, filled_ticket, folders

pytestmark = pytest.mark.django_db(transaction=True)

OLD = time.time() - 4000


def folder(key_id: object, age: float) -> Path:
    path = Path(settings.TICKET_MEDIA_ROOT) / str(key_id)
    path.mkdir(parents=True, exist_ok=True)
    (path / "x.sealed").write_bytes(b"x")
    os.utime(path, (age, age))
    return path


def output(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def test_folders_of_nobody_go_after_an_hour() -> None:
    old, new = folder(uuid4(), OLD), folder(uuid4(), time.time())
    ticket = factories.ticket()
    assert ticket.question is not None
    owned = [folder(ticket.key_id, OLD), folder(ticket.question.key_id, OLD)]

    sweep.sweep(timezone.now())

    assert (old.exists(), new.exists(), [path.exists() for path in owned]) == (
        False,
        True,
        [True] * 2,
    )


def test_question_of_nobody_goes_after_an_hour() -> None:
    question = filled_question()

    sweep.sweep(timezone.now())
    after_minutes = Question.objects.count()
    Question.objects.update(created_at=timezone.now() - timedelta(hours=2))
    sweep._remove_questions_of_nobody(timezone.now())

    assert (after_minutes, Question.objects.count()) == (1, 0)
    assert not keystore().exists(question.key_id)
    assert folders(Path(settings.TICKET_MEDIA_ROOT)) == []


def test_what_comes_back_to_an_erased_ticket_is_erased_again() -> None:
    ticket = filled_ticket()
    retention.erase(ticket, by=SYSTEM)
    keystore().create(ticket.key_id)
    TicketEvent.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        action=Action.ACCEPT,
        party=Party.CLERK,
        state=TicketState.ACCEPTED,
        at=timezone.now(),
    )

    retention.erase_due(timezone.now())

    assert not keystore().exists(ticket.key_id)
    assert TicketEvent.objects.count() == 0
    assert TicketErasure.objects.get().finished_at is not None


def test_mail_that_comes_after_the_erasure_waits_for_a_person() -> None:
    ticket = filled_ticket()
    retention.erase(ticket, by=SYSTEM)
    key_id = uuid4()
    keystore().create(key_id)
    IncomingMail.objects.create(
        ticket=ticket,
        key_id=key_id,
        digest=digest(key_id, context="mail", value="x"),
        outcome=Outcome.QUARANTINED,
        received_at=timezone.now(),
    )

    retention.erase_due(timezone.now())

    assert IncomingMail.objects.count() == 1


def test_restored_ticket_without_key_is_erased_after_restore() -> None:
    ticket = filled_ticket(state=TicketState.ACCEPTED, erase_at=None)
    keystore().destroy(ticket.key_id)

    output("erase_due", "--after-restore")

    assert Ticket.objects.get().state == TicketState.ERASED
    assert "Nothing is left." in output("verify_erasure")


def test_erase_due_counts_tickets() -> None:
    filled_ticket()
    filled_ticket(erase_at=None)

    assert output("erase_due").splitlines()[0] == "1 tickets erased, 0 still due"


def test_erase_due_fails_while_a_ticket_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = filled_ticket()
    monkeypatch.setattr(retention, "compact", lambda _: False)

    with pytest.raises(CommandError, match=rf"tickets not erased: \[{ticket.pk}\]"):
        output("erase_due")


def test_verify_erasure_finds_nothing_after_an_erasure() -> None:
    retention.erase(filled_ticket(), by=SYSTEM)

    assert output("verify_erasure").endswith("Nothing is left.\n")


def _row(ticket: Ticket) -> None:
    keystore().create(ticket.key_id)
    factories.answer(ticket)
    keystore().destroy(ticket.key_id)


def _key(ticket: Ticket) -> None:
    keystore().create(ticket.key_id)


def _file(ticket: Ticket) -> None:
    folder(ticket.key_id, time.time())


def _record(ticket: Ticket) -> None:
    TicketErasure.objects.update(finished_at=None)


def _due(ticket: Ticket) -> None:
    filled_ticket()


def _question(ticket: Ticket) -> None:
    factories.question(created_at=timezone.now() - timedelta(hours=2))


@pytest.mark.parametrize("spoil", [_row, _key, _file, _record, _due, _question])
def test_verify_erasure_finds_what_is_left(spoil: object) -> None:
    ticket = filled_ticket()
    retention.erase(ticket, by=SYSTEM)
    assert callable(spoil)
    spoil(ticket)

    with pytest.raises(CommandError, match="show that something is left"):
        output("verify_erasure")


@pytest.mark.sqlite_only
def test_verify_erasure_finds_rests_in_the_files_of_sqlite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = filled_ticket()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete=OFF")
    monkeypatch.setattr(retention, "compact", lambda _: True)
    retention.erase(ticket, by=SYSTEM)

    with pytest.raises(CommandError):
        output("verify_erasure")
    assert "rests of rows of 1 of 1 erased tickets" in _said()


def _said() -> str:
    out = StringIO()
    with suppress(CommandError):
        call_command("verify_erasure", stdout=out)
    return out.getvalue()
