"""Child processes: starting them, passing on what they say, starting them again, ending them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ENTRY = Path(__file__).with_name("child_entry.py")
ROOT = ENTRY.parent.parent.parent

HEALTHY_AFTER = 10.0
LONGEST_BACKOFF = 30.0
LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Program:
    """What to run, under which name its lines appear."""

    name: str
    command: list[str]
    environment: Mapping[str, str] = field(repr=False)


@dataclass
class Child:
    """A program that is meant to run until it is ended."""

    program: Program
    process: subprocess.Popen[str] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


def say(name: str, line: str) -> None:
    """Print one line under a name. A reader that is gone is no reason to stop."""
    with suppress(OSError):
        sys.stdout.write(f"{name:<10}| {line}\n")
        sys.stdout.flush()


def launch(program: Program, *, capture: bool = False) -> subprocess.Popen[str]:
    """Start a program in its own process group; its output is passed on, unless `capture` keeps stdout.

    Call it from the main thread only: the system ties the child's life to the thread that started it.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(ENTRY), str(os.getpid()), *program.command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if capture else subprocess.STDOUT,
        env=dict(program.environment),
        cwd=ROOT,
        text=True,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    )
    talk = process.stderr if capture else process.stdout
    # No daemon: what a failing program said last is still passed on when we end.
    threading.Thread(target=_pass_on, args=(program.name, talk)).start()
    return process


def _pass_on(name: str, lines: IO[str]) -> None:
    with lines:
        for line in lines:
            say(name, line.rstrip())


def tend(children: Iterable[Child], now: float) -> None:
    """Start what is due and notice what has ended; `now` in seconds of the monotonic clock."""
    for child in children:
        if child.process is not None and child.process.poll() is not None:
            _note_end(child, child.process.returncode, now)
        if child.process is None and now >= child.start_at:
            child.process = launch(child.program)
            child.started_at = now


def _note_end(child: Child, returncode: int, now: float) -> None:
    child.process = None
    child.failures = 1 if now - child.started_at >= HEALTHY_AFTER else child.failures + 1
    pause = backoff(child.failures)
    child.start_at = now + pause
    again = f"in {pause:.0f} s" if pause else "now"
    say(child.program.name, f"ended unexpectedly ({reason(returncode)}); starting again {again}")


def backoff(failures: int) -> float:
    """Seconds to wait before the next start: none after one failure, then 1, 2, 4 … 30."""
    return 0.0 if failures <= 1 else min(LONGEST_BACKOFF, 2.0 ** (failures - 2))


def reason(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"


def end(children: Iterable[Child], *, within: float, at_once: threading.Event) -> None:
    """Ask all to stop, and kill what is left after `within` seconds or when `at_once` is set."""
    processes = [child.process for child in children if child.process is not None]
    for process in processes:
        signal_group(process, signal.SIGTERM)
    deadline = time.monotonic() + within
    while _any_alive(processes) and time.monotonic() < deadline and not at_once.is_set():
        time.sleep(0.02)
    for process in processes:
        signal_group(process, signal.SIGKILL)  # also what the program itself left behind
        process.wait()


def _any_alive(processes: Iterable[subprocess.Popen[str]]) -> bool:
    alive = [process for process in processes if process.poll() is None]
    return bool(alive)


def signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
