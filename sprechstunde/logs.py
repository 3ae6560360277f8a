"""Keeps what citizens send out of the logs: a traceback is logged as types and places, never values."""

import logging
import traceback
from http import HTTPStatus

_CELERYS = {"exc": "an error", "traceback": ""}


class ContentFree(logging.Filter):
    """Replace a record's traceback by its exception types and code places.

    An exception's own text can hold what a citizen wrote (a database error quotes the row), so
    only the class names and the lines of code remain.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite `record` in place; always lets it pass."""
        if isinstance(record.args, dict) and "exc" in record.args:
            # Celery puts a failed task's error into the line itself.
            record.args = {**record.args, **_CELERYS}
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "\n".join(_places(record.exc_info[1]))
            record.exc_info = None
        if isinstance(record.args, tuple) and any(
            isinstance(a, BaseException) for a in record.args
        ):
            record.args = tuple(_harmless(argument) for argument in record.args)
        return True


class NotReadyIsAnAnswer(logging.Filter):
    """Leave out Django's error line for `/readyz`: who asks gets the reason, again and again."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything else pass."""
        path = getattr(getattr(record, "request", None), "path", "")
        return not (
            path == "/readyz"
            and getattr(record, "status_code", 0) == HTTPStatus.SERVICE_UNAVAILABLE
        )


def _harmless(argument: object) -> object:
    return type(argument).__name__ if isinstance(argument, BaseException) else argument


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    cause = error.__cause__ or error.__context__
    return [type(error).__qualname__, *lines, *(_places(cause) if cause else [])]
