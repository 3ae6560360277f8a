"""The desk page with 100 and 200 conversations: server time and number of queries."""

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import load, machine, sample
from bench.table import Row
from sessions_app.models import ConsultationSession

REPEAT = 60


def rows(database: str) -> list[Row]:
    """Measure the desk on `database` (a word for the table)."""
    with machine.server("sprechstunde.asgi:application") as ours:
        with machine.server("bench.floor.asgi:application") as floor:
            bare = load.closed_loop(floor, [load.get("/page/")] * REPEAT, 1)
        return [_row(database, ours, count, bare) for count in (100, 200)]


def _row(database: str, port: int, count: int, bare: load.Timing) -> Row:
    session = sample.open_session(phone_number_id=f"8000{count}")
    sample.messages(sample.conversations(session, count), 3)
    client = _signed_in(session)
    path = f"/desk/{session.pk}/"
    queries = _queries(client, path)
    request = load.get(path, f"{settings.SESSION_COOKIE_NAME}={_cookie(client)}")
    load.closed_loop(port, [request] * 5, 1)
    timing = load.closed_loop(port, [request] * REPEAT, 1)
    p50 = timing.percentile(50)
    return Row(
        f"desk page with {count} conversations, {database}",
        f"{queries} queries, p50 {p50:.1f} ms, p95 {timing.percentile(95):.1f} ms",
        f"p50 {bare.percentile(50):.1f} ms (empty page)",
        "≤ 10 queries, p50 ≤ 15 ms" if count == 100 else "–",
        queries <= 10 and p50 <= 15 if count == 100 else None,
    )


def _signed_in(session: ConsultationSession) -> Client:
    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(sample.mayor(session).user)
    return client


def _cookie(client: Client) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _queries(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)
