"""Webhooks that wait at the same moment share a transaction; none of them costs another."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from sessions_app.enums import Direction
from sessions_app.models import ConsultationSession, Conversation, Message
from sessions_app.services.inbound import running
from sessions_app.services.inbound.identity import wamid_digest
from sessions_app.views.webhook import answers
from sprechstunde.asgi import WEBHOOK
from sprechstunde.gathered import Letter
from tests import factories
from tests.live import server as web
from tests.sessions_app.inbound.webhooks import (
    Json,
    change,
    citizen,
    deliver,
    encoded,
    signature,
    text,
    together,
    value,
    webhook,
)

BROKEN = "wamid.broken"


@pytest.fixture
def session(db: None) -> ConsultationSession:
    session = factories.session()
    for number in range(5):
        deliver(session, text(citizen(number), "Guten Tag"), by=citizen(number))
    return session


def question(session: ConsultationSession, number: int, **rest: Any) -> Json:
    """What a citizen asks, in a webhook of its own."""
    asked = text(citizen(number), f"Frage {number}", **rest)
    return webhook(change(value(session.office.phone_number_id, asked)))


def asked() -> list[str]:
    rows = Message.objects.filter(direction=Direction.IN)
    texts = [row.content["text"] for row in rows]
    return sorted(each for each in texts if each.startswith("Frage"))


def failing(error: type[Exception], mark: bytes) -> Callable[..., Any]:
    """A database that fails whenever it is given `mark`."""

    def run(execute: Callable[..., Any], sql: str, values: Any, *rest: Any) -> Any:
        given = [getattr(value, "obj", value) for value in values or ()]  # as psycopg wraps it
        if mark in [bytes(value) for value in given if isinstance(value, bytes | memoryview)]:
            raise error
        return execute(sql, values, *rest)

    return run


def test_webhooks_of_many_citizens_cost_as_many_queries_as_one(
    session: ConsultationSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "REMEMBERED_FOR", 600.0)
    together(question(session, 0))
    with CaptureQueriesContext(connection) as queries:
        statuses = together(*[question(session, number) for number in range(5)])

    assert statuses == [200] * 5
    assert len([each for each in queries if "SAVEPOINT" not in each["sql"]]) == 3
    assert set(Conversation.objects.values_list("unread", flat=True)) == {2, 3}


def test_unsigned_and_unreadable_ones_cost_nobody_else(session: ConsultationSession) -> None:
    bodies = [encoded(question(session, number)) for number in range(3)]
    letters = [Letter(body, signature(body)) for body in [*bodies, b"{"]]
    letters[1] = Letter(bodies[1], signature(bodies[1], "another secret"))

    assert answers(letters) == [200, 403, 200, 400]

    assert asked() == ["Frage 0", "Frage 2"]


def test_one_that_cannot_be_stored_costs_nobody_else(session: ConsultationSession) -> None:
    webhooks = [question(session, 0), question(session, 1, id=BROKEN), question(session, 2)]

    with connection.execute_wrapper(failing(DataError, wamid_digest(session.key_id, BROKEN))):
        statuses = together(*webhooks)

    assert statuses == [200, 503, 200]
    assert asked() == ["Frage 0", "Frage 2"]
    assert together(*webhooks) == [200] * 3
    assert asked() == ["Frage 0", "Frage 1", "Frage 2"]


def test_all_come_again_while_the_database_is_away(session: ConsultationSession) -> None:
    webhooks = [question(session, number % 5) for number in range(9)]
    tries = []

    def fail(_execute: Any, sql: str, *_: Any) -> None:
        tries.append(sql)
        raise OperationalError

    with connection.execute_wrapper(fail):
        statuses = together(*webhooks)

    assert (statuses, asked()) == ([503] * 9, [])
    assert len(tries) < len(webhooks)  # for all at once, or each would wait for the next
    assert together(*webhooks) == [200] * 9


def test_all_come_again_while_the_keystore_is_away(
    session: ConsultationSession, settings: Settings, tmp_path: Any
) -> None:
    settings.KEYSTORE_URL = f"unix://{tmp_path / 'nothing.sock'}"

    assert together(question(session, 0), question(session, 1)) == [503, 503]


def test_copies_that_come_together_are_stored_once(session: ConsultationSession) -> None:
    copy = question(session, 0)

    assert together(copy, copy, question(session, 1), copy) == [200] * 4

    assert asked() == ["Frage 0", "Frage 1"]


def test_strangers_that_come_together_are_numbered_without_gaps(
    session: ConsultationSession,
) -> None:
    assert together(*[question(session, number) for number in range(5, 10)]) == [200] * 5

    numbers = Conversation.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 11))


@pytest.mark.django_db(transaction=True)
def test_server_answers_each_of_many_callers_as_it_deserves() -> None:
    session = factories.session()
    bodies = [encoded(question(session, number)) for number in range(40)]
    bodies[7] = b"{"

    with web.running() as server, ThreadPoolExecutor(16) as callers:

        def call(body: bytes) -> int:
            secret = "test-app-secret" if body is not bodies[9] else "another secret"
            headers = {"X-Hub-Signature-256": signature(body, secret)}
            return requests.post(
                server.url + WEBHOOK, body, headers=headers, timeout=60
            ).status_code

        statuses = list(callers.map(call, bodies))

    assert [n for n, status in enumerate(statuses) if status != 200] == [7, 9]
    assert (statuses[7], statuses[9]) == (400, 403)
    assert len(asked()) == 38
