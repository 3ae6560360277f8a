"""Send what waits in the outbox; tell the citizen's phone what was read."""

from django.utils import timezone

from sessions_app.services.outbound import delivery, read_receipts
from sprechstunde.celery import app


@app.task(name="sessions_app.deliver")
def deliver(conversation_id: int) -> None:
    """Send a conversation's queue in order."""
    delivery.deliver(conversation_id)


@app.task(name="sessions_app.deliver_due")
def deliver_due() -> None:
    """Find what waits although nobody rang."""
    delivery.deliver_due(timezone.now())


@app.task(name="sessions_app.mark_read")
def mark_read(conversation_id: int) -> None:
    """Mark a conversation as read on the citizen's phone."""
    read_receipts.mark_read(conversation_id)


@app.task(name="sessions_app.show_typing")
def show_typing(conversation_id: int) -> None:
    """Show on the citizen's phone that somebody types."""
    read_receipts.show_typing(conversation_id)
