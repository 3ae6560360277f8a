"""Hear what citizens reply in the chat about their questions, and settle what got no reply."""

from django.utils import timezone

from routing.services.forward import dialogue
from sprechstunde.celery import app


@app.task(name=dialogue.LISTENER)
def hear(conversation_id: int, message_id: int) -> None:
    """Take in a citizen's message."""
    dialogue.hear(conversation_id, message_id)


@app.task(name="routing.settle_dialogues")
def settle_dialogues() -> None:
    """Find what gets no reply any more, and what nobody rang for."""
    dialogue.settle_due(timezone.now())
