"""The list of tickets over 5,000 of them: server time and number of queries."""

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import load, machine, mailed
from bench.table import Row
from routing.enums import TicketState

COUNT = 5000
REPEAT = 60
PATH = "/tickets/?view=department"


def rows(database: str) -> list[Row]:
    """Measure the list on `database` (a word for the table), as a clerk of the department sees it."""
    department = mailed.department()
    client = Client(headers={"Host": "127.0.0.1"})
    client.force_login(mailed.clerk(department).user)
    mailed.tickets(department, COUNT, TicketState.FORWARDED)
    queries = _queries(client)
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    with machine.server("bench.floor.asgi:application") as floor:
        bare = load.closed_loop(floor, [load.get("/page/")] * REPEAT, 1)
    with machine.server("sprechstunde.asgi:application") as ours:
        load.closed_loop(ours, [load.get(PATH, cookie)] * 5, 1)
        timing = load.closed_loop(ours, [load.get(PATH, cookie)] * REPEAT, 1)
    p50 = timing.percentile(50)
    return [
        Row(
            f"ticket list over {COUNT:,} tickets, {database}",
            f"{queries} queries, p50 {p50:.1f} ms, p95 {timing.percentile(95):.1f} ms",
            f"p50 {bare.percentile(50):.1f} ms (empty page)",
            "≤ 12 queries, p50 ≤ 50 ms",
            queries <= 12 and p50 <= 50,
        )
    ]


def _queries(client: Client) -> int:
    client.get(PATH)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(PATH)
    if answer.status_code != 200 or "Hauptstraße".encode() not in answer.content:
        raise RuntimeError("the list shows no tickets")
    return len(captured)
