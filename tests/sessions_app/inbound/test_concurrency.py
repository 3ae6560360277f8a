"""Webhooks that arrive at the same moment, on both databases: each message once, each person once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from sessions_app.enums import Direction
from sessions_app.models import CitizenIdentifier, ConsultationSession, Conversation, Message
from sessions_app.services.inbound import identity
from tests import factories
from tests.at_once import at_once
from tests.sessions_app.inbound.webhooks import Citizen, ago, citizen, deliver, said, text

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8
ERIKA = Citizen()


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


def stored() -> int:
    return Message.objects.filter(direction=Direction.IN).count()


def test_same_webhook_at_once_is_stored_once(session: ConsultationSession) -> None:
    message = text(ERIKA)

    answers = at_once(*[lambda: deliver(session, message, by=ERIKA)] * THREADS)

    conversation = Conversation.objects.get()
    assert answers == [200] * THREADS
    assert (stored(), conversation.unread) == (1, 1)
    assert Message.objects.filter(notice="greeting").count() == 1


def test_album_of_a_stranger_at_once_opens_one_conversation(session: ConsultationSession) -> None:
    pictures = [said(ERIKA, "image", {"id": str(n)}) for n in range(THREADS)]

    answers = at_once(*[_delivering(session, each, by=ERIKA) for each in pictures])

    conversation = Conversation.objects.get()
    assert answers == [200] * THREADS
    assert (stored(), conversation.unread) == (THREADS, THREADS)
    assert CitizenIdentifier.objects.count() == 2
    assert Message.objects.filter(notice="greeting").count() == 1


@pytest.mark.postgres_only
def test_known_citizen_need_not_wait_while_a_stranger_is_let_in(
    session: ConsultationSession,
) -> None:
    """A row with a foreign key to the session waits for `FOR UPDATE` on it, when it is committed."""
    deliver(session, text(ERIKA), by=ERIKA)

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        identity.lock_for_newcomers(identity.Directory(session), [])
        answer = pool.submit(at_once, _delivering(session, text(ERIKA, "again"), by=ERIKA))

        assert answer.result(timeout=60) == [200]


def test_strangers_at_once_are_numbered_without_gaps(session: ConsultationSession) -> None:
    people = [citizen(n) for n in range(THREADS)]

    answers = at_once(*[_delivering(session, text(each), by=each) for each in people])

    numbers = Conversation.objects.order_by("number").values_list("number", flat=True)
    assert answers == [200] * THREADS
    assert list(numbers) == list(range(1, THREADS + 1))


def test_overlapping_batches_in_opposite_order_do_not_block_each_other(
    session: ConsultationSession,
) -> None:
    people = [citizen(n) for n in range(6)]
    for each in people:
        deliver(session, text(each), by=each)
    batch = [text(each, str(n), at=ago(seconds=n)) for n in range(5) for each in people]

    answers = at_once(
        *[_delivering(session, *batch), _delivering(session, *reversed(batch))] * (THREADS // 2)
    )

    assert answers == [200] * THREADS
    assert stored() == 6 + 30
    assert set(Conversation.objects.values_list("unread", flat=True)) == {6}


def test_person_seen_by_number_and_by_id_at_once_is_one(session: ConsultationSession) -> None:
    deliver(session, text(Citizen(ERIKA.phone, None)))

    by_both = [_delivering(session, text(ERIKA, str(n)), by=ERIKA) for n in range(THREADS)]
    answers = at_once(*by_both)

    assert answers == [200] * THREADS
    assert Conversation.objects.get().bsuid == ERIKA.bsuid


def _delivering(session: ConsultationSession, *messages: Any, **rest: Any) -> Callable[[], int]:
    return lambda: deliver(session, *messages, **rest)
