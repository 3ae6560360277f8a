"""The whole product under its supervisor: processes die and come back, and a stop ends all of them."""

import imaplib
import os
import re
import signal
import smtplib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.services import demo
from tests.services.demo import Demo

pytestmark = [
    pytest.mark.sqlite_only,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes through /proc"),
]

NAMES = {
    "redis": r".*(unixsocket:|redis-server|valkey-server).*",
    "web": "uvicorn",
    "worker": "worker",
    "beat": "beat",
    "simulator": "sprechstunde.simulator",
}
SUPERVISOR_MEMORY_KB = 15_000
ENDS_WITHIN = 10.0


@pytest.fixture(scope="module")
def running() -> Iterator[Demo]:
    with demo.running() as found:
        yield found


def wait_for(condition: Callable[[], object], within: float = 180.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def process_named(found: Demo, name: str) -> int:
    """The pid of the child that runs this program; 0 if there is none."""
    for pid in children_of(found.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if any(re.fullmatch(NAMES[name], word) for word in words):
            return pid
    return 0  # not there, or not yet the program that it will be


def is_gone(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def ready(found: Demo) -> bool:
    try:
        return requests.get(f"{found.portal}/readyz", timeout=10).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def open_stream(found: Demo) -> Iterator[requests.Response]:
    """A live stream of the desk, open until the server closes it."""
    with requests.Session() as browser:
        browser.get(f"{found.portal}/login/", timeout=60)
        username, password = found.login("host")
        form = {"username": username, "password": password}
        page = browser.get(f"{found.portal}/login/", timeout=60).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        browser.post(
            f"{found.portal}/login/", {**form, "csrfmiddlewaretoken": token[1]}, timeout=60
        )
        desk = browser.get(f"{found.portal}/desk/", timeout=60).text
        address = re.search(r'hx-sse:connect="([^"]+)"', desk)
        assert address, desk
        with browser.get(f"{found.portal}{address[1]}", stream=True, timeout=60) as stream:
            yield stream


def test_mail_servers_answer_where_demo_json_says(running: Demo) -> None:
    host, _, port = str(running.facts["smtp"]).partition(":")
    with smtplib.SMTP(host, int(port)) as smtp:
        said = smtp.noop()
    host, _, port = str(running.facts["imap"]).partition(":")
    with imaplib.IMAP4(host, int(port)) as imap:
        state, _ = imap.login("sprechstunde@musterstadt.example", "any")

    assert (said[0], state) == (250, "OK")


@pytest.mark.parametrize("name", list(NAMES))
def test_killed_process_comes_back_with_a_visible_line(running: Demo, name: str) -> None:
    killed = process_named(running, name)
    assert killed

    os.kill(killed, signal.SIGKILL)

    wait_for(
        lambda: re.search(rf"{name} *\| ended unexpectedly \(SIGKILL\)", running.log.read_text())
    )
    wait_for(lambda: process_named(running, name) not in {0, killed})
    wait_for(lambda: ready(running))


def test_supervisor_stays_small(running: Demo) -> None:
    status = Path(f"/proc/{running.pid}/smaps_rollup").read_text()
    pss = re.search(r"^Pss: +(\d+) kB", status, re.MULTILINE)

    assert pss
    assert int(pss[1]) < SUPERVISOR_MEMORY_KB


def test_addresses_and_logins_are_for_our_account_only(running: Demo) -> None:
    modes = {
        path.name: oct(path.stat().st_mode & 0o777)
        for path in (running.var_dir / "demo.json", running.var_dir / "demo-secrets.json")
    }

    assert modes == {"demo.json": "0o600", "demo-secrets.json": "0o600"}


def test_clerks_of_three_departments_can_log_in(running: Demo) -> None:
    clerks = [login for login in running.facts["logins"] if login["role"] == "clerk"]

    assert {login["department"] for login in clerks} == {"Bauamt", "Ordnungsamt", "Stadtwerke"}


def test_nothing_survives_a_killed_supervisor(running: Demo) -> None:
    """The last one that uses this demo."""
    pids = children_of(running.pid)

    os.kill(running.pid, signal.SIGKILL)

    wait_for(lambda: all(is_gone(pid) for pid in pids))
    assert len(pids) == len(NAMES)


def test_stop_ends_everything_within_ten_seconds_and_a_second_start_has_the_same_logins(
    tmp_path: Path,
) -> None:
    with demo.running(kept=tmp_path) as first:
        pids = [first.pid, *children_of(first.pid)]
        with open_stream(first) as stream:
            began = time.monotonic()
            os.kill(first.pid, signal.SIGTERM)
            wait_for(lambda: all(is_gone(pid) for pid in pids))
            took = time.monotonic() - began
    left_over = (tmp_path / "demo.json").exists()

    with demo.running(kept=tmp_path) as second:
        logins = second.facts["logins"]

    assert (stream.status_code, left_over) == (200, False)
    assert took < ENDS_WITHIN
    assert logins == first.facts["logins"]
