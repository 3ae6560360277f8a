"""Erasing tickets: nothing is left, nothing else is touched, a crash at any step is made good."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from routing.enums import MailKind, MailState, TicketState
from routing.models import (
    IncomingMail,
    MailboxPlace,
    Note,
    OutgoingMail,
    Question,
    Ticket,
    TicketErasure,
)
from routing.services.erasing import remains, retention
from routing.services.work import tickets
from routing.services.work.actors import CITIZEN, SYSTEM
from routing.services.work.moves import WrongState
from sessions_app.services.erasing import compaction
from sprechstunde.vault.errors import KeystoreUnavailable, KeyUnavailable
from sprechstunde.vault.file_keystore import FileKeystore
from sprechstunde.vault.keystore import keystore
from tests.at_once import at_once
from tests.routing import factories
from tests.routing.retention.cases import (
    QUESTION_ROWS,
    TICKET_ROWS,
    filled_question,
    filled_ticket,
    folders,
)

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


def media() -> list[Path]:
    return folders(Path(settings.TICKET_MEDIA_ROOT))


def nothing_left() -> bool:
    """Whether only the empty shell and its record are there."""
    there = [*keystore().ids(), *media(), *Question.objects.all(), *IncomingMail.objects.all()]
    there += [*OutgoingMail.objects.all()]
    return not there and not MailboxPlace.objects.exclude(mail=None).exists()


def test_erase_leaves_only_a_shell() -> None:
    ticket = filled_ticket()

    record = retention.erase(ticket, by=SYSTEM)

    ticket.refresh_from_db()
    assert nothing_left()
    assert (ticket.state, ticket.question, ticket.clerk) == (TicketState.ERASED, None, None)
    assert (record.remaining, record.compacted) == (0, True)
    assert record.finished_at is not None


def test_erase_records_what_was_there() -> None:
    record = retention.erase(filled_ticket(), by=CITIZEN)

    counts = (record.rows, record.files, record.keys)
    assert counts == (QUESTION_ROWS + TICKET_ROWS, 2, 4)
    assert record.party == "citizen"


def test_erase_destroys_the_keys_for_good() -> None:
    ticket = filled_ticket()
    answer, question = ticket.answers.get(), Question.objects.get()

    retention.erase(ticket, by=SYSTEM)

    with pytest.raises(KeyUnavailable):
        print(answer.text)
    with pytest.raises(KeyUnavailable):
        print(question.address)


def test_question_stays_while_another_department_works_on_it() -> None:
    question = filled_question()
    first = filled_ticket(question)
    second = filled_ticket(question, TicketState.ACCEPTED, erase_at=None)

    record = retention.erase(first, by=SYSTEM)

    question.refresh_from_db()
    assert (record.rows, record.finished_at is not None) == (TICKET_ROWS, True)
    assert question.text
    assert Note.objects.get().text == "Wer zahlt?"
    assert second.answers.get().text
    assert len(media()) == 4  # two folders with a file each


def test_question_goes_with_its_last_ticket() -> None:
    question = filled_question()
    first, second = filled_ticket(question), filled_ticket(question)

    retention.erase(first, by=SYSTEM)
    retention.erase(second, by=SYSTEM)

    assert nothing_left()


def test_erase_leaves_other_tickets_alone() -> None:
    other = filled_ticket(erase_at=None)
    assert other.question is not None
    before = remains.count(remains.of_ticket(other))

    retention.erase(filled_ticket(), by=SYSTEM)

    assert remains.count(remains.of_ticket(other)) == before
    assert other.question.address == "erika@example.org"


@pytest.mark.parametrize(
    "state",
    [
        TicketState.WAITING,
        TicketState.FORWARDED,
        TicketState.ACCEPTED,
        TicketState.RETURNED,
        TicketState.IN_RELEASE,
    ],
)
def test_unfinished_ticket_is_never_erased(state: TicketState) -> None:
    ticket = filled_ticket(state=state)

    retention.erase_due(timezone.now())
    with pytest.raises(WrongState):
        retention.erase(ticket, by=SYSTEM)

    ticket.refresh_from_db()
    assert ticket.state == state
    assert ticket.answers.get().text


def test_ticket_that_was_sent_again_since_the_list_was_read_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = filled_ticket()
    listed = retention.due(timezone.now())
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.ANSWERED, erase_at=None)
    monkeypatch.setattr(retention, "due", lambda _now: listed)

    retention.erase_due(timezone.now())

    ticket.refresh_from_db()
    assert listed == [ticket]
    assert (ticket.state, ticket.answers.get().text != "") == (TicketState.ANSWERED, True)


def test_erase_due_takes_what_is_due_only() -> None:
    due = filled_ticket()
    later = filled_ticket(erase_at=timezone.now() + DAY)

    retention.erase_due(timezone.now())

    assert list(TicketErasure.objects.values_list("ticket", flat=True)) == [due.pk]
    assert later.answers.get().text


def test_withdrawn_ticket_waits_for_the_mail_that_confirms_it() -> None:
    ticket = factories.ticket()
    assert ticket.question is not None
    tickets.withdraw(ticket.question, by=CITIZEN)

    retention.erase_due(timezone.now())
    before = Ticket.objects.get().state
    OutgoingMail.objects.filter(kind=MailKind.WITHDRAWN).update(state=MailState.SENT)
    retention.erase_due(timezone.now())

    assert (before, TicketErasure.objects.get().party) == (TicketState.WITHDRAWN, "citizen")
    assert nothing_left()


def test_withdrawn_ticket_goes_after_an_hour_whatever_the_mail_does() -> None:
    ticket = factories.ticket()
    assert ticket.question is not None
    tickets.withdraw(ticket.question, by=CITIZEN)

    retention.erase_due(timezone.now() + timedelta(hours=1, seconds=1))

    assert nothing_left()


def test_undeliverable_ticket_stays_until_the_office_knew_for_a_week() -> None:
    ticket = factories.ticket(state=TicketState.SENT)
    now = timezone.now()
    tickets.mark_undeliverable(ticket, now=now)
    told = OutgoingMail.objects.filter(kind=MailKind.ESCALATION)

    retention.erase_due(now + 8 * DAY)
    unsent = Ticket.objects.get().state
    told.update(state=MailState.SENT, sent_at=now + 2 * DAY)
    retention.erase_due(now + 8 * DAY)
    too_early = Ticket.objects.get().state
    retention.erase_due(now + 9 * DAY)

    assert (unsent, too_early) == (TicketState.UNDELIVERABLE, TicketState.UNDELIVERABLE)
    assert Ticket.objects.get().state == TicketState.ERASED


def test_unconfirmed_address_is_erased_after_48_hours() -> None:
    now = timezone.now()
    ticket = factories.ticket(
        factories.question(address_confirmed_at=None, address_expires_at=now + 2 * DAY)
    )

    retention.erase_due(now + 2 * DAY + timedelta(seconds=1))

    ticket.refresh_from_db()
    assert ticket.question is not None
    assert (ticket.question.address, ticket.state) == (None, TicketState.FORWARDED)


STEPS: list[tuple[Any, str]] = [
    (FileKeystore, "destroy"),
    (remains, "destroy_keys"),
    (remains, "remove_files"),
    (remains, "delete_rows"),
    (retention, "compact"),
    (retention, "_finish"),
    (remains, "count"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
def test_erase_due_completes_what_crashed(
    place: Any, step: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = filled_question()
    filled_ticket(question)
    filled_ticket(question)
    with monkeypatch.context() as patch:
        patch.setattr(place, step, _crashing(getattr(place, step), when))
        with pytest.raises(PowerCut):
            retention.erase_due(timezone.now())

    retention.erase_due(timezone.now())

    records = TicketErasure.objects.all()
    assert [(r.remaining, r.finished_at is not None) for r in records] == [(0, True)] * 2
    assert nothing_left()


class PowerCut(BaseException):
    """Nothing of ours catches it, like the end of a process."""


def _crashing(step: Callable[..., Any], when: str) -> Callable[..., Any]:
    def crash(*args: Any, **kwargs: Any) -> None:
        if when == "after":
            step(*args, **kwargs)
        raise PowerCut

    return crash


def test_erase_due_waits_for_an_unreachable_keystore(monkeypatch: pytest.MonkeyPatch) -> None:
    filled_ticket()

    def unreachable(*_: object) -> None:
        raise KeystoreUnavailable("gone fishing")

    with monkeypatch.context() as patch:
        patch.setattr(FileKeystore, "destroy", unreachable)
        retention.erase_due(timezone.now())
        open_records = TicketErasure.objects.filter(finished_at=None).count()
    retention.erase_due(timezone.now())

    assert open_records == 1
    assert nothing_left()


def test_one_failure_stops_no_other_erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = filled_ticket(), filled_ticket()
    remove_folder = remains.remove_folder

    def refuse(folder: Path) -> None:
        if folder.name == str(broken.key_id):
            raise OSError("read-only file system")
        remove_folder(folder)

    monkeypatch.setattr(remains, "remove_folder", refuse)
    retention.erase_due(timezone.now())

    finished = TicketErasure.objects.exclude(finished_at=None)
    assert list(finished.values_list("ticket", flat=True)) == [sound.pk]


def test_workers_at_once_make_one_record() -> None:
    question = filled_question()
    filled_ticket(question)
    filled_ticket(question)

    at_once(*[lambda: retention.erase_due(timezone.now())] * 4)
    retention.erase_due(timezone.now())

    assert TicketErasure.objects.exclude(finished_at=None).count() == 2
    assert nothing_left()


def test_reply_in_the_last_moment_finds_it_closed() -> None:
    ticket = filled_ticket()
    retention.erase(ticket, by=SYSTEM)

    with pytest.raises(WrongState):
        tickets.reopen(ticket, text="Und wann?")


@pytest.fixture
def reader() -> Iterator[Callable[[], None]]:
    """Somebody who is in the middle of reading; the yielded function lets them end."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM routing_answer")
        cursor.fetchone()
    yield other.close
    other.close()


def test_a_reader_in_the_way_keeps_the_record_open(
    reader: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "BLOCKING_PATIENCE", 50)

    blocked = retention.erase(filled_ticket(), by=SYSTEM)
    reader()
    retention.erase_due(timezone.now())

    assert (blocked.compacted, blocked.finished_at) == (False, None)
    assert TicketErasure.objects.get().compacted is True
