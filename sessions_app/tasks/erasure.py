"""Erase what is due, at once when rung for and by a short tick in any case."""

from django.utils import timezone

from sessions_app.services.erasing import erasure
from sprechstunde.celery import app


@app.task(name="sessions_app.erase")
def erase(session_id: int) -> None:
    """Say farewell in a closed session and erase it; a running one is left alone."""
    erasure.erase_closed(session_id)


@app.task(name="sessions_app.erase_conversation")
def erase_conversation(conversation_id: int) -> None:
    """Erase what a citizen wished to be erased."""
    erasure.erase_conversation(conversation_id)


@app.task(name="sessions_app.erase_due")
def erase_due() -> None:
    """Find what is due although nobody rang."""
    erasure.erase_due(timezone.now())
