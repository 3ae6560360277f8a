"""The desk page with 100 and 200 conversations: server time and number of queries."""

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import load, machine, sample
from bench.table import Row
from sessions_app.models import ConsultationSession

REPEAT = 40
ROUNDS = 5  # ours and floor by turns; the round with the median rate counts
WARM_UP = 10


def rows(database: str) -> list[Row]:
    """Measure the desk on `database` (a word for the table)."""
    application, bare = "sprechstunde.asgi:application", "bench.floor.asgi:application"
    with machine.server(application) as ours, machine.server(bare) as floor:
        return [_row(database, ours, floor, count) for count in (100, 200)]


def _row(database: str, ours: int, floor: int, count: int) -> Row:
    session = sample.open_session(phone_number_id=f"8000{count}")
    sample.messages(sample.conversations(session, count), 3)
    client = _signed_in(session)
    path = f"/desk/{session.pk}/"
    queries = _queries(client, path)
    request = load.get(path, f"{settings.SESSION_COOKIE_NAME}={_cookie(client)}")
    load.closed_loop(ours, [request] * WARM_UP, 1)
    rounds = [
        (
            load.closed_loop(ours, [request] * REPEAT, 1),
            load.closed_loop(floor, [load.get("/page/")] * REPEAT, 1),
        )
        for _ in range(ROUNDS)
    ]
    timing, bare = (load.median(side) for side in zip(*rounds, strict=True))
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
