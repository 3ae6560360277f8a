"""The management commands for demos and operators."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from sessions_app.enums import Role, SessionState
from sessions_app.models import Conversation, Office, Staff
from tests import factories

pytestmark = pytest.mark.django_db


def output(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def seeded() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(output("seed_demo", "--json"))
    return made


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the demo's supervisor has drawn."""
    roles = [Role.HOST, Role.ASSISTANT, Role.AUDITOR, Role.ADMIN]
    secrets = {
        "phone_number_id": "123456789012345",
        "display_phone_number": "+49 30 23125100",
        "logins": [
            {"role": role.value, "username": f"demo-{role}", "password": f"word-{role}"}
            for role in roles
        ],
    }
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps(secrets))
    monkeypatch.setenv("DEMO_SECRETS_FILE", str(path))
    return secrets


def test_seed_demo_makes_an_office_with_an_open_hour_and_one_citizen_who_was_asked() -> None:
    seeded()

    office = Office.objects.get()
    now = timezone.now()
    assert [session.state(now) for session in office.sessions.all()] == [
        SessionState.OPEN,
        SessionState.PLANNED,
    ]
    assert Conversation.objects.get().name == "Hannelore Beispiel"


def test_seed_demo_prints_logins_that_work() -> None:
    logins = seeded()["logins"]

    assert {login["role"] for login in logins} == set(Role.values)
    assert all(Client().login(username=it["username"], password=it["password"]) for it in logins)


def test_seed_demo_takes_what_the_supervisor_has_drawn(drawn: dict[str, Any]) -> None:
    made = seeded()

    office = Office.objects.get()
    assert made["logins"] == drawn["logins"]
    assert office.phone_number_id == "123456789012345"
    assert office.display_phone_number == "+493023125100"


def test_seed_demo_twice_changes_nothing(drawn: dict[str, Any]) -> None:
    first = seeded()

    assert seeded() == first
    assert Staff.objects.count() == len(drawn["logins"])


def test_seed_demo_follows_an_hour_that_is_over_by_a_new_one() -> None:
    first = seeded()["session"]
    call_command("end_session", str(first), stdout=StringIO())

    second = seeded()["session"]

    office = Office.objects.get()
    assert second != first
    assert office.sessions.get(pk=second).is_open(timezone.now())


def test_seed_demo_keeps_out_of_a_real_installation() -> None:
    office = factories.office()

    with pytest.raises(CommandError):
        seeded()

    assert list(Office.objects.all()) == [office]


def test_list_sessions_prints_one_object_a_line() -> None:
    session = factories.session(starts_at=timezone.now() - timedelta(minutes=10))
    answered = factories.conversation(session, waiting_since=None)
    waiting = factories.conversation(session)
    for conversation in (answered, waiting, waiting):
        factories.message(conversation)
    factories.session(starts_at=timezone.now() + timedelta(days=1))

    first, second = (json.loads(line) for line in output("list_sessions").splitlines())

    assert (first["id"], first["state"], second["state"]) == (session.pk, "open", "planned")
    assert first["counts"] == {
        "conversations": 2,
        "unanswered": 1,
        "messages": 3,
        "attachments": 0,
    }


def test_list_sessions_tells_nothing_about_persons() -> None:
    factories.message(factories.conversation(name="Erika Mustermann", phone="4915112345678"))

    printed = output("list_sessions")

    assert "Erika" not in printed
    assert "4915112345678" not in printed


@pytest.mark.parametrize("count", [1, 3])
def test_list_sessions_takes_four_queries(count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        factories.conversation()

    with django_assert_num_queries(4):
        output("list_sessions")


@pytest.mark.parametrize(
    ("options", "state"), [((), SessionState.WRAP_UP), (("--erase",), SessionState.CLOSED)]
)
def test_end_session_twice_is_as_good_as_once(
    options: tuple[str, ...], state: SessionState
) -> None:
    session = factories.session()

    first = output("end_session", str(session.pk), *options)
    session.refresh_from_db()
    ended_at = session.ends_at
    second = output("end_session", str(session.pk), *options)

    session.refresh_from_db()
    assert first == second == f"Session {session.pk}: {state.value}\n"
    assert session.ends_at == ended_at


def test_end_session_refuses_what_has_not_begun_or_does_not_exist() -> None:
    planned = factories.session(starts_at=timezone.now() + timedelta(days=1))

    for number in (planned.pk, planned.pk + 1):
        with pytest.raises(CommandError):
            output("end_session", str(number))

    planned.refresh_from_db()
    assert planned.state(timezone.now()) is SessionState.PLANNED
