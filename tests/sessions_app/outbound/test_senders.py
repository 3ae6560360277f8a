"""A few threads while Meta answers at once; one for each message while it takes its time."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from sessions_app.models import Conversation
from sessions_app.services.outbound.attempts import Answer, Attempt
from sessions_app.services.outbound.senders import AT_ONCE, FEW, Senders
from sessions_app.whatsapp import client, errors
from sessions_app.whatsapp.outgoing import Payload
from tests.sessions_app.outbound.conftest import queued
from tests.sessions_app.outbound.meta import Meta, Reply, accepted

PATIENCE = 60.0  # seconds


def attempts_at(number_id: str, conversation: Conversation, count: int) -> list[Attempt]:
    message = queued(conversation)
    request: Payload = {"text": {"body": "x"}}
    refusal = errors.Refused(errors.WINDOW_CLOSED)
    return [Attempt(message, 1, number_id, request, refusal) for _ in range(count)]


def wait_for(meta: Meta, requests: int, meanwhile: Callable[[], None]) -> int:
    deadline = time.monotonic() + PATIENCE
    while len(meta.requests) < requests and time.monotonic() < deadline:
        meanwhile()
    return len(meta.requests)


def test_all_are_asked_and_answered_by_a_few_threads(
    conversation: Conversation, meta: Meta
) -> None:
    answers: SimpleQueue[tuple[str, Answer]] = SimpleQueue()
    senders = Senders(lambda _, answer: answers.put((threading.current_thread().name, answer)))

    senders.send(attempts_at("1", conversation, 20))
    got = [answers.get(timeout=PATIENCE) for _ in range(20)]

    assert {answer for _, answer in got} == {f"wamid.{n}" for n in range(1, 21)}
    assert len({name for name, _ in got}) <= FEW
    assert not senders.have_waiting()


def test_nothing_waits_for_a_meta_that_takes_its_time(
    conversation: Conversation, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", (PATIENCE, PATIENCE))
    go = threading.Event()
    meta.decide = lambda _: Reply(body=accepted("wamid.1").body, after=go)
    answers: SimpleQueue[Answer] = SimpleQueue()
    senders = Senders(lambda _, answer: answers.put(answer))

    senders.send(attempts_at("1", conversation, AT_ONCE))
    few = wait_for(meta, FEW, lambda: time.sleep(0.001))
    held_back = senders.have_waiting()
    all_of_them = wait_for(meta, AT_ONCE, senders.keep_up)
    go.set()
    got = [answers.get(timeout=PATIENCE) for _ in range(AT_ONCE)]

    assert (few, held_back, all_of_them) == (FEW, True, AT_ONCE)
    assert got == ["wamid.1"] * AT_ONCE
