"""A whole installation of real processes in a directory of its own, and a Meta beside it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis
import requests

from sprechstunde.supervisor import embedded_redis, programs
from sprechstunde.supervisor.children import Program
from sprechstunde.supervisor.configuration import Configuration
from tests.services import ports, redis_server
from tests.simulator.control import eventually
from tests.simulator.process import ROOT, Simulator, running_simulator

PATIENCE = 240.0  # seconds; generous, several such tests may share two cores
MANAGE = (sys.executable, "manage.py")


@dataclass(frozen=True)
class Installation:
    """Web, worker, beat and Redis, writing under `var_dir` only; their logs too."""

    var_dir: Path
    environment: dict[str, str] = field(repr=False)
    meta: Simulator
    socket: Path
    redis: redis.Redis

    def manage(self, *command: str) -> str:
        """Run a management command and return what it printed; it must end with 0."""
        return self.run(*MANAGE, *command)

    def run(self, *command: str) -> str:
        """Run a command in the installation's environment; it must end with 0."""
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        with (self.var_dir / "log" / "commands.log").open("a") as log:
            log.write(done.stderr)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def running(var_dir: Path, database_url: str = "") -> Iterator[Installation]:
    """Set up an installation with the demo's office and open session, and run it."""
    port = ports.free()
    (var_dir / "log").mkdir(parents=True)
    with ExitStack() as stack:
        socket_path = embedded_redis.socket_path(var_dir)
        server = stack.enter_context(redis_server.running(socket_path))
        url = f"http://127.0.0.1:{port}"
        meta = stack.enter_context(running_simulator(f"{url}/webhooks/whatsapp/"))
        environment = _environment(var_dir, socket_path, database_url, meta)
        installation = Installation(var_dir, environment, meta, socket_path, server)
        installation.manage("migrate", "--verbosity", "0")
        installation.manage("seed_demo", "--json")
        configuration = Configuration(var_dir, "127.0.0.1", port, 0, environment)
        for program in (programs.web, programs.worker, programs.beat):
            stack.enter_context(_process(program(configuration), var_dir))
        _wait(lambda: requests.get(f"{url}/readyz", timeout=10).ok)
        yield installation


def _environment(
    var_dir: Path, socket_path: Path, database_url: str, meta: Simulator
) -> dict[str, str]:
    secrets = var_dir / "demo-secrets.json"
    secrets.write_text(json.dumps(_demo(meta)))
    environment = {
        **os.environ,
        **meta.settings(),
        "VAR_DIR": str(var_dir),
        "REDIS_URL": f"unix://{socket_path}",
        "KEYSTORE_URL": f"file://{var_dir / 'keys'}",
        "DATABASE_URL": database_url or f"sqlite:///{var_dir / 'db.sqlite3'}",
        "DEMO_SECRETS_FILE": str(secrets),
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(var_dir / "tmp"),  # whatever spills into a temporary file is seen
    }
    (var_dir / "tmp").mkdir()
    return environment


def _demo(meta: Simulator) -> dict[str, object]:
    roles = {"host": "host", "assistant": "assistant"}
    logins = [
        {"role": role, "username": name, "password": "x" * 12} for role, name in roles.items()
    ]
    return {
        "phone_number_id": meta.phone_number_id,
        "display_phone_number": f"+{meta.display_phone_number.lstrip('+')}",
        "logins": logins,
    }


@contextmanager
def _process(program: Program, var_dir: Path) -> Iterator[None]:
    with (var_dir / "log" / f"{program.name}.log").open("wb") as log:
        process = subprocess.Popen(
            program.command, cwd=ROOT, env=dict(program.environment), stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(look: Callable[[], bool]) -> None:
    def try_it() -> bool:
        try:
            return look()
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.1)
            return False

    eventually(try_it, "the portal did not get ready", seconds=PATIENCE)


class Overheard:
    """Every command that any client sends to a Redis, as MONITOR tells it."""

    def __init__(self, server_socket: Path) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(server_socket))
        self._connection.sendall(b"MONITOR\r\n")
        self._heard = bytearray()

    def so_far(self) -> bytes:
        """Return all that was heard, in MONITOR's notation."""
        self._connection.setblocking(False)
        while True:
            try:
                self._heard += self._connection.recv(1 << 20)
            except BlockingIOError:
                return bytes(self._heard)

    def close(self) -> None:
        """Stop listening."""
        self._connection.close()
