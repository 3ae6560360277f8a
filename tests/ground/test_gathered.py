"""Small POSTs that wait at the same moment: one thread takes them together, each gets its answer."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from asgiref.sync import async_to_sync

from sprechstunde.gathered import MOST_BYTES, MOST_LETTERS, Gathered, Letter

SCOPE = {"type": "http", "method": "POST", "headers": [(b"host", b"x"), (b"x-sign", b"mine")]}
LIMIT = 10
Event = dict[str, Any]


class Reader:
    """Answers with the number in each body; holds the first round until `go` is set."""

    def __init__(self, *, goes: bool = True) -> None:
        self.rounds: list[list[Letter]] = []
        self.go = threading.Event()
        self.began = threading.Event()
        if goes:
            self.go.set()

    def __call__(self, letters: Sequence[Letter]) -> list[int]:
        self.rounds.append(list(letters))
        self.began.set()
        assert self.go.wait(10)
        return [int(letter.body[:3]) for letter in letters]


def part(body: bytes, *, more: bool = False) -> Event:
    return {"type": "http.request", "body": body, "more_body": more}


async def sent_for(gathered: Gathered, *events: Event) -> list[Event]:
    coming, sent = iter(events), list[Event]()

    async def receive() -> Event:
        return next(coming)

    async def send(event: Event) -> None:
        sent.append(event)

    await gathered(SCOPE, receive, send)
    return sent


def answered(reader: Reader, *events: Event) -> list[Event]:
    gathered = Gathered(reader, signature="X-Sign", limit=LIMIT)
    return async_to_sync(sent_for)(gathered, *events)


def statuses_of(reader: Reader, first: bytes, *waiting: bytes) -> list[int]:
    """Send `first`, all others while it is being read, and return the statuses in that order."""
    gathered = Gathered(reader, signature="X-Sign", limit=MOST_BYTES)

    async def scenario() -> list[list[Event]]:
        tasks = [asyncio.create_task(sent_for(gathered, part(first)))]
        await asyncio.to_thread(reader.began.wait, 10)
        tasks += [asyncio.create_task(sent_for(gathered, part(each))) for each in waiting]
        await asyncio.sleep(0)  # each runs up to where it waits for its answer
        reader.go.set()
        return await asyncio.gather(*tasks)

    return [sent[0]["status"] for sent in async_to_sync(scenario)()]


def test_request_in_parts_is_answered_once() -> None:
    reader = Reader()

    head, body = answered(reader, part(b"2", more=True), part(b"02"))

    assert (head["status"], body) == (202, {"type": "http.response.body"})
    assert head["headers"] == [(b"content-length", b"0")]
    assert reader.rounds == [[Letter(b"202", "mine")]]


def test_request_above_the_limit_is_refused_without_reading_on() -> None:
    reader = Reader()

    head, _ = answered(reader, part(b"0123456789", more=True), part(b"x", more=True))

    assert (head["status"], reader.rounds) == (413, [])


def test_caller_who_leaves_gets_nothing() -> None:
    reader = Reader()

    assert answered(reader, part(b"01", more=True), {"type": "http.disconnect"}) == []
    assert reader.rounds == []


def test_those_that_come_meanwhile_are_read_together() -> None:
    reader = Reader(goes=False)
    meanwhile = [b"%d" % (300 + number) for number in range(5)]

    statuses = statuses_of(reader, b"200", *meanwhile)

    assert statuses == [200, 300, 301, 302, 303, 304]
    assert [[letter.body for letter in each] for each in reader.rounds] == [[b"200"], meanwhile]


def test_round_has_an_end() -> None:
    reader = Reader(goes=False)

    statuses = statuses_of(reader, b"200", *[b"201"] * (MOST_LETTERS + 1))

    assert statuses == [200, *[201] * (MOST_LETTERS + 1)]
    assert [len(each) for each in reader.rounds] == [1, MOST_LETTERS, 1]


def test_large_letter_is_the_last_of_its_round() -> None:
    reader = Reader(goes=False)
    large = b"201" + b" " * (MOST_BYTES - 3)

    statuses_of(reader, b"200", b"202", large, b"203")

    assert [len(each) for each in reader.rounds] == [1, 2, 1]
