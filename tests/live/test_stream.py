"""The live stream of the real server: access, events, ends, and what it may not hold."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from sessions_app.enums import Role
from sessions_app.models import ConsultationSession, Staff
from sessions_app.services import sessions
from sprechstunde.live.events import announce, publish
from tests import factories
from tests.live import server as web
from tests.live import streams

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 200

Ask = Callable[[str], streams.Stream]
Listen = Callable[[], streams.Stream]


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


@pytest.fixture
def host(session: ConsultationSession) -> Staff:
    return factories.staff(session.office)


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[web.Server]:
    with web.running() as running:
        yield running


@pytest.fixture
def ask(server: web.Server, session: ConsultationSession) -> Iterator[Ask]:
    """Ask for the session's stream with a cookie; every stream is closed in the end."""
    opened: list[streams.Stream] = []

    def asked(cookie: str) -> streams.Stream:
        opened.append(streams.connect(server.port, f"/desk/{session.pk}/live/", cookie))
        return opened[-1]

    yield asked
    for stream in opened:
        stream.close()


@pytest.fixture
def listen(ask: Ask, host: Staff) -> Listen:
    """Open a stream as the host and wait until it hears."""

    def listening() -> streams.Stream:
        stream = ask(web.login_cookie(host))
        assert stream.status == HTTPStatus.OK
        stream.read_until(b": listening")
        return stream

    return listening


def test_stream_tells_what_was_announced(listen: Listen, session: ConsultationSession) -> None:
    stream = listen()

    announce(session.pk, "conversation-7")

    assert stream.event() == "conversation-7"


def test_stream_leaves_out_the_queue_where_rows_are_named(
    listen: Listen, session: ConsultationSession
) -> None:
    stream = listen()

    publish(session.pk, "queue", "conversation-7")
    publish(session.pk, "presence-7")

    assert (stream.event(), stream.event()) == ("conversation-7", "presence-7")


def test_stream_hears_only_its_own_session(listen: Listen, session: ConsultationSession) -> None:
    stream = listen()

    publish(session.pk + 1, "conversation-1")
    publish(session.pk, "conversation-2")

    assert stream.event() == "conversation-2"


@pytest.mark.parametrize(
    ("who", "status"), [("nobody", 401), ("another office", 404), ("auditor", 404), ("late", 410)]
)
def test_stream_is_refused(
    ask: Ask, session: ConsultationSession, host: Staff, who: str, status: int
) -> None:
    people = {
        "another office": factories.staff(),
        "auditor": factories.staff(session.office, role=Role.AUDITOR),
        "late": host,
    }
    if who == "late":
        ConsultationSession.objects.update(ends_at=session.starts_at, closes_at=timezone.now())
    cookie = web.login_cookie(people[who]) if who in people else ""

    assert ask(cookie).status == status


def test_stream_ends_by_itself_when_the_session_closes(
    listen: Listen, session: ConsultationSession
) -> None:
    soon = timezone.now() + timedelta(seconds=8)
    ConsultationSession.objects.update(ends_at=session.starts_at, closes_at=soon)
    stream = listen()

    event = stream.event()

    assert event == "closed"
    assert stream.has_ended()


def test_stream_comes_anew_with_the_new_end_after_an_extension(
    listen: Listen, session: ConsultationSession
) -> None:
    stream = listen()

    sessions.extend(session, minutes=10)

    assert stream.event() == "session"
    assert stream.has_ended()


def test_streams_end_when_redis_goes_and_come_when_it_is_back(
    listen: Listen, session: ConsultationSession, redis_server: redis.Redis
) -> None:
    stream = listen()

    redis_server.client_kill_filter(_type="pubsub")

    assert stream.has_ended()
    again = listen()
    publish(session.pk, "queue")
    assert again.event() == "queue"


def test_two_hundred_streams_hear_and_hold_no_database_connection(
    ask: Ask,
    server: web.Server,
    session: ConsultationSession,
    host: Staff,
    redis_server: redis.Redis,
) -> None:
    cookie = web.login_cookie(host)
    opened = [ask(cookie) for _ in range(MANY)]
    for stream in opened:
        stream.read_until(b": listening")

    publish(session.pk, "queue")

    assert {stream.event() for stream in opened} == {"queue"}
    assert len(redis_server.client_list(_type="pubsub")) == 1
    assert _database_connections(server) == 0


def _database_connections(server: web.Server) -> int:
    """Count the connections (on SQLite: open files of the database) of the server's process."""
    assert server.process is not None
    if connection.vendor == "sqlite":
        opened = Path(f"/proc/{server.process.pid}/fd").iterdir()
        name = str(connection.settings_dict["NAME"])
        return sum(1 for each in opened if str(each.resolve()) == name)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_announcement_without_redis_is_only_a_line(
    settings_without_redis: None, caplog: pytest.LogCaptureFixture
) -> None:
    announce(1, "queue")

    assert "live channel away" in caplog.text


@pytest.fixture
def settings_without_redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from sprechstunde.broker import redis as client

    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    client.cache_clear()
    yield
    client.cache_clear()
