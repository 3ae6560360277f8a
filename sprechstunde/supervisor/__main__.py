"""`python -m sprechstunde.supervisor run|demo`: the whole installation in one terminal."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sprechstunde.supervisor import configuration as settings
from sprechstunde.supervisor import demo, embedded_redis, preparation, programs, readiness
from sprechstunde.supervisor.children import LOOK_EVERY, Child, end, say, tend
from sprechstunde.supervisor.claims import ClaimError, require_free, sole_supervisor
from sprechstunde.supervisor.configuration import Configuration

REDIS_READY_WITHIN = 10.0
DEMO_READY_WITHIN = 120.0
# Together under the ten seconds in which everything has to be gone.
PROGRAMS_END_WITHIN = 8.0
REDIS_ENDS_WITHIN = 1.0
INSISTS_AFTER = 0.5
ASK_EVERY = 0.25

FAILURES = (
    ClaimError,
    settings.ConfigurationError,
    embedded_redis.RedisMissingError,
    preparation.PreparationError,
)


class Stopped(Exception):
    """Somebody asked us to end."""


class Wish:
    """A signal to end: the first asks, a later one insists.

    `make` passes SIGTERM on, so that a signal to the whole process group arrives here twice.
    """

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.at_once = threading.Event()
        self._asked_at = 0.0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._heard)

    def _heard(self, *_: object) -> None:
        if not self.stop.is_set():
            self._asked_at = time.monotonic()
            self.stop.set()
        elif time.monotonic() - self._asked_at > INSISTS_AFTER:
            self.at_once.set()


def main() -> int:
    parser = argparse.ArgumentParser(prog="sprechstunde.supervisor", description=__doc__)
    parser.add_argument("mode", choices=("run", "demo"))
    mode = parser.parse_args().mode
    os.umask(0o077)
    wish = Wish()
    try:
        with prepared(
            settings.read(dotenv=mode == "run"), demo_mode=mode == "demo"
        ) as configuration:
            (oversee_demo if mode == "demo" else oversee_run)(configuration, wish)
    except FAILURES as error:
        return 0 if wish.stop.is_set() else _failed(error)
    except Stopped:
        return 0
    return 0


def _failed(error: Exception) -> int:
    print(error, file=sys.stderr)
    return 1


@contextmanager
def prepared(configuration: Configuration, *, demo_mode: bool) -> Iterator[Configuration]:
    """Claim the directory and the ports for as long as the block runs."""
    preparation.make_directories(configuration.var_dir)
    with sole_supervisor(configuration.var_dir):
        require_free(configuration.host, configuration.port, "PORT")
        if demo_mode:
            require_free("127.0.0.1", configuration.simulator_port, "SIMULATOR_PORT")
        yield configuration


def oversee_run(given: Configuration, wish: Wish) -> None:
    with with_redis(given, wish) as (configuration, redis):
        preparation.migrate(configuration, wish.stop)
        preparation.collect_static(configuration, wish.stop)
        children = portal(configuration)
        with running(children, wish):
            await_ready([*redis, *children], lambda: portal_ready(configuration), wish)
            say("supervisor", f"ready: {configuration.portal_url}/")
            watch([*redis, *children], wish)


def oversee_demo(given: Configuration, wish: Wish) -> None:
    path = given.var_dir / demo.ADDRESSES_FILE
    path.unlink(missing_ok=True)
    drawn = demo.kept_secrets(given.var_dir)
    mail = demo.draw_mail_ports()
    with with_redis(demo.configured(given, drawn, mail), wish) as (configuration, redis):
        children = [Child(programs.simulator(configuration))]
        with running(children, wish):
            preparation.migrate(configuration, wish.stop)
            preparation.collect_static(configuration, wish.stop)
            children += portal(configuration)
            tend(children, time.monotonic())
            logins = seed(configuration, wish)
            await_ready(
                [*redis, *children], lambda: demo_ready(configuration), wish, DEMO_READY_WITHIN
            )
            demo.write_private(path, demo.addresses(configuration, drawn, mail, logins))
            print(demo.greeting(configuration, logins), flush=True)
            try:
                watch([*redis, *children], wish)
            finally:
                path.unlink(missing_ok=True)


def portal(configuration: Configuration) -> list[Child]:
    return [Child(make(configuration)) for make in (programs.web, programs.worker, programs.beat)]


def seed(configuration: Configuration, wish: Wish) -> list[Mapping[str, str]]:
    """Sample data; returns the logins it made."""
    program = programs.manage(configuration, "seed_demo", "--json")
    answer = json.loads(preparation.run(program, wish.stop, capture=True))
    logins: list[Mapping[str, str]] = answer["logins"]
    return logins


@contextmanager
def with_redis(
    configuration: Configuration, wish: Wish
) -> Iterator[tuple[Configuration, list[Child]]]:
    """The given Redis, or one of our own for as long as the block runs."""
    if configuration.has_redis:
        yield configuration, []
        return
    socket = embedded_redis.socket_path(configuration.var_dir)
    if socket.parent != configuration.var_dir:
        say("supervisor", f"VAR_DIR is too long for a socket: Redis listens at {socket}")
    redis = [Child(programs.redis(configuration, socket))]
    try:
        tend(redis, time.monotonic())
        await_ready(redis, lambda: readiness.redis_answers(socket), wish, REDIS_READY_WITHIN)
        environment = {**configuration.environment, "REDIS_URL": f"unix://{socket}"}
        yield replace(configuration, environment=environment), redis
    finally:
        end(redis, within=REDIS_ENDS_WITHIN, at_once=wish.at_once)
        _remove_socket(socket, configuration.var_dir)


def _remove_socket(socket: Path, var_dir: Path) -> None:
    socket.unlink(missing_ok=True)
    if socket.parent != var_dir:
        shutil.rmtree(socket.parent, ignore_errors=True)


@contextmanager
def running(children: list[Child], wish: Wish) -> Iterator[None]:
    """Run the children for as long as the block runs, also those that it adds."""
    try:
        tend(children, time.monotonic())
        yield
    finally:
        end(children, within=PROGRAMS_END_WITHIN, at_once=wish.at_once)


def portal_ready(configuration: Configuration) -> bool:
    return (
        readiness.http_status(f"{configuration.portal_url}/readyz", configuration.host_header)
        == 200
    )


def demo_ready(configuration: Configuration) -> bool:
    simulator = readiness.http_status(f"{configuration.simulator_url}/control/health")
    return simulator == 200 and portal_ready(configuration)


def await_ready(
    children: list[Child], ready: Callable[[], bool], wish: Wish, within: float | None = None
) -> None:
    """Tend the children until `ready`. Raises PreparationError after `within` seconds, Stopped on a wish."""
    deadline = None if within is None else time.monotonic() + within
    while not ready():
        if deadline is not None and time.monotonic() > deadline:
            raise preparation.PreparationError(f"Not ready within {within:.0f} s; see above.")
        _wait(children, wish, ASK_EVERY)


def watch(children: list[Child], wish: Wish) -> None:
    """Tend the children until somebody wishes to stop. Raises Stopped."""
    while True:
        _wait(children, wish, LOOK_EVERY)


def _wait(children: list[Child], wish: Wish, seconds: float) -> None:
    if wish.stop.wait(seconds):
        say("supervisor", "stopping")
        raise Stopped
    tend(children, time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
