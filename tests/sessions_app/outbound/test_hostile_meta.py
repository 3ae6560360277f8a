"""A Meta that cuts, limits and breaks: no message is lost silently, none arrives twice."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from sessions_app.enums import DeliveryState
from sessions_app.models import Conversation, Message, Staff
from sessions_app.services import messages
from sessions_app.services.outbound import delivery
from tests import factories
from tests.sessions_app.outbound import worker
from tests.sessions_app.outbound.conftest import queued, state
from tests.sessions_app.outbound.meta import Meta, Reply
from tests.simulator.control import Phone
from tests.simulator.process import Simulator, running_simulator

pytestmark = pytest.mark.django_db(transaction=True)

CITIZENS, EACH = 50, 10
PATIENCE = 600.0  # seconds
ON_ITS_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING)


@pytest.fixture
def simulator(live_server: Any, settings: Any) -> Iterator[Simulator]:
    with running_simulator(f"{live_server.url}/webhooks/whatsapp/") as running:
        settings.WHATSAPP_API_URL = running.base_url
        yield running


def _wait(done: Callable[[], bool], what: str) -> None:
    """Let the sweep tick until `done`."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, what
        delivery.deliver_due(timezone.now())
        time.sleep(0.2)


def _all_left() -> bool:
    return not Message.objects.filter(delivery__in=ON_ITS_WAY).exists()


def _all_told() -> bool:
    return not Message.objects.filter(delivery__lt=DeliveryState.SENT).exists()


def _people(simulator: Simulator) -> tuple[Staff, dict[str, Conversation]]:
    """Citizens whose chats are open, by the id of their phone."""
    office = factories.office(phone_number_id=simulator.phone_number_id)
    session = factories.session(office)
    phones = [_open_chat(simulator.control.citizen(f"Bürger {n}")) for n in range(CITIZENS)]
    return factories.staff(office), {
        phone.id: factories.conversation(session, phone=phone.phone) for phone in phones
    }


def _open_chat(phone: Phone) -> Phone:
    phone.change(window_open=True)
    return phone


def _reply(conversation: Conversation, staff: Staff, text: str) -> Message:
    return messages.reply(conversation, by=staff, text=text, token=uuid4(), last_seen=None)


def _texts_at_the_desk(conversation: Conversation) -> list[str]:
    rows = Message.objects.filter(conversation=conversation).order_by("sent_at", "id")
    return [row.content["text"] for row in rows]


def _accepted(simulator: Simulator) -> list[int]:
    """The rows that Meta took, in the order in which it took them."""
    return [int(send["callback"]) for send in simulator.control.sends()]


def _in_state(*states: DeliveryState) -> set[int]:
    return set(Message.objects.filter(delivery__in=states).values_list("pk", flat=True))


def test_500_messages_with_a_hostile_meta(simulator: Simulator) -> None:
    staff, people = _people(simulator)
    simulator.control.seed(2026)
    simulator.control.faults(
        cut_after=0.3,
        refuse_rate_limit=0.1,
        error_before=0.1,
        status_delay=[0.1, 1.0],
        status_disorder=0.3,
        skip_delivered=0.2,
        webhook_duplicate=0.1,
        webhook_reorder=0.1,
    )

    with worker.running():
        for number in range(EACH):
            for conversation in people.values():
                _reply(conversation, staff, f"Antwort {number}")
        _wait(_all_left, "not everything left")
        simulator.control.idle(seconds=240)

        # Whatever Meta took is known to have arrived, whatever it broke on is unconfirmed.
        taken, unconfirmed = _accepted(simulator), _in_state(DeliveryState.UNCONFIRMED)
        assert len(taken) == len(set(taken))
        assert 20 < len(unconfirmed) < 90
        assert unconfirmed == set(Message.objects.values_list("pk", flat=True)) - set(taken)
        assert _in_state(DeliveryState.FAILED) == set()
        _check_decisions(unconfirmed)

        # A person sends them again, and they arrive.
        simulator.control.faults(cut_after=0, refuse_rate_limit=0, error_before=0)
        for message in Message.objects.filter(pk__in=unconfirmed).order_by("pk"):
            messages.send_again(message, by=staff)
        _wait(_all_told, "what was sent again did not arrive")
        simulator.control.idle(seconds=240)

    taken = _accepted(simulator)
    assert sorted(taken) == sorted(Message.objects.values_list("pk", flat=True))
    _check_phones(simulator, people)


def _check_decisions(unconfirmed: set[int]) -> None:
    """They stand before the staff once a minute has passed, and not before."""
    for message in Message.objects.filter(pk__in=unconfirmed):
        assert message.attempted_at is not None
        begin = message.attempted_at + timedelta(seconds=60)
        assert not message.needs_decision(begin - timedelta(seconds=1))
        assert message.needs_decision(begin)


def _check_phones(simulator: Simulator, people: dict[str, Conversation]) -> None:
    """Every phone shows what the desk shows, in the same order."""
    arrived = defaultdict(list)
    for send in simulator.control.sends():
        arrived[send["citizen"]].append(send["body"]["text"]["body"])
    assert arrived == {phone: _texts_at_the_desk(row) for phone, row in people.items()}
    assert sum(len(texts) for texts in arrived.values()) == CITIZENS * EACH


def test_worker_killed_while_meta_answers_sends_nothing_twice(
    conversation: Conversation, meta: Meta
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    never = threading.Event()
    meta.replies = [Reply(after=never, cut=True)]
    with worker.running() as process:
        _wait(lambda: meta.texts == ["1"], "the worker did not send")
        process.kill()
        process.wait()
    never.set()
    left_behind = state(first)

    with worker.running():
        delivery.deliver_due(timezone.now() + delivery.ABANDONED_AFTER)
        _wait(lambda: state(second) == DeliveryState.SENT, "the queue stayed blocked")

    assert (left_behind, state(first)) == (DeliveryState.SENDING, DeliveryState.UNCONFIRMED)
    assert meta.texts == ["1", "2"]
