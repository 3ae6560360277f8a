"""The worker's sign of life: it came through beat, broker and worker, so all three live."""

from typing import Any

from celery.signals import worker_ready

from sessions_app.services import health
from sprechstunde.celery import app


@app.task(name="sessions_app.heartbeat")
def heartbeat() -> None:
    """Note that a worker works."""
    health.beat()


@worker_ready.connect
def first_heartbeat(**_context: Any) -> None:
    """Be ready at once, not only after the first tick."""
    health.beat()
