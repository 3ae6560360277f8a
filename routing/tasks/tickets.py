"""Erase tickets that are due, remind departments, let answers go that could not before."""

from django.utils import timezone

from routing.services.erasing import retention
from routing.services.work import deadlines, handover
from sprechstunde.celery import app


@app.task(name="routing.erase_due_tickets")
def erase_due_tickets() -> None:
    """Erase what is due."""
    retention.erase_due(timezone.now())


@app.task(name="routing.remind_and_escalate")
def remind_and_escalate() -> None:
    """Remind departments and tell the mayor's office what is late."""
    deadlines.remind_and_escalate(timezone.now())


@app.task(name="routing.settle_answers")
def settle_answers() -> None:
    """Find answers that may go and were not queued, and those that never can."""
    handover.settle_waiting(timezone.now())
