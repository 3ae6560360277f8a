"""Starts the simulator as the process that it is, on a free port."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.services import ports
from tests.simulator.control import Control

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Simulator:
    """A running simulator and the account that it plays."""

    base_url: str
    app_secret: str
    verify_token: str
    access_token: str
    phone_number_id: str
    waba_id: str
    display_phone_number: str
    pid: int
    control: Control = field(repr=False)

    def settings(self) -> dict[str, str]:
        """What the portal's environment needs to talk to it."""
        return {
            "WHATSAPP_API_URL": self.base_url,
            "WHATSAPP_ACCESS_TOKEN": self.access_token,
            "WHATSAPP_APP_SECRET": self.app_secret,
            "WHATSAPP_VERIFY_TOKEN": self.verify_token,
        }


@contextmanager
def running_simulator(webhook_url: str, *, port: int | None = None) -> Iterator[Simulator]:
    """A simulator whose webhooks go to `webhook_url`; ended with the block."""
    port = port or ports.free()
    environment = _environment(port, webhook_url)
    process = subprocess.Popen(
        [sys.executable, "-m", "sprechstunde.simulator"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_ready(process)
        yield _described(process, f"http://127.0.0.1:{port}", environment)
    finally:
        _stop(process)


def _environment(port: int, webhook_url: str) -> dict[str, str]:
    return {
        "SIMULATOR_PORT": str(port),
        "SIMULATOR_WEBHOOK_URL": webhook_url,
        "SIMULATOR_PHONE_NUMBER_ID": "106540352242922",
        "SIMULATOR_WABA_ID": "102290129340398",
        "SIMULATOR_DISPLAY_PHONE_NUMBER": "4978421234",
        "WHATSAPP_APP_SECRET": "test-app-secret",
        "WHATSAPP_VERIFY_TOKEN": "test-verify-token",
        "WHATSAPP_ACCESS_TOKEN": "test-access-token",
    }


def _wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line.startswith("simulator ready"):
        raise RuntimeError(f"the simulator did not start: {line!r}")


def _described(
    process: subprocess.Popen[str], base_url: str, environment: dict[str, str]
) -> Simulator:
    return Simulator(
        base_url=base_url,
        app_secret=environment["WHATSAPP_APP_SECRET"],
        verify_token=environment["WHATSAPP_VERIFY_TOKEN"],
        access_token=environment["WHATSAPP_ACCESS_TOKEN"],
        phone_number_id=environment["SIMULATOR_PHONE_NUMBER_ID"],
        waba_id=environment["SIMULATOR_WABA_ID"],
        display_phone_number=environment["SIMULATOR_DISPLAY_PHONE_NUMBER"],
        pid=process.pid,
        control=Control(base_url),
    )


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
