"""A Meta that answers as told, and rows to send."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from sessions_app.enums import DeliveryState, Direction
from sessions_app.models import Conversation, Message, Staff
from tests import factories
from tests.sessions_app.outbound import meta as service


@pytest.fixture
def meta(settings: Any) -> Iterator[service.Meta]:
    """The Graph API of this test."""
    with service.running() as running:
        settings.WHATSAPP_API_URL = running.base_url
        yield running


@pytest.fixture
def conversation(db: None) -> Conversation:
    """A citizen who waits, in an open session."""
    return factories.conversation()


@pytest.fixture
def staff(conversation: Conversation) -> Staff:
    """The host of the conversation's office."""
    return factories.staff(conversation.session.office)


def queued(conversation: Conversation, text: str = "Guten Tag", **fields: Any) -> Message:
    """A text that waits to be sent."""
    given = {"delivery": DeliveryState.QUEUED, "wamid": None, "direction": Direction.OUT}
    return factories.message(conversation, text, **given | fields)


def state(message: Message) -> DeliveryState:
    """How far the row is in the database."""
    return DeliveryState(Message.objects.get(pk=message.pk).delivery or 0)


def in_thread(work: Callable[[], object]) -> None:
    """Do what another process would do meanwhile, on a connection of its own."""

    def run() -> None:
        work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
