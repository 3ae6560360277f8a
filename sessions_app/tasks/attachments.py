"""Fetch pictures and documents from Meta."""

from django.utils import timezone

from sessions_app.services import attachments
from sprechstunde.celery import app


@app.task(name="sessions_app.fetch_attachment")
def fetch_attachment(attachment_id: int) -> None:
    """Fetch one attachment."""
    attachments.fetch(attachment_id)


@app.task(name="sessions_app.fetch_due_attachments")
def fetch_due_attachments() -> None:
    """Find what waits although nobody rang."""
    attachments.fetch_due(timezone.now())
