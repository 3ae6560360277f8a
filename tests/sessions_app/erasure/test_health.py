"""What machines are told: alive, ready, overdue, and figures without persons."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sessions_app.services import health
from sessions_app.tasks import pulse
from sprechstunde.broker import name, redis
from sprechstunde.vault.errors import KeystoreUnavailable
from sprechstunde.vault.file_keystore import FileKeystore
from tests.sessions_app.erasure.hours import close, filled_session

pytestmark = pytest.mark.django_db(transaction=True)

ALL_WELL = dict.fromkeys(("database", "redis", "worker", "keystore", "erasure"), "ok")


@pytest.fixture
def _worker() -> None:
    pulse.heartbeat()


def _readiness(client: Client) -> tuple[int, dict[str, object]]:
    response = client.get("/readyz")
    return response.status_code, response.json()


@pytest.mark.usefixtures("_worker")
def test_readyz_is_ready_when_all_is_there(client: Client) -> None:
    assert _readiness(client) == (200, {"ready": True, **ALL_WELL})


def test_readyz_misses_a_worker_that_is_silent(client: Client) -> None:
    assert _readiness(client) == (503, {"ready": False, **ALL_WELL, "worker": "silent"})


@pytest.mark.usefixtures("_worker")
def test_readyz_says_that_an_erasure_is_overdue(client: Client) -> None:
    close(filled_session(), ago=timedelta(minutes=2))

    assert _readiness(client) == (503, {"ready": False, **ALL_WELL, "erasure": "overdue"})


@pytest.mark.usefixtures("_worker")
def test_readyz_says_that_a_citizens_wish_is_overdue(client: Client) -> None:
    wished_at = timezone.now() - timedelta(minutes=2)
    filled_session().conversations.filter(number=1).update(erase_requested_at=wished_at)

    assert _readiness(client)[1]["erasure"] == "overdue"


@pytest.mark.usefixtures("_worker")
def test_readyz_says_that_the_keystore_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_: object) -> None:
        raise KeystoreUnavailable("/secret/place")

    monkeypatch.setattr(FileKeystore, "check", unreachable)

    assert _readiness(client) == (503, {"ready": False, **ALL_WELL, "keystore": "unreachable"})


@pytest.mark.usefixtures("_worker")
def test_readyz_says_that_the_database_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> None:
        raise DatabaseError("password=secret")

    monkeypatch.setattr(connection, "cursor", unreachable)
    answer = _readiness(client)
    monkeypatch.undo()

    away = {"database": "unreachable", "erasure": "unreachable"}
    assert answer == (503, {"ready": False, **ALL_WELL, **away})


def test_readyz_says_that_redis_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    redis.cache_clear()
    try:
        parts = health.readiness(timezone.now())
    finally:
        redis.cache_clear()

    assert parts == {**ALL_WELL, "redis": "unreachable", "worker": "unreachable"}


def test_a_heartbeat_is_forgotten_after_half_a_minute() -> None:
    pulse.heartbeat()

    assert 0 < redis().ttl(name("heartbeat")) <= 30


def test_healthz_asks_nothing(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")


def test_metrics_are_off_by_default(client: Client) -> None:
    assert client.get("/metrics").status_code == 404


def test_metrics_count_without_persons(client: Client, settings: Settings) -> None:
    settings.METRICS_ENABLED = True
    filled_session()
    close(filled_session(), ago=timedelta(minutes=2))

    lines = client.get("/metrics").content.decode().splitlines()

    assert 'sprechstunde_sessions{state="open"} 1' in lines
    assert 'sprechstunde_sessions{state="closed"} 1' in lines
    assert 'sprechstunde_outgoing_messages{state="delivered"} 6' in lines
    assert "sprechstunde_overdue_erasures 1" in lines
