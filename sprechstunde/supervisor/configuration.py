"""The supervisor's own reading of the environment; everything else is read by the programs themselves."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sprechstunde.supervisor.children import ROOT

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class ConfigurationError(Exception):
    """A setting cannot be understood; the text says which."""


@dataclass(frozen=True)
class Configuration:
    """Where we work and listen, and the environment that children get."""

    var_dir: Path
    host: str
    port: int
    simulator_port: int
    environment: Mapping[str, str] = field(repr=False)

    @property
    def has_redis(self) -> bool:
        """Whether a Redis was given, so that none has to be started."""
        return any(self.environment.get(name) for name in ("REDIS_URL", "REDIS_URL_FILE"))

    @property
    def portal_url(self) -> str:
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def host_header(self) -> str:
        """A host name that the portal answers to (`ALLOWED_HOSTS`)."""
        first = self.environment.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
        return "localhost" if first in ("", "*") else first


def read(*, dotenv: bool) -> Configuration:
    """The configuration from the environment, completed by `.env` if `dotenv`. Raises ConfigurationError."""
    environment = dict(os.environ)
    if dotenv and (ROOT / ".env").is_file():
        environment = {**dict(assignments((ROOT / ".env").read_text("utf-8"))), **environment}
    var_dir = ROOT / Path(environment.get("VAR_DIR") or "var").expanduser()
    environment["VAR_DIR"] = str(var_dir)
    environment.setdefault("PYTHONUNBUFFERED", "1")
    # Without it every thread of the worker gets an arena of its own.
    environment.setdefault("MALLOC_ARENA_MAX", "2")
    return Configuration(
        var_dir=var_dir,
        host=environment.get("HOST") or "127.0.0.1",
        port=_port(environment, "PORT", 8000),
        simulator_port=_port(environment, "SIMULATOR_PORT", 8900),
        environment=environment,
    )


def assignments(text: str) -> Iterator[tuple[str, str]]:
    """Names and values of a `.env` file: `NAME=value`, quotes as in a shell, `#` starts a comment."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(line)
        if match is None:
            raise ConfigurationError(f".env, line {number}: expected NAME=value")
        try:
            yield match[1], " ".join(shlex.split(match[2], comments=True))
        except ValueError as error:
            raise ConfigurationError(f".env, line {number}: {error}") from None


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    given = environment.get(name) or str(default)
    if not given.isdecimal() or not 0 < int(given) < 65536:
        raise ConfigurationError(f"{name} must be a port number")
    return int(given)
