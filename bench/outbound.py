"""Messages per second from one worker, against a bare loop over one `requests.Session`; medians."""

import time
from collections.abc import Callable
from statistics import median

import requests
from django.conf import settings

from bench import machine, sample
from bench.table import Row
from sessions_app.enums import DeliveryState
from sessions_app.models import ConsultationSession, Conversation, Message
from sprechstunde.celery import app

ROUNDS = 5  # of the loop and the worker by turns: the machine is not equally fast at any time
CITIZENS = 40  # a round
EACH = 20
LOOP = 400
SLOW_EACH = 10
META_LATENCY = 0.1  # seconds
PATIENCE = 60.0  # seconds


def rows(database: str) -> list[Row]:
    """Measure delivery on `database` (a word for the table)."""
    port = int(settings.WHATSAPP_API_URL.rsplit(":", 1)[1])
    session = sample.open_session()
    with machine.simulator(port), machine.worker():
        # Nobody takes statuses here; to repeat them again and again would slow Meta down.
        _faults(messages_per_second=0, pair_burst=0, status_loss=1)
        people = _known_to_simulator(session, ROUNDS * CITIZENS)
        _deliver(people[:1], 1)  # the worker is up
        pairs = [
            (_deliver(people[first : first + CITIZENS], EACH), _loop())
            for first in range(0, len(people), CITIZENS)
        ]
        _faults(latency=[META_LATENCY, META_LATENCY])
        slow = _deliver(people[:CITIZENS], SLOW_EACH)
    return [_fast_row(database, pairs), _slow_row(database, slow)]


def _faults(**changes: object) -> None:
    reply = requests.patch(f"{settings.WHATSAPP_API_URL}/control/faults", json=changes, timeout=5)
    reply.raise_for_status()


def _known_to_simulator(session: ConsultationSession, count: int) -> list[Conversation]:
    people = sample.conversations(session, count)
    for row in people:
        order = {"name": f"Bench {row.number}", "phone": row.phone}
        created = requests.post(
            f"{settings.WHATSAPP_API_URL}/control/citizens", json=order, timeout=5
        )
        address = f"{settings.WHATSAPP_API_URL}/control/citizens/{created.json()['id']}"
        requests.patch(address, json={"window_open": True}, timeout=5).raise_for_status()
    return people


def _loop() -> float:
    url = (
        f"{settings.WHATSAPP_API_URL}/{settings.WHATSAPP_API_VERSION}"
        f"/{machine.PHONE_NUMBER_ID}/messages"
    )
    body = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+491510000000",
        "type": "text",
        "text": {"body": "Wir kümmern uns darum."},
    }
    headers = {"Authorization": f"Bearer {settings.WHATSAPP_ACCESS_TOKEN}"}
    with requests.Session() as http:
        begin = time.perf_counter()
        for _ in range(LOOP):
            http.post(url, json=body, headers=headers, timeout=10).raise_for_status()
        return LOOP / (time.perf_counter() - begin)


def _deliver(people: list[Conversation], each: int) -> float:
    created = sample.messages(people, each, queued=True)
    begin = time.perf_counter()
    for row in people:
        app.send_task("sessions_app.deliver", args=(row.pk,), ignore_result=True)
    waiting = Message.objects.filter(delivery__in=(DeliveryState.QUEUED, DeliveryState.SENDING))
    _wait(lambda: not waiting.exists())
    seconds = time.perf_counter() - begin
    if Message.objects.exclude(delivery=DeliveryState.SENT).exists():  # here all are outgoing
        raise RuntimeError("not every message was accepted")
    return len(created) / seconds


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker did not send everything")
        time.sleep(0.01)


def _fast_row(database: str, pairs: list[tuple[float, float]]) -> Row:
    fast, bare = (median(rates) for rates in zip(*pairs, strict=True))
    share = median(ours / floor for ours, floor in pairs)
    return Row(
        f"outgoing messages per second, one worker, {database}",
        f"{fast:.0f}/s ({share:.0%} of the floor)",
        f"{bare:.0f}/s (requests.Session loop)",
        "≥ 70 % of the floor",
        share >= 0.7,
    )


def _slow_row(database: str, slow: float) -> Row:
    return Row(
        f"the same, Meta takes {META_LATENCY * 1000:.0f} ms to answer, {database}",
        f"{slow:.0f}/s",
        f"{1 / META_LATENCY:.0f}/s (the loop waits)",
        "≥ 80/s",
        slow >= 80,
    )
