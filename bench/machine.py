"""Starts what a measurement needs (Redis, servers, worker, simulator) and stops it again."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sprechstunde.supervisor import embedded_redis

SECRET = "bench-app-secret"
PHONE_NUMBER_ID = "106540352242922"
READY_WITHIN = 60.0


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(var_dir: Path, database_url: str, simulator_port: int) -> dict[str, str]:
    """Return the environment in which portal, floor and driver all run."""
    return {
        "DJANGO_SETTINGS_MODULE": "sprechstunde.settings",
        "VAR_DIR": str(var_dir),
        "SECRET_KEY": "bench",
        "DATABASE_URL": database_url,
        "REDIS_URL": f"unix://{var_dir / 'redis.sock'}",
        "KEYSTORE_URL": f"file://{var_dir / 'keys'}",
        "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_VERIFY_TOKEN": "bench",
        "WHATSAPP_ACCESS_TOKEN": "bench",
        "WHATSAPP_API_URL": f"http://127.0.0.1:{simulator_port}",
        "SIMULATOR_PORT": str(simulator_port),
        "SIMULATOR_PHONE_NUMBER_ID": PHONE_NUMBER_ID,
        "SIMULATOR_SMTP_PORT": str(smtp_port := free_port()),
        "EMAIL_URL": f"smtp+insecure://127.0.0.1:{smtp_port}",
        "DEFAULT_FROM_EMAIL": "sprechstunde@bench.example",
    }


@contextmanager
def temporary_var_dir() -> Iterator[Path]:
    """Yield a VAR_DIR whose path is short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        yield Path(directory)


@contextmanager
def process(
    *command: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python COMMAND…` for as long as the block runs; its log goes to standard error."""
    child = subprocess.Popen(
        [sys.executable, *command], env={**os.environ, **(env or {})}, stdout=sys.stderr
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def redis_server(var_dir: Path) -> Iterator[None]:
    """Run the embedded Redis of `var_dir`."""
    path = var_dir / "redis.sock"
    child = subprocess.Popen(embedded_redis.command(path), stdout=subprocess.DEVNULL)
    try:
        wait(path.exists)
        yield
    finally:
        child.terminate()
        child.wait()


@contextmanager
def server(application: str) -> Iterator[int]:
    """Run one uvicorn with `application` and yield its port once it accepts connections."""
    port = free_port()
    options = ("--port", str(port), "--log-level", "warning", "--no-access-log")
    graceful = ("--timeout-graceful-shutdown", "2")
    with process("-m", "uvicorn", application, *options, *graceful):
        wait(lambda: _accepts(port))
        yield port


@contextmanager
def simulator(port: int) -> Iterator[None]:
    """Run the WhatsApp simulator; its webhooks go nowhere."""
    with process(
        "-m", "sprechstunde.simulator", env={"SIMULATOR_WEBHOOK_URL": "http://127.0.0.1:9/"}
    ):
        wait(lambda: _accepts(port))
        yield


@contextmanager
def worker(threads: int = 32) -> Iterator[None]:
    """Run one Celery worker as the supervisor does."""
    options = ("-P", "threads", "-c", str(threads), "--without-gossip", "--without-mingle")
    with process("-m", "celery", "-A", "sprechstunde", "worker", "-l", "WARNING", *options):
        yield


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait(ready: Callable[[], bool]) -> None:
    """Poll until `ready`; raises TimeoutError."""
    deadline = time.monotonic() + READY_WITHIN
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError("a process of the benchmark did not become ready")
        time.sleep(0.02)
