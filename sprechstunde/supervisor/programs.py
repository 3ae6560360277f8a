"""The programs that make up an installation, as command lines."""

from __future__ import annotations

import sys
from pathlib import Path

from sprechstunde.supervisor import embedded_redis
from sprechstunde.supervisor.children import Program
from sprechstunde.supervisor.configuration import Configuration

WORKER_THREADS = 32
STREAMS_END_WITHIN = 5


def redis(configuration: Configuration, socket: Path) -> Program:
    return Program("redis", embedded_redis.command(socket), configuration.environment)


def web(configuration: Configuration) -> Program:
    options = [
        "--host", configuration.host,
        "--port", str(configuration.port),
        # Open streams never end by themselves.
        "--timeout-graceful-shutdown", str(STREAMS_END_WITHIN),
        # Access logs would print addresses of citizens and staff.
        "--no-access-log",
        "--log-level", "warning",
    ]  # fmt: skip
    return _python("web", ["uvicorn", "sprechstunde.asgi:application", *options], configuration)


def worker(configuration: Configuration) -> Program:
    options = [
        "--pool", "threads",
        "--concurrency", str(WORKER_THREADS),
        "--loglevel", "WARNING",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
    return _python(
        "worker", ["celery", "--quiet", "-A", "sprechstunde", "worker", *options], configuration
    )


def beat(configuration: Configuration) -> Program:
    # The ticks are short and find due work by themselves: nothing to remember in a file.
    options = ["--scheduler", "celery.beat:Scheduler", "--loglevel", "WARNING", "--pidfile", ""]
    return _python(
        "beat", ["celery", "--quiet", "-A", "sprechstunde.beat", "beat", *options], configuration
    )


def simulator(configuration: Configuration) -> Program:
    return _python("simulator", ["sprechstunde.simulator"], configuration)


def manage(configuration: Configuration, *arguments: str) -> Program:
    """A management command, under its own name."""
    return Program(
        arguments[0], [sys.executable, "manage.py", *arguments], configuration.environment
    )


def _python(name: str, arguments: list[str], configuration: Configuration) -> Program:
    return Program(name, [sys.executable, "-m", *arguments], configuration.environment)
