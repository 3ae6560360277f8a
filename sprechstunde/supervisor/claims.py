"""What only one supervisor may have: the `VAR_DIR` it works in and the ports it listens on."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ClaimError(Exception):
    """Somebody else has what we need; the text says what to do."""


@contextmanager
def sole_supervisor(var_dir: Path) -> Iterator[None]:
    """Hold the lock of `var_dir`; the system releases it however we end. Raises ClaimError."""
    with (var_dir / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ClaimError(
                f"A supervisor (process {lock.read().strip() or 'unknown'}) already runs in {var_dir}:"
                " stop it, or set another VAR_DIR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def require_free(host: str, port: int, setting: str) -> None:
    """Raise ClaimError if `port` cannot be listened on; `setting` is the name of the variable for it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            raise ClaimError(
                f"Port {port} on {host} cannot be used ({error.strerror}):"
                f" stop what listens there, or set another {setting}."
            ) from None
