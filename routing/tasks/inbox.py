"""Read the portal's mailbox, and forget what lay in quarantine too long."""

from threading import Event
from typing import Any

from celery.signals import worker_shutting_down
from django.utils import timezone

from routing.services.mail_in import inbox, incoming
from sprechstunde.celery import app

_stopping = Event()


@app.task(name="routing.fetch_mail")
def fetch_mail() -> None:
    """Take in what is there and wait for more, for two minutes at most."""
    inbox.watch(_stopping)


@app.task(name="routing.forget_old_mail")
def forget_old_mail() -> None:
    """Erase incoming mails that have lain here for 30 days."""
    incoming.forget_old(timezone.now())


@worker_shutting_down.connect
def stop_waiting(**_context: Any) -> None:
    """A worker that is told to stop shall not wait for the mailbox."""
    _stopping.set()
