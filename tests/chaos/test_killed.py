"""Sixty seconds of traffic while web, worker, beat and Redis are killed: nothing lost, nothing twice."""

import os
import signal
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.staff import sign_in
from tests.chaos import traffic
from tests.chaos.traffic import Clerk, Said
from tests.services import chromium, demo
from tests.simulator.control import Control, Phone, eventually

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

SECONDS = 60.0
CITIZENS = 8
RECOVERS_WITHIN = 180.0


def test_killed_processes_lose_nothing_and_send_nothing_twice() -> None:
    with demo.running() as running, chromium.browser() as browser:
        control = running.control()
        control.faults(retry_delays=[0.3, 1, 2, 5])  # the last one repeats
        phones = [control.citizen(f"Probe {number}") for number in range(CITIZENS)]
        for phone in phones:
            phone.say("Guten Tag")
        clerk = Clerk(running)
        clerk.sign_in()
        names = {phone.name for phone in phones}  # the demo brings a citizen of its own
        eventually(lambda: names <= clerk.conversations().keys(), seconds=RECOVERS_WITHIN)

        said, killed = _sixty_bad_seconds(running, clerk, phones)
        _live_view_recovers(browser, running, phones[0])

        assert len(killed) >= SECONDS / 10, killed
        conversations = clerk.conversations()
        for phone in phones:
            _citizens_words_are_there_once(clerk, conversations, phone, said)
            _answers_came_once_or_stand_before_staff(clerk, conversations, phone, said)


def _sixty_bad_seconds(
    running: demo.Demo, clerk: Clerk, phones: list[Phone]
) -> tuple[Said, list[str]]:
    said, stop = Said(), threading.Event()
    killed: list[str] = []
    control = Control(str(running.facts["simulator"]))
    failures: list[BaseException] = []
    work = (
        lambda: traffic.write(control, phones, said, stop),
        lambda: traffic.answer(clerk, phones, said, stop),
        lambda: traffic.kill(running, killed, stop),
    )
    threads = [threading.Thread(target=_noting(failures, each)) for each in work]
    for thread in threads:
        thread.start()
    stop.wait(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    return said, killed


def _noting(failures: list[BaseException], work: Callable[[], None]) -> Callable[[], None]:
    def noted() -> None:
        try:
            work()
        except BaseException as failure:
            failures.append(failure)
            raise

    return noted


def _live_view_recovers(browser: Browser, running: demo.Demo, phone: Phone) -> None:
    desk = sign_in(browser, running, "assistant")
    desk.open(phone.name)
    for word in traffic.VICTIMS.values():
        for pid in traffic.pids(running.pid, word):
            os.kill(pid, signal.SIGKILL)
    phone.say("Bin ich noch zu sehen?")
    expect(desk.bubble("Bin ich noch zu sehen?")).to_be_visible(timeout=RECOVERS_WITHIN * 1000)


def _citizens_words_are_there_once(
    clerk: Clerk, conversations: dict[str, int], phone: Phone, said: Said
) -> None:
    texts = said.by_citizens.get(phone.name, [])

    def missing() -> list[str]:
        page = clerk.thread(conversations[phone.name])
        return [text for text in texts if page.count(text) == 0]

    eventually(lambda: not missing(), f"{phone.name}: {missing()}", seconds=RECOVERS_WITHIN)
    page = clerk.thread(conversations[phone.name])
    assert {text: page.count(text) for text in texts} == dict.fromkeys(texts, 1)


def _answers_came_once_or_stand_before_staff(
    clerk: Clerk, conversations: dict[str, int], phone: Phone, said: Said
) -> None:
    texts = said.by_staff.get(phone.name, [])

    def undecided() -> list[str]:
        arrived = [bubble.text for bubble in phone.received()]
        page = clerk.thread(conversations[phone.name])
        open_questions = page.count("/again/")
        late = [text for text in texts if text not in arrived]
        return late if len(late) > open_questions else []

    eventually(lambda: not undecided(), f"{phone.name}: {undecided()}", seconds=3 * RECOVERS_WITHIN)
    arrived = [bubble.text for bubble in phone.received() if bubble.text.startswith("Antwort")]
    assert len(arrived) == len(set(arrived))
    assert arrived == [text for text in texts if text in arrived]
