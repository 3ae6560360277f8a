"""Erasing one citizen's conversation on that citizen's wish, while the hour goes on."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from sessions_app.models import Attachment, ConsultationSession, Conversation, ErasureRecord
from sessions_app.services.erasing import erasure, steps
from sessions_app.services.erasing.chain import broken_links
from sessions_app.services.erasing.check import left_of_conversation, left_of_session
from sprechstunde.broker import name, redis
from sprechstunde.vault.keystore import keystore
from tests.sessions_app.erasure.hours import add_picture, close, filled_session
from tests.simulator.process import running_simulator

pytestmark = pytest.mark.django_db(transaction=True)


def _wish(session: ConsultationSession, number: int = 1) -> Conversation:
    conversation = session.conversations.get(number=number)
    conversation.erase_requested_at = timezone.now()
    conversation.save(update_fields=("erase_requested_at",))
    return conversation


def test_a_wish_erases_what_that_citizen_wrote_and_nothing_else() -> None:
    session = filled_session()
    before = left_of_session(session)
    conversation = _wish(session)

    erasure.erase_conversation(conversation.pk)

    left = left_of_session(session)
    assert left_of_conversation(session, 1).total == 0
    assert (before.conversations - left.conversations, before.messages - left.messages) == (1, 3)
    assert (left.conversations, left.messages, left.files, left.keys) == (2, 4, 0, 1)


def test_a_wish_is_recorded_in_counts() -> None:
    session = filled_session()
    conversation = _wish(session)

    erasure.erase_conversation(conversation.pk)

    record = session.erasure_records.get()
    counts = (record.conversations, record.messages, record.attachments, record.files, record.keys)
    assert (record.trigger, record.conversation_number, record.remaining) == ("citizen", 1, 0)
    assert counts == (1, 3, 1, 1, 0)
    assert broken_links() == []


def test_a_conversation_without_a_wish_is_never_erased() -> None:
    session = filled_session()
    conversation = session.conversations.get(number=1)

    erasure.erase_conversation(conversation.pk)

    assert left_of_conversation(session, 1).conversations == 1
    assert ErasureRecord.objects.count() == 0


def test_a_wish_erases_no_other_citizens_picture() -> None:
    session = filled_session()
    theirs = Attachment.objects.get()
    _wish(session, 2)

    erasure.erase_due(timezone.now())

    assert theirs.path.exists()


def test_a_wish_nobody_rang_for_is_found() -> None:
    session = filled_session()
    _wish(session)

    erasure.erase_due(timezone.now())

    assert left_of_conversation(session, 1).total == 0


@pytest.mark.parametrize("step", ["delete_rows", "remove_stray_files"])
def test_a_wish_is_completed_after_a_crash(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session = filled_session()
    conversation = _wish(session)
    work = getattr(steps, step)

    def crash(*args: object) -> None:
        work(*args)
        raise OSError("disk unplugged")

    with monkeypatch.context() as patch:
        patch.setattr(steps, step, crash)
        with pytest.raises(OSError, match="unplugged"):
            erasure.erase_conversation(conversation.pk)
    erasure.erase_due(timezone.now())

    record = session.erasure_records.get()
    assert (record.messages, record.files, record.remaining) == (3, 1, 0)
    assert record.finished_at is not None
    assert left_of_session(session).files == 0


def test_a_wish_still_open_at_the_end_is_completed_with_the_session() -> None:
    session = filled_session()
    _wish(session)
    close(session)

    erasure.erase_due(timezone.now())
    erasure.erase_due(timezone.now())

    assert left_of_session(session).total == 0
    assert ErasureRecord.objects.filter(finished_at=None).count() == 0


def test_a_wish_forgets_the_citizen_in_redis_and_nobody_else() -> None:
    session = filled_session()
    conversation = _wish(session)
    theirs = [
        name("presence", session.pk, conversation.pk, 1),
        name("pace", "pair", conversation.pk),
    ]
    others = [name("presence", session.pk, conversation.pk + 1, 1), name("erased", session.pk)]
    for key in [*theirs, *others]:
        redis().set(key, 1)

    erasure.erase_conversation(conversation.pk)

    assert (redis().exists(*theirs), redis().exists(*others)) == (0, 2)


def test_a_wish_older_than_a_minute_is_overdue() -> None:
    _wish(filled_session())

    in_time, late = (
        erasure.overdue_wishes(timezone.now() + timedelta(seconds=seconds)) for seconds in (50, 70)
    )

    assert (in_time, late) == (0, 1)


def test_a_file_that_came_after_the_wish_is_removed_by_the_sweep() -> None:
    session = filled_session()
    late = add_picture(session)
    content = late.path.read_bytes()
    _wish(session)
    erasure.erase_due(timezone.now())
    late.path.write_bytes(content)
    redis().delete(name("sweep"))

    erasure.erase_due(timezone.now())

    assert left_of_session(session).files == 0
    assert keystore().exists(session.key_id)


def test_the_citizen_is_told_once(settings: Settings) -> None:
    with running_simulator("http://127.0.0.1:9/") as meta:
        for name_, value in meta.settings().items():
            setattr(settings, name_, value)
        phone = meta.control.citizen("Erika")
        phone.change(window_open=True)
        conversation = _wish(_session_at(meta.phone_number_id, phone.phone))

        erasure.erase_conversation(conversation.pk)
        erasure.erase_conversation(conversation.pk)

        phone.wait_for("gelöscht")
        assert len(phone.received()) == 1


def test_the_citizen_is_told_although_the_first_try_failed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_simulator("http://127.0.0.1:9/") as meta:
        for name_, value in meta.settings().items():
            setattr(settings, name_, value)
        phone = meta.control.citizen("Erika")
        phone.change(window_open=True)
        conversation = _wish(_session_at(meta.phone_number_id, phone.phone))

        with monkeypatch.context() as patch:
            patch.setattr(steps, "delete_rows", _unplugged)
            with pytest.raises(OSError, match="unplugged"):
                erasure.erase_conversation(conversation.pk)
        erasure.erase_conversation(conversation.pk)

        phone.wait_for("gelöscht")


def _unplugged(_rows: object) -> None:
    raise OSError("disk unplugged")


def test_a_silent_meta_does_not_hold_up_the_erasure() -> None:
    session = filled_session()  # settings.WHATSAPP_API_URL leads nowhere
    conversation = _wish(session)

    erasure.erase_conversation(conversation.pk)

    assert session.erasure_records.get().finished_at is not None


def _session_at(phone_number_id: str, phone: str) -> ConsultationSession:
    session = filled_session()
    session.office.phone_number_id = phone_number_id
    session.office.save()
    conversation = session.conversations.get(number=1)
    conversation.phone = phone.removeprefix("+")
    conversation.save()
    return session
