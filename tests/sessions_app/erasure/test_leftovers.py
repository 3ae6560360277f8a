"""What belongs to nobody is found and goes, but never what might still belong to somebody."""

import os
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from sessions_app.enums import ErasureTrigger
from sessions_app.services.erasing import erasure, leftovers
from sprechstunde.broker import name, redis
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.sessions_app.erasure.hours import close, filled_session

pytestmark = pytest.mark.django_db(transaction=True)

DAY = 86_400


@pytest.fixture
def orphan() -> uuid.UUID:
    """A key that no row refers to."""
    key_id = uuid.uuid4()
    keystore().create(key_id)
    return key_id


def _sweep() -> None:
    redis().delete(name("sweep"))
    leftovers.sweep(timezone.now())


def _seen_for(key_id: uuid.UUID, seconds: float) -> None:
    redis().set(name("orphan", key_id), time.time() - seconds)


def test_a_key_of_nobody_is_destroyed_after_a_day(orphan: uuid.UUID) -> None:
    _sweep()
    _seen_for(orphan, DAY + 1)

    _sweep()

    assert not keystore().exists(orphan)


def test_a_key_of_nobody_is_kept_for_a_day(orphan: uuid.UUID) -> None:
    _sweep()
    _seen_for(orphan, DAY - 60)

    _sweep()

    assert keystore().exists(orphan)


def test_the_keys_of_planned_and_running_sessions_are_no_orphans() -> None:
    sessions = [filled_session(), factories.session(starts_at=timezone.now() + timedelta(days=7))]
    for session in sessions:
        _seen_for(session.key_id, 30 * DAY)

    _sweep()

    assert all(keystore().exists(session.key_id) for session in sessions)


def test_an_old_folder_of_nobody_is_removed() -> None:
    folder = _folder(age=2 * 3600)

    _sweep()

    assert not folder.exists()


def test_a_young_folder_of_nobody_is_kept() -> None:
    folder = _folder(age=60)

    _sweep()

    assert folder.exists()


def _folder(age: float) -> Path:
    folder = Path(settings.MEDIA_ROOT) / str(uuid.uuid4())
    folder.mkdir(parents=True)
    (folder / f"{uuid.uuid4()}.sealed").write_bytes(b"sealed")
    os.utime(folder, (time.time() - age, time.time() - age))
    return folder


def test_a_file_written_after_the_erasure_makes_the_session_due_again() -> None:
    session = close(filled_session())
    erasure.erase(session, trigger=ErasureTrigger.END)
    late = Path(settings.MEDIA_ROOT) / str(session.key_id) / f"{uuid.uuid4()}.sealed"
    late.parent.mkdir(parents=True)
    late.write_bytes(b"sealed")

    _sweep()
    session.refresh_from_db()
    was_due_again = session.erased_at is None
    erasure.erase_due(timezone.now())

    session.refresh_from_db()
    assert (was_due_again, late.exists()) == (True, False)
    assert session.erased_at is not None


def test_the_sweep_takes_its_turn_once_a_minute(orphan: uuid.UUID) -> None:
    _sweep()
    _seen_for(orphan, DAY + 1)

    leftovers.sweep(timezone.now())

    assert keystore().exists(orphan)


def test_a_planned_session_gets_a_key_again_after_a_disaster() -> None:
    session = factories.session(starts_at=timezone.now() + timedelta(days=7))
    keystore().destroy(session.key_id)

    _sweep()

    assert keystore().exists(session.key_id)


def test_a_lost_key_of_a_session_with_citizens_is_never_drawn_again() -> None:
    session = filled_session()
    keystore().destroy(session.key_id)

    _sweep()

    assert not keystore().exists(session.key_id)


def test_a_cancelled_session_gets_no_key_again() -> None:
    session = factories.session(starts_at=timezone.now() + timedelta(days=7))
    session.cancelled_at = timezone.now()
    session.save()
    erasure.erase_due(timezone.now())

    _sweep()

    assert not keystore().exists(session.key_id)
