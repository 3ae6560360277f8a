"""What workers do: ids in, one service called, safe to run twice."""

from sessions_app.tasks import attachments, delivery, erasure, pulse

__all__ = ["attachments", "delivery", "erasure", "pulse"]
