"""What workers do: ids in, one service called, safe to run twice."""

from sessions_app.tasks import delivery

__all__ = ["delivery"]
