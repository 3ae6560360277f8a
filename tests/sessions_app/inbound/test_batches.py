"""Large webhooks, garbage inside them, and how many questions to the database one message costs."""

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.enums import DeliveryState, Direction
from sessions_app.models import Conversation, Message
from sessions_app.services.inbound import running
from tests import factories
from tests.sessions_app.inbound.webhooks import (
    Citizen,
    ago,
    change,
    citizen,
    deliver,
    post,
    said,
    status,
    text,
    value,
    webhook,
)

pytestmark = pytest.mark.django_db

ERIKA = Citizen()
GARBAGE: list[Any] = [
    None,
    "garbage",
    [],
    {},
    {"type": "text"},
    {"type": "text", "id": "w", "from": {}},
    {"type": "image", "image": [], "id": [], "timestamp": {}, **ERIKA.ids(), "errors": "no"},
    said(ERIKA, "reaction", {"message_id": None}),
    said(ERIKA, "system", {"type": "user_changed_number", "wa_id": 5}),
]


@pytest.fixture(autouse=True)
def _long_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    # However slow the machine: the running session is asked for once in a test.
    monkeypatch.setattr(running, "REMEMBERED_FOR", 600.0)


def stored() -> list[str]:
    rows = Message.objects.filter(direction=Direction.IN, kind="text").order_by("sent_at", "id")
    return [row.content["text"] for row in rows]


def test_batch_of_a_thousand_loses_only_its_garbage() -> None:
    session = factories.session()
    number = session.office.phone_number_id
    start = ago(minutes=8)
    bodies = [f"Nachricht {n}" for n in range(990)]
    deliver(session, text(citizen(0), "0", at=start))  # the first request loads the code
    messages: list[Any] = [text(citizen(n % 50), body, at=start) for n, body in enumerate(bodies)]
    middle = [
        change(value(number, *GARBAGE)),
        change(None),
        {},
        None,
        change(value("999", text(ERIKA))),
    ]
    changes = [
        change(value(number, *messages[:500])),
        *middle,
        change(value(number, *messages[500:])),
    ]

    began = time.process_time()
    assert post(webhook(*changes)) == 200
    took = time.process_time() - began  # of the processor: the machine may have other work

    assert sorted(stored()) == sorted(["0", *bodies])
    assert took < 8


def test_thousand_statuses_are_quick() -> None:
    session = factories.session()
    conversation = factories.conversation(session)
    ours = [
        factories.message(conversation, direction=Direction.OUT, delivery=DeliveryState.SENT)
        for _ in range(200)
    ]
    words = ["sent", "delivered", "read", "deleted", "read"]
    statuses = [status(str(row.wamid), word) for row in ours for word in words]
    deliver(session, statuses=statuses[:1])

    began = time.process_time()
    assert deliver(session, statuses=statuses) == 200
    took = time.process_time() - began

    read = Message.objects.filter(delivery=DeliveryState.READ)
    assert read.count() == 200
    assert took < 8


def questions(session: Any, *messages: Any, by: Citizen) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        deliver(session, *messages, by=by)
    return len([q for q in queries if "SAVEPOINT" not in q["sql"]])


@pytest.mark.parametrize("known", [1, 3])
def test_message_of_a_known_citizen_costs_three_queries(known: int) -> None:
    session = factories.session()
    for n in range(known):
        deliver(session, text(citizen(n)), by=citizen(n))

    assert questions(session, text(citizen(0)), by=citizen(0)) == 3


def test_queries_of_a_batch_do_not_grow_with_its_messages() -> None:
    session = factories.session()
    deliver(session, text(ERIKA), by=ERIKA)

    assert questions(session, *(text(ERIKA) for _ in range(100)), by=ERIKA) == 3


def test_first_message_of_a_citizen_costs_a_fixed_number_of_queries() -> None:
    session = factories.session()
    deliver(session, text(ERIKA), by=ERIKA)
    first = questions(session, text(citizen(1)), by=citizen(1))

    assert [questions(session, text(citizen(n)), by=citizen(n)) for n in (2, 3)] == [first, first]
    assert first <= 12


def test_repeated_batch_changes_nothing() -> None:
    session = factories.session()
    batch = [text(citizen(n % 3), str(n)) for n in range(30)]
    deliver(session, *batch)
    before = list(Conversation.objects.order_by("number").values())

    deliver(session, *batch)

    after = list(Conversation.objects.order_by("number").values())
    assert [row["unread"] for row in after] == [row["unread"] for row in before] == [10, 10, 10]
    assert len(stored()) == 30
