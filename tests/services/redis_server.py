"""A real Redis for a test run, reachable over a unix socket in a directory of its own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from sprechstunde.supervisor import embedded_redis

READY_WITHIN = 60.0


@contextmanager
def running(socket: Path) -> Iterator[redis.Redis]:
    """Run a Redis at `socket` and yield a client of it."""
    process = subprocess.Popen(embedded_redis.command(socket), stdout=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=str(socket))
    try:
        wait_until_ready(client, process)
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait()


def wait_until_ready(client: redis.Redis, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"Redis did not answer within {READY_WITHIN} s (exit {process.returncode})")
