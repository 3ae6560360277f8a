"""The simulator as a process: alone, small, and quick to end."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.simulator.control import Control
from tests.simulator.process import ROOT, running_simulator

MEGABYTES = 45
NOWHERE = "http://127.0.0.1:9/webhooks/"


def resident_megabytes(pid: int) -> float:
    """Proportional set size, as Linux counts it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise LookupError("no Pss line")


def test_simulator_imports_nothing_of_the_portal() -> None:
    foreign = "{name.split('.')[0] for name in sys.modules} & {'django', 'celery', 'sessions_app'}"
    code = f"import sys, sprechstunde.simulator.server; print(sorted({foreign}))"

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)

    assert done.stdout == b"[]\n"


def test_simulator_at_rest_is_small() -> None:
    with running_simulator(NOWHERE) as simulator:
        simulator.control.get("/control/health")

        assert resident_megabytes(simulator.pid) < MEGABYTES


def test_simulator_ends_soon_with_open_streams_and_failing_webhooks() -> None:
    with running_simulator(NOWHERE) as simulator:
        simulator.control.citizen().say("Ist jemand da?")
        url = f"{simulator.base_url}/control/events"
        with requests.get(url, stream=True, timeout=60) as stream:
            next(stream.iter_lines())
            started = time.monotonic()
            subprocess.run(["kill", "-TERM", str(simulator.pid)], check=True)

            rest = list(stream.iter_lines())

        assert time.monotonic() - started < 20
        assert all(not line or line[:1] in b":de" for line in rest)


def test_wrong_configuration_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sprechstunde.simulator"],
        cwd=ROOT,
        env={"SIMULATOR_DISPLAY_PHONE_NUMBER": "none"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, b"SIMULATOR_DISPLAY_PHONE_NUMBER" in done.stderr) == (2, True)


def test_page_of_unknown_phone_leads_to_the_overview(control: Control) -> None:
    reply = requests.get(f"{control.base_url}/phones/c999", allow_redirects=False, timeout=60)

    assert (reply.status_code, reply.headers["location"]) == (303, "/")
