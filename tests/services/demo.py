"""The whole product as `make demo` starts it: all processes, own VAR_DIR, own ports."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.services import ports
from tests.simulator.control import Control

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 400.0
ENDS_WITHIN = 60.0
# What the test run sets for itself and a demo must not inherit.
OF_THE_TEST_RUN = (
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "EMAIL_URL",
    "KEYSTORE_URL",
    "REDIS_URL",
    "SECRET_KEY",
)


@dataclass(frozen=True)
class Demo:
    """A running demo; `facts` is the content of its demo.json."""

    var_dir: Path
    facts: Mapping[str, Any]
    environment: Mapping[str, str] = field(repr=False)
    pid: int
    log: Path

    @property
    def portal(self) -> str:
        """Base URL of the portal."""
        return str(self.facts["portal"])

    def control(self) -> Control:
        """A new client of the simulator (one thread at a time)."""
        return Control(str(self.facts["simulator"]))

    def login(self, role: str) -> tuple[str, str]:
        """User name and password of a role."""
        login = next(login for login in self.facts["logins"] if login["role"] == role)
        return str(login["username"]), str(login["password"])

    def manage(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a management command in the demo's environment."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )


@contextmanager
def running(kept: Path | None = None, **settings: str) -> Iterator[Demo]:
    """Run `supervisor demo` with further `settings`; ended with the block, as Ctrl-C does.

    Its directory is removed afterwards, unless one is given to be `kept`.
    """
    with tempfile.TemporaryDirectory(prefix="demo-") as directory:
        var_dir = kept or Path(directory)
        environment = _environment(var_dir, settings)
        log = var_dir.with_suffix(".log")
        process = _start(environment, log)
        try:
            yield Demo(var_dir, _facts(process, var_dir, log), environment, process.pid, log)
        finally:
            _end(process)
            log.unlink()


def _environment(var_dir: Path, settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in OF_THE_TEST_RUN and not name.startswith("WHATSAPP_")
    }
    drawn = {"PORT": str(ports.free()), "SIMULATOR_PORT": str(ports.free())}
    return {**inherited, "VAR_DIR": str(var_dir), **drawn, **settings}


def _start(environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "sprechstunde.supervisor", "demo"],
            cwd=ROOT,
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def _facts(process: subprocess.Popen[bytes], var_dir: Path, log: Path) -> Mapping[str, Any]:
    path = var_dir / "demo.json"
    deadline = time.monotonic() + READY_WITHIN
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the demo did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.05)
    facts: Mapping[str, Any] = json.loads(path.read_text())
    return facts


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError(f"the demo did not end within {ENDS_WITHIN} s") from None
