"""When our own database or code fails while messages are on their way, no answer of Meta is lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from sessions_app.enums import DeliveryState
from sessions_app.models import Conversation
from sessions_app.services.outbound import attempts, delivery, outbox, outcomes
from tests.sessions_app.outbound.conftest import queued, state
from tests.sessions_app.outbound.meta import Meta

pytestmark = pytest.mark.django_db(transaction=True)


def failing(times: int, work: Callable[..., Any]) -> Callable[..., Any]:
    """`work`, but the database is away the first `times` times."""
    left = [OperationalError("server closed the connection")] * times

    def attempt(*given: Any) -> Any:
        if left:
            raise left.pop()
        return work(*given)

    return attempt


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "DATABASE_PAUSE", 0)


def test_answer_is_written_down_when_the_database_is_back(
    conversation: Conversation, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    monkeypatch.setattr(outcomes, "record", failing(3, outcomes.record))

    delivery.deliver(conversation.pk)

    assert (meta.texts, state(first), state(second)) == (
        ["1", "2"],
        DeliveryState.SENT,
        DeliveryState.SENT,
    )


def test_nothing_is_sent_that_could_not_be_marked_as_being_sent(
    conversation: Conversation, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queued(conversation)
    monkeypatch.setattr(delivery, "DATABASE_TRIES", 3)
    monkeypatch.setattr(outbox, "start", failing(3, outbox.start))

    with pytest.raises(OperationalError):
        delivery.deliver(conversation.pk)

    assert (meta.texts, state(message)) == ([], DeliveryState.QUEUED)


def test_delivery_goes_on_after_the_database_was_away_for_long(
    conversation: Conversation, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = queued(conversation)
    monkeypatch.setattr(delivery, "DATABASE_TRIES", 1)
    monkeypatch.setattr(outbox, "start", failing(1, outbox.start))
    with pytest.raises(OperationalError):
        delivery.deliver(conversation.pk)

    delivery.deliver(conversation.pk)

    assert (meta.texts, state(message)) == (["Guten Tag"], DeliveryState.SENT)


def test_error_of_our_own_while_asking_leaves_the_message_unconfirmed(
    conversation: Conversation, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: attempts.Attempt) -> str:
        raise RuntimeError("a defect")

    message = queued(conversation)
    monkeypatch.setattr(attempts, "make", broken)

    delivery.deliver(conversation.pk)

    assert (state(message), meta.requests) == (DeliveryState.UNCONFIRMED, [])
