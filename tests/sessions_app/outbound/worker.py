"""A real Celery worker, as a process of its own, on the database and Redis of the test."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[3]
OPTIONS = "-P threads -c 8 --without-gossip --without-mingle --without-heartbeat --loglevel WARNING"


@contextmanager
def running() -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; it talks to the Meta of the settings."""
    environment = {
        **os.environ,
        "DATABASE_URL": _database_url(),
        "WHATSAPP_API_URL": settings.WHATSAPP_API_URL,
    }
    command = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "-A", "sprechstunde"]
    process = subprocess.Popen([*command, "worker", *OPTIONS.split()], cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return re.sub(r"/[^/?]*(\?|$)", rf"/{name}\1", os.environ["DATABASE_URL"], count=1)
