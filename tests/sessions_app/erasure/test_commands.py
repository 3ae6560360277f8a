"""`erase_due` and `verify_erasure` on the command line."""

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from sessions_app.enums import ErasureTrigger
from sessions_app.models import ConsultationSession, Conversation, ErasureRecord
from sessions_app.services.erasing import erasure
from sprechstunde.vault.errors import KeystoreUnavailable
from sprechstunde.vault.file_keystore import FileKeystore
from sprechstunde.vault.keystore import keystore
from tests.sessions_app.erasure.hours import close, filled_session

pytestmark = pytest.mark.django_db(transaction=True)


def _output(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def _erased() -> ConsultationSession:
    session = close(filled_session())
    erasure.erase(session, trigger=ErasureTrigger.END)
    return session


def _sessions_line(command: str) -> str:
    return _output(command).splitlines()[-1]


def test_erase_due_says_what_it_did() -> None:
    close(filled_session())
    filled_session()

    assert _sessions_line("erase_due") == "1 sessions erased, 0 still due"
    assert _sessions_line("erase_due") == "0 sessions erased, 0 still due"


def test_erase_due_fails_while_something_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    close(filled_session())

    def unreachable(*_: object) -> None:
        raise KeystoreUnavailable

    monkeypatch.setattr(FileKeystore, "destroy", unreachable)

    with pytest.raises(CommandError, match="not erased"):
        _output("erase_due")


def test_erase_due_after_restore_erases_again_at_once() -> None:
    session = _erased()
    keystore().create(session.key_id)

    _output("erase_due", "--after-restore")

    assert not keystore().exists(session.key_id)


def test_verify_erasure_finds_nothing_after_an_erasure() -> None:
    session = _erased()

    assert _output("verify_erasure", str(session.pk)).endswith("Nothing is left.\n")
    assert _output("verify_erasure").endswith("Nothing is left.\n")


def test_verify_erasure_prints_nothing_personal() -> None:
    session = filled_session()
    conversation = session.conversations.get(number=1)
    personal = [conversation.name or "", conversation.phone or "", "Wann wird"]
    erasure.erase(close(session), trigger=ErasureTrigger.END)

    output = _output("verify_erasure")

    assert [word for word in personal if word in output] == []


def test_verify_erasure_needs_an_erased_session() -> None:
    session = close(filled_session())

    with pytest.raises(CommandError, match="left"):
        _output("verify_erasure", str(session.pk))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda session: keystore().create(session.key_id),
        lambda session: _put_back_row(session),  # noqa: PLW0108 (defined below)
        lambda session: ErasureRecord.objects.update(messages=1),
        lambda session: ErasureRecord.objects.update(finished_at=None),
        lambda session: ErasureRecord.objects.all().delete(),
    ],
    ids=["key", "row", "changed record", "unfinished record", "no record"],
)
def test_verify_erasure_finds_what_is_left(spoil: object) -> None:
    session = _erased()

    spoil(session)  # type: ignore[operator]

    with pytest.raises(CommandError, match="left"):
        _output("verify_erasure", str(session.pk))


def _put_back_row(session: ConsultationSession) -> Conversation:
    now = timezone.now()
    return Conversation.objects.create(
        session=session,
        key_id=session.key_id,
        number=99,
        began_at=now,
        last_inbound_at=now,
        last_message_at=now,
    )


def test_verify_erasure_finds_a_key_of_nobody() -> None:
    _erased()
    keystore().create(uuid.uuid4())

    with pytest.raises(CommandError, match="left"):
        _output("verify_erasure")


def test_verify_erasure_of_an_unknown_session_fails() -> None:
    with pytest.raises(CommandError, match="no session 4711"):
        _output("verify_erasure", "4711")


@pytest.mark.sqlite_only
def test_verify_erasure_finds_rests_in_the_files_of_sqlite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = close(filled_session(), ago=timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete=OFF")
    monkeypatch.setattr(erasure, "compact", lambda: True)
    erasure.erase(session, trigger=ErasureTrigger.END)

    with pytest.raises(CommandError, match="left"):
        _output("verify_erasure", str(session.pk))
