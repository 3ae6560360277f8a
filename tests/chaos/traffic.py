"""Citizens who write, staff who answer over HTTP, and somebody who kills processes at random."""

import contextlib
import os
import re
import secrets
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.services.demo import Demo
from tests.simulator.control import Control, ControlError, Phone

VICTIMS = {
    "web": "uvicorn",
    "worker": " worker ",
    "beat": " beat ",
    "redis": "redis-server",
}
EVERY = 4.0  # seconds between two kills; starting anew takes about as long
PATIENCE = 300.0  # seconds; the killing has ended long before
_ROW = re.compile(r'data-open="(\d+)".*?row__title">([^<]+)<', re.DOTALL)
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Clerk:
    """A signed-in member of staff without a browser; every post is tried until it is acknowledged."""

    demo: Demo
    http: requests.Session = field(default_factory=requests.Session)
    desk: str = ""

    def sign_in(self) -> None:
        """Log in as the host and find the desk of the running session."""
        username, password = self.demo.login("host")
        page = self.http.get(f"{self.demo.portal}/desk/", timeout=60)
        form = {
            "username": username,
            "password": password,
            "csrfmiddlewaretoken": _token(page.text),
        }
        self.desk = self.http.post(page.url, data=form, timeout=60).url

    def conversations(self) -> dict[str, int]:
        """Name of the citizen → id of the conversation."""
        page = self._insist(lambda: self.http.get(f"{self.desk}queue/", timeout=60))
        return {name: int(pk) for pk, name in _ROW.findall(page.text)}

    def reply(self, conversation: int, text: str) -> None:
        """Send one reply; a repeated post carries the same token, as a browser's does."""
        page = self._insist(lambda: self.http.get(f"{self.desk}{conversation}/", timeout=60))
        form = {
            "csrfmiddlewaretoken": _token(page.text),
            "token": str(uuid.uuid4()),
            "text": text,
            "quoted": "",
            "last_seen": "0",
            "despite_colleague": "1",
        }
        address = f"{self.desk}{conversation}/reply/"
        self._insist(lambda: self.http.post(address, data=form, timeout=60))

    def thread(self, conversation: int) -> str:
        """The whole conversation as HTML."""
        return self._insist(
            lambda: self.http.get(f"{self.desk}{conversation}/thread/?all=1", timeout=60)
        ).text

    def _insist(self, request: Callable[[], requests.Response]) -> requests.Response:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with contextlib.suppress(requests.ConnectionError, requests.Timeout):
                answer = request()
                if answer.status_code == 200:
                    return answer
            time.sleep(0.1)
        raise AssertionError(f"the portal did not come back within {PATIENCE} s")


@dataclass
class Said:
    """What was handed over: texts by phone, in order."""

    by_citizens: dict[str, list[str]] = field(default_factory=dict)
    by_staff: dict[str, list[str]] = field(default_factory=dict)


def write(control: Control, phones: list[Phone], said: Said, stop: threading.Event) -> None:
    """Let a random citizen write about five times a second until `stop`."""
    for number in _until(stop, 0.2):
        phone = secrets.choice(phones)
        text = f"Frage {number:05}."
        with contextlib.suppress(ControlError):
            phone_of(control, phone).say(text)
            said.by_citizens.setdefault(phone.name, []).append(text)


def answer(clerk: Clerk, phones: list[Phone], said: Said, stop: threading.Event) -> None:
    """Answer a random citizen about three times a second until `stop`."""
    conversations: dict[str, int] = {}
    for number in _until(stop, 0.3):
        phone = secrets.choice(phones)
        if phone.name not in conversations:
            conversations = clerk.conversations()
        if phone.name in conversations:
            text = f"Antwort {number:05}."
            clerk.reply(conversations[phone.name], text)
            said.by_staff.setdefault(phone.name, []).append(text)


def kill(demo: Demo, killed: list[str], stop: threading.Event) -> None:
    """Kill -9 a random process every few seconds until `stop`; `killed` tells which."""
    while not stop.wait(EVERY):
        victim = secrets.choice(list(VICTIMS))
        for pid in pids(demo.pid, VICTIMS[victim]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.append(victim)


def pids(parent: int, word: str) -> list[int]:
    """Processes below `parent` whose command line contains `word`."""
    found = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")
            found += [int(child)] if word in command else pids(int(child), word)
    return found


def phone_of(control: Control, phone: Phone) -> Phone:
    """The same phone over another thread's connection."""
    return Phone(control, phone.id, phone.name, phone.phone, phone.user_id)


def _until(stop: threading.Event, seconds: float) -> Iterator[int]:
    number = 0
    while not stop.wait(seconds):
        number += 1
        yield number


def _token(page: str) -> str:
    match = _TOKEN.search(page)
    assert match is not None, "the page has no form"
    return match[1]
