"""The portal as it runs: uvicorn with both handlers, on the database, Redis and keys of this test run."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from sessions_app.models import Staff
from tests.services import ports

READY_WITHIN = 180.0


@dataclass
class Server:
    """A running portal; `port` stays the same over a restart."""

    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = ["uvicorn", "sprechstunde.asgi:application", "--no-access-log"]
        options = ["--port", str(self.port), "--timeout-graceful-shutdown", "1"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command, *options],
            env=_environment(),
            stdout=subprocess.DEVNULL,
        )
        self._wait_until_ready()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and self.process and self.process.poll() is None:
            try:
                requests.get(f"{self.url}/healthz", timeout=10)
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the portal did not start")


@contextmanager
def running() -> Iterator[Server]:
    """Run the portal on a free port. Tests that use it need a transactional database."""
    _collect_static()
    server = Server(ports.free())
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGKILL)


def login_cookie(staff: Staff) -> str:
    """Return the value of a session cookie with which `staff` is logged in."""
    user = get_user_model().objects.get(pk=staff.user_id)
    store = SessionStore()
    store["_auth_user_id"] = str(user.pk)
    store["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    store["_auth_user_hash"] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def _environment() -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": _database_url(), "PYTHONDONTWRITEBYTECODE": "1"}


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    # urlunsplit would drop the empty host of a server on a unix socket.
    before, _, options = os.environ["DATABASE_URL"].partition("?")
    return f"{before.rpartition('/')[0]}/{name}?{options}"


def _collect_static() -> None:
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        command = [sys.executable, "manage.py", "collectstatic", "--noinput"]
        subprocess.run(command, env=_environment(), check=True, stdout=subprocess.DEVNULL)
