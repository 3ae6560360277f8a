"""Rings for a worker after the commit. The database is the outbox: a lost ring loses nothing."""

import logging
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError

from sprechstunde.celery import app

log = logging.getLogger(__name__)


def ring(task: str, *ids: int) -> None:
    """Enqueue the task named `task` with primary keys once the transaction has committed.

    Services ring by name, so that tasks can stand above services and import them. If the broker
    is away, a line is logged and the next tick of beat finds the work in the database.
    """
    transaction.on_commit(partial(_send, task, ids))


def _send(task: str, ids: tuple[int, ...]) -> None:
    try:
        app.send_task(task, args=ids, ignore_result=True)
    except (OperationalError, OSError):
        log.warning("broker away: %s was not rung for and waits for the next tick", task)
