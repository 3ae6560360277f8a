"""However the same events are repeated, packed, reordered and interrupted: the same conversation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sessions_app.enums import DeliveryState, Direction
from sessions_app.models import Attachment, ConsultationSession, Conversation
from tests import factories
from tests.sessions_app.inbound.webhooks import (
    ago,
    change,
    citizen,
    post,
    said,
    status,
    text,
    together,
    value,
    webhook,
)

pytestmark = pytest.mark.django_db

START = ago(minutes=9)
ANNA, BEA = citizen(1), replace(citizen(2), phone=None)
OURS = "wamid.ours"

Event = dict[str, Any]


def at(second: int) -> Any:
    return START + timedelta(seconds=second)


# These may come first and open a conversation.
OPENING: list[Event] = [
    text(ANNA, "eins", id="w1", at=at(1)),
    text(ANNA, "zwei", id="w2", at=at(2), context={"id": "w1"}),
    said(ANNA, "image", {"id": "m1", "mime_type": "image/jpeg"}, id="w3", at=at(3)),
    said(ANNA, "image", {"id": "m2", "mime_type": "image/jpeg"}, id="w4", at=at(4)),
    said(ANNA, "audio", {"id": "m3", "voice": True}, id="w5", at=at(5)),
    text(BEA, "Löschen", id="w6", at=at(6)),
    said(BEA, "location", {"latitude": 48.5, "longitude": 8.1}, id="w7", at=at(7)),
    said(BEA, "hologram", {}, id="w8", at=at(8)),
    {key: part for key, part in text(BEA, "ohne Kennung", at=at(9)).items() if key != "id"},
]
# These are about something that was said before.
FOLLOWING: list[Event] = [
    said(ANNA, "reaction", {"message_id": OURS, "emoji": "👍"}, id="w10", at=at(10)),
    said(ANNA, "reaction", {"message_id": OURS}, id="w11", at=at(11)),
    said(BEA, "unsupported", {"type": "edit"}, id="w12", at=at(12)),
]
STATUSES: list[Event] = [status(OURS, word) for word in ("sent", "delivered", "read")]
GARBAGE: list[Any] = [None, {}, {"type": "text"}, "x"]

POINTS_OF_FAILURE = (
    'INSERT INTO "sessions_app_message"',
    'INSERT INTO "sessions_app_conversation"',
    'INSERT INTO "sessions_app_citizenidentifier"',
    'INSERT INTO "sessions_app_attachment"',
    'UPDATE "sessions_app_conversation"',
    'UPDATE "sessions_app_consultationsession"',
    'UPDATE "sessions_app_message"',
    "SELECT",
)


@dataclass
class Delivery:
    """One attempt of Meta's: events in one webhook, and where the portal fails, if it does."""

    events: list[Any]
    fails_at: str | None


def deliveries(events: list[Event]) -> st.SearchStrategy[list[Delivery]]:
    """Any permutation with repetitions, cut into batches anywhere, some of them interrupted."""
    repeated = st.lists(st.sampled_from([*events, *GARBAGE]), max_size=6)
    order = repeated.flatmap(lambda more: st.permutations([*events, *more]))
    batches = order.flatmap(_batches)
    return st.tuples(batches, st.lists(st.none() | st.sampled_from(POINTS_OF_FAILURE))).map(
        _planned
    )


def _batches(order: list[Any]) -> st.SearchStrategy[list[list[Any]]]:
    cuts = st.lists(st.integers(0, len(order)), max_size=6).map(sorted)
    return cuts.map(
        lambda at: [order[a:b] for a, b in zip([0, *at], [*at, len(order)], strict=True) if a < b]
    )


def _planned(drawn: tuple[list[list[Any]], list[str | None]]) -> list[Delivery]:
    batches, faults = drawn
    padded = [*faults, *[None] * len(batches)]
    return [Delivery(batch, fault) for batch, fault in zip(batches, padded, strict=False)]


@contextmanager
def failing(point: str | None) -> Iterator[None]:
    def fail(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if point and sql.startswith(point):
            raise OperationalError
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


def send(session: ConsultationSession, *deliveries: Delivery) -> None:
    """Send what waits at the same moment until each is acknowledged, as Meta does."""
    payloads = [_payload(session, delivery.events) for delivery in deliveries]
    with failing(deliveries[0].fails_at):
        answers = together(*payloads)
    for payload, answer in zip(payloads, answers, strict=True):
        if answer != 200:
            assert post(payload) == 200


def _payload(session: ConsultationSession, events: list[Any]) -> Event:
    messages = [each for each in events if not _is_status(each)]
    statuses = [each for each in events if _is_status(each)]
    contacts = [ANNA.contact(), BEA.contact()]
    number = session.office.phone_number_id
    return webhook(change(value(number, *messages, contacts=contacts, statuses=statuses)))


def _is_status(event: Any) -> bool:
    return isinstance(event, dict) and "status" in event


def ready_session() -> ConsultationSession:
    """A session with one message of ours to somebody, on its way."""
    session = factories.session(starts_at=START, minutes=600)
    conversation = factories.conversation(session, name="somebody", phone="4915199999999")
    factories.message(
        conversation, direction=Direction.OUT, delivery=DeliveryState.SENDING, wamid=OURS
    )
    return session


def seen(session: ConsultationSession) -> Any:
    """All that staff can see of it, apart from the order in which people were numbered."""
    return sorted(_seen(row) for row in Conversation.objects.filter(session=session))


def _seen(row: Conversation) -> Any:
    messages = row.messages.order_by("sent_at", "id")
    said_by_citizen = [
        (m.sent_at.isoformat(), m.kind, repr(m.content), m.wamid, m.quoted_wamid)
        for m in messages
        if m.is_incoming
    ]
    of_office = sorted((m.notice, m.delivery) for m in messages if not m.is_incoming)
    files = Attachment.objects.filter(message__conversation=row).count()
    person = (str(row.name), str(row.phone), str(row.bsuid))
    place = (str(row.waiting_since), str(row.last_inbound_at), str(row.began_at), row.unread)
    return person, place if row.name != "somebody" else (), said_by_citizen, of_office, files


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take many minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    first=deliveries(OPENING),
    then=deliveries([*OPENING, *FOLLOWING, *STATUSES]),
    at_once=st.integers(1, 4),
)
def test_any_delivery_of_the_same_events_gives_the_same_conversations(
    first: list[Delivery], then: list[Delivery], at_once: int
) -> None:
    expected = ready_session()
    send(expected, Delivery([*OPENING, *FOLLOWING, *STATUSES], None))
    session = ready_session()

    for each in (first, then):
        for start in range(0, len(each), at_once):
            send(session, *each[start : start + at_once])

    assert seen(session) == seen(expected)
