"""Children are started again when they end, and ended when they should."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sprechstunde.supervisor import children
from sprechstunde.supervisor.children import Child, Program

STUBBORN = "import signal,time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
OBEDIENT = "import time; print('up', flush=True); time.sleep(600)"


def program(code: str) -> Program:
    return Program("dummy", [sys.executable, "-c", code], dict(os.environ))


def wait_for(condition: Callable[[], bool], within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(program(OBEDIENT))
    yield child
    children.end([child], within=0, at_once=threading.Event())


def pid(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def test_child_that_was_killed_is_started_again_and_said_so(
    child: Child, capsys: pytest.CaptureFixture[str]
) -> None:
    children.tend([child], time.monotonic())
    first = pid(child)

    os.kill(first, signal.SIGKILL)
    wait_for(lambda: child.process is None or child.process.poll() is not None)
    children.tend([child], time.monotonic())

    assert pid(child) != first
    assert "ended unexpectedly (SIGKILL); starting again now" in capsys.readouterr().out


def test_child_that_keeps_failing_waits_longer_each_time() -> None:
    failing = Child(program("raise SystemExit(3)"))
    starts = []

    for second in range(12):
        before = failing.started_at
        children.tend([failing], now=100.0 + second)
        if failing.process is not None:
            failing.process.wait()
        if failing.started_at != before:
            starts.append(second)

    assert starts == [0, 1, 3, 6, 11]


def test_backoff_doubles_up_to_half_a_minute() -> None:
    pauses = [children.backoff(failures) for failures in range(1, 9)]

    assert pauses == [0, 1, 2, 4, 8, 16, 30, 30]


def test_failures_are_forgotten_after_a_healthy_time(child: Child) -> None:
    child.failures = 5
    children.tend([child], now=100.0)
    os.kill(pid(child), signal.SIGKILL)
    wait_for(lambda: child.process is None or child.process.poll() is not None)

    children.tend([child], now=100.0 + children.HEALTHY_AFTER)

    assert child.failures == 1


def test_end_stops_an_obedient_child_at_once(child: Child) -> None:
    children.tend([child], time.monotonic())
    began = time.monotonic()

    children.end([child], within=60.0, at_once=threading.Event())

    assert child.process is not None
    assert child.process.returncode == -signal.SIGTERM
    assert time.monotonic() - began < 30.0


def test_end_kills_a_stubborn_child_when_its_time_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stubborn = Child(program(STUBBORN))
    children.tend([stubborn], time.monotonic())
    wait_for(lambda: "up" in capsys.readouterr().out)

    children.end([stubborn], within=0.2, at_once=threading.Event())

    assert stubborn.process is not None
    assert stubborn.process.returncode == -signal.SIGKILL


def test_output_of_a_child_appears_under_its_name(
    child: Child, capsys: pytest.CaptureFixture[str]
) -> None:
    children.tend([child], time.monotonic())

    wait_for(lambda: capsys.readouterr().out == "dummy     | up\n")


@pytest.mark.skipif(sys.platform != "linux", reason="the system cannot tie lives together")
def test_child_dies_with_a_killed_supervisor() -> None:
    parent = (
        "import os, sys, time\n"
        "from sprechstunde.supervisor.children import Program, launch\n"
        f"process = launch(Program('dummy', [sys.executable, '-c', {OBEDIENT!r}], dict(os.environ)))\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    supervisor = children.launch(program(parent), capture=True)
    assert supervisor.stdout is not None
    grandchild = int(supervisor.stdout.readline())

    with supervisor:
        supervisor.kill()

    wait_for(lambda: not is_running(grandchild))


def is_running(number: int) -> bool:
    try:
        status = Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
