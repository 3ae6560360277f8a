"""Erasing a session: what goes, what is recorded, and that it works again after a crash anywhere."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from sessions_app.enums import ErasureTrigger, Role, SessionState
from sessions_app.models import (
    CitizenIdentifier,
    ConsultationSession,
    Conversation,
    EarlyReceipt,
    ErasureRecord,
    Message,
)
from sessions_app.services.erasing import compaction, erasure, records, steps
from sessions_app.services.erasing.chain import broken_links
from sessions_app.services.erasing.check import left_of_session
from sprechstunde.broker import name, redis
from sprechstunde.vault.errors import KeystoreUnavailable, KeyUnavailable
from sprechstunde.vault.file_keystore import FileKeystore
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.at_once import at_once
from tests.sessions_app.erasure.hours import close, filled_session

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=5)


def test_erase_leaves_nothing_of_a_closed_session() -> None:
    session = close(filled_session())

    record = erasure.erase(session, trigger=ErasureTrigger.END)

    session.refresh_from_db()
    assert left_of_session(session).total == 0
    assert (record.remaining, record.compacted) == (0, True)
    assert session.state(timezone.now()) is SessionState.ERASED


def test_erase_records_what_was_there() -> None:
    session = close(filled_session())

    record = erasure.erase(
        session, trigger=ErasureTrigger.STAFF, by=factories.staff(role=Role.HOST)
    )

    counts = (record.conversations, record.messages, record.attachments, record.files, record.keys)
    assert counts == (3, 7, 1, 1, 1)
    assert (record.trigger, record.actor_role) == ("staff", "host")


def test_erase_destroys_the_key_for_good() -> None:
    session = filled_session()
    name_of_somebody = Conversation.objects.filter(session=session)[0]

    erasure.erase(close(session), trigger=ErasureTrigger.END)

    with pytest.raises(KeyUnavailable):
        print(name_of_somebody.name)


def test_erase_leaves_other_sessions_alone() -> None:
    other = filled_session()
    before = left_of_session(other)

    erasure.erase(close(filled_session()), trigger=ErasureTrigger.END)

    assert left_of_session(other) == before


def test_erase_refuses_a_session_that_can_be_read() -> None:
    session = filled_session()
    before = left_of_session(session)

    with pytest.raises(records.StillReadable):
        erasure.erase(session, trigger=ErasureTrigger.END)

    assert left_of_session(session) == before


def test_erase_forgets_the_session_in_redis() -> None:
    session = filled_session()
    conversation = session.conversations.get(number=1)
    theirs = [
        name("presence", session.pk, conversation.pk, 1),
        name("once", "typing", session.pk, conversation.pk),
        name("pace", "pair", conversation.pk),
        name("erased", session.pk),
    ]
    for key in [*theirs, name("presence", session.pk + 1, conversation.pk, 1)]:
        redis().set(key, 1)

    erasure.erase(close(session), trigger=ErasureTrigger.END)

    assert redis().exists(*theirs) == 0
    assert redis().exists(name("presence", session.pk + 1, conversation.pk, 1)) == 1


def test_erase_twice_keeps_the_first_record() -> None:
    session = close(filled_session())
    first = erasure.erase(session, trigger=ErasureTrigger.END)

    second = erasure.erase(session, trigger=ErasureTrigger.STAFF)

    assert (second.pk, second.digest, second.messages) == (first.pk, first.digest, 7)


STEPS: list[tuple[Any, str]] = [
    (FileKeystore, "destroy"),
    (steps, "delete_rows"),
    (steps, "remove_media"),
    (steps, "forget_session"),
    (erasure, "compact"),
    (records, "finish"),
    (records, "_mark_erased"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("place", "step"), STEPS, ids=[step for _, step in STEPS])
def test_erase_due_completes_what_crashed(
    place: Any, step: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = close(filled_session())
    with monkeypatch.context() as patch:
        patch.setattr(place, step, _crashing(getattr(place, step), when))
        with pytest.raises(PowerCut):
            erasure.erase_due(timezone.now())

    erasure.erase_due(timezone.now())

    record = session.erasure_records.get()
    session.refresh_from_db()
    assert session.erased_at is not None
    assert (record.messages, record.files, record.keys, record.remaining) == (7, 1, 1, 0)
    assert left_of_session(session).total == 0
    assert broken_links() == []


class PowerCut(BaseException):
    """Nothing of ours catches it, like the end of a process."""


def _crashing(step: Callable[..., Any], when: str) -> Callable[..., Any]:
    def crash(*args: Any, **kwargs: Any) -> None:
        if when == "after":
            step(*args, **kwargs)
        raise PowerCut

    return crash


def test_erase_due_waits_for_an_unreachable_keystore(monkeypatch: pytest.MonkeyPatch) -> None:
    session = close(filled_session(), ago=LATER)

    def unreachable(*_: object) -> None:
        raise KeystoreUnavailable("gone fishing")

    with monkeypatch.context() as patch:
        patch.setattr(FileKeystore, "destroy", unreachable)
        erasure.erase_due(timezone.now())
        overdue = erasure.overdue(timezone.now())
    erasure.erase_due(timezone.now())

    assert overdue == [session]
    assert erasure.overdue(timezone.now()) == []


def test_one_failure_stops_no_other_erasure(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = close(filled_session(), ago=LATER), close(filled_session(), ago=LATER)
    remove_media = steps.remove_media

    def refuse(key_id: object) -> None:
        if key_id == broken.key_id:
            raise OSError("read-only file system")
        remove_media(key_id)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "remove_media", refuse)
    erasure.erase_due(timezone.now())

    assert list(ConsultationSession.objects.filter(erased_at=None)) == [broken]
    assert left_of_session(sound).total == 0


def test_two_workers_at_once_make_one_record() -> None:
    session = close(filled_session())

    at_once(*[lambda: erasure.erase(session, trigger=ErasureTrigger.END)] * 4)
    erasure.erase_due(timezone.now())

    assert ErasureRecord.objects.count() == 1
    assert left_of_session(session).total == 0
    assert broken_links() == []


def test_a_restored_backup_is_erased_again() -> None:
    session = close(filled_session(), ago=timedelta(days=3))
    record = erasure.erase(session, trigger=ErasureTrigger.END)
    _put_back_rows(session)

    erasure.erase_due(timezone.now())

    session.refresh_from_db()
    assert Conversation.objects.filter(session=session).count() == 0
    assert session.erased_at is not None
    assert session.erasure_records.get().digest == record.digest


def test_a_restored_key_is_destroyed_again() -> None:
    session = close(filled_session(), ago=timedelta(days=3))
    erasure.erase(session, trigger=ErasureTrigger.END)
    keystore().create(session.key_id)

    erasure.erase_due(timezone.now())

    assert not keystore().exists(session.key_id)


def _put_back_rows(session: ConsultationSession) -> None:
    now = timezone.now()
    conversation = Conversation.objects.create(
        session=session,
        key_id=session.key_id,
        number=99,
        began_at=now,
        last_inbound_at=now,
        last_message_at=now,
    )
    CitizenIdentifier.objects.create(session=session, conversation=conversation, digest=bytes(32))
    EarlyReceipt.objects.create(session=session, wamid_digest=bytes(32), delivery=40)


def test_a_cancelled_session_loses_its_key() -> None:
    session = factories.session(starts_at=timezone.now() + timedelta(days=7))
    session.cancelled_at = timezone.now()
    session.save()

    erasure.erase_due(timezone.now())

    record = session.erasure_records.get()
    assert not keystore().exists(session.key_id)
    assert (record.trigger, record.keys, record.remaining) == ("cancelled", 1, 0)


def test_a_planned_and_a_running_session_are_never_due() -> None:
    factories.session(starts_at=timezone.now() + timedelta(days=7))
    filled_session()

    erasure.erase_due(timezone.now())

    assert ErasureRecord.objects.count() == 0
    assert Message.objects.count() == 7


@pytest.fixture
def reader() -> Iterator[Callable[[], None]]:
    """Somebody who is in the middle of reading; the yielded function lets them end."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT id FROM sessions_app_message")
        cursor.fetchone()
    yield other.close
    other.close()


def test_a_reader_in_the_way_keeps_the_session_due(
    reader: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "BLOCKING_PATIENCE", 50)
    session = close(filled_session(), ago=LATER)

    blocked = erasure.erase(session, trigger=ErasureTrigger.END)
    overdue = erasure.overdue(timezone.now())
    reader()
    erasure.erase_due(timezone.now())

    assert (blocked.compacted, blocked.finished_at, overdue) == (False, None, [session])
    assert session.erasure_records.get().compacted is True


def test_session_extended_in_the_last_moment_keeps_its_key() -> None:
    stale = close(filled_session())
    later = timezone.now() + timedelta(minutes=10)
    ConsultationSession.objects.filter(pk=stale.pk).update(ends_at=later, closes_at=later)

    with pytest.raises(records.StillReadable):
        erasure.erase(stale, trigger=ErasureTrigger.END)

    assert keystore().exists(stale.key_id)
    assert Conversation.objects.filter(session=stale).exists()
