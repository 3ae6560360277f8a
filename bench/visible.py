"""From a webhook to the words in a real browser, with 200 open conversations on the desk."""

import socket
import time

import redis as redis_client
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from bench import load, machine, sample
from bench.table import Row
from tests.services import chromium

CITIZENS = 200
MESSAGES = 40
APART = 0.15  # seconds between two messages

# Resolves with the moment (ms since the epoch) at which the page shows the words.
SHOWN_AT = """
words => new Promise(resolve => {
  const now = () => performance.timeOrigin + performance.now();
  const look = () => document.body.textContent.includes(words);
  if (look()) return resolve(now());
  const observer = new MutationObserver(() => {
    if (look()) { observer.disconnect(); requestAnimationFrame(() => resolve(now())); }
  });
  observer.observe(document.body, {subtree: true, childList: true, characterData: true});
})
"""


def rows(database: str) -> list[Row]:
    """Measure visibility on `database` (a word for the table)."""
    session = sample.open_session()
    sample.messages(sample.conversations(session, CITIZENS), 2)
    client = Client()
    client.force_login(sample.mayor(session).user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    with machine.server("bench.floor.asgi:application") as floor:
        bare = _bare_stream(floor)
    with machine.server("sprechstunde.asgi:application") as port, chromium.browser() as browser:
        context = browser.new_context()
        address = f"http://127.0.0.1:{port}"
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}]
        )
        page = context.new_page()
        page.goto(f"{address}/desk/{session.pk}/")
        page.wait_for_timeout(1500)
        mine = sorted(_shown_after(page, port, number) for number in range(MESSAGES))
    return [_row(database, mine, bare)]


def _shown_after(page: Page, port: int, number: int) -> float:
    words = f"Frage {70_000_000 + number}"
    request = load.webhook("/webhooks/whatsapp/", number * 7 % CITIZENS, 70_000_000 + number)
    shown = page.evaluate_handle(f"({{at: ({SHOWN_AT})('{words}')}})")
    client = load.Client(port)
    begin = time.time() * 1000
    client(request)
    moment = float(page.evaluate("waiting => waiting.at", shown))
    page.wait_for_timeout(APART * 1000)
    return moment - begin


def _bare_stream(port: int) -> list[float]:
    publisher = redis_client.Redis.from_url(settings.REDIS_URL)
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(load.get("/live/"))
        _read_until(stream, b": ready")
        return sorted(_passed_on(publisher, stream, number) for number in range(MESSAGES))


def _passed_on(publisher: "redis_client.Redis", stream: socket.socket, number: int) -> float:
    begin = time.perf_counter()
    publisher.publish("floor", f"event-{number}.")
    _read_until(stream, f"event-{number}.".encode())
    return (time.perf_counter() - begin) * 1000


def _read_until(stream: socket.socket, words: bytes) -> None:
    received = b""
    while words not in received:
        received += stream.recv(65536)


def _row(database: str, mine: list[float], bare: list[float]) -> Row:
    p50, p95 = (load.Timing(0, mine).percentile(percent) for percent in (50, 95))
    floor = load.Timing(0, bare)
    return Row(
        f"inbound → visible in the browser, {CITIZENS} conversations, {database}",
        f"p50 {p50:.0f}, p95 {p95:.0f} ms",
        f"p50 {floor.percentile(50):.1f}, p95 {floor.percentile(95):.1f} ms (bare stream)",
        "p95 ≤ 100 ms",
        p95 <= 100,
    )
