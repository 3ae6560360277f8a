"""An error that quotes what somebody wrote leaves only its kind and place in the log."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import cast

import pytest
from django.conf import settings

from sprechstunde.celery import app
from sprechstunde.logs import ContentFree

WORD = "kanari4711"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What the handler of the settings would write."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(ContentFree())
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@app.task(name="tests.canary.failing")
def failing() -> None:
    """Fail like a parser that quotes what it could not read."""
    raise ValueError(f"invalid literal: {WORD}")


def test_every_handler_of_the_settings_is_free_of_content() -> None:
    handlers = cast("dict[str, dict[str, list[str]]]", settings.LOGGING["handlers"])

    assert all("content_free" in handler["filters"] for handler in handlers.values())


def test_a_failing_task_logs_nothing_that_was_written(log: StringIO) -> None:
    failing.apply()

    assert "Task tests.canary.failing" in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert WORD not in log.getvalue()


def test_a_logged_error_keeps_its_kind_and_loses_its_text(log: StringIO) -> None:
    try:
        failing()
    except ValueError as error:
        logging.getLogger("tests.canary").exception("it failed (%s)", error)  # noqa: TRY401

    assert "it failed (ValueError)" in log.getvalue()
    assert WORD not in log.getvalue()


AS_IN_THE_WEB_PROCESS = f"""
import logging.config
import django, uvicorn.config
logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
django.setup()
try:
    raise ValueError("{WORD}")
except ValueError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
"""


def test_what_escapes_django_is_logged_without_its_text() -> None:
    command = [sys.executable, "-c", AS_IN_THE_WEB_PROCESS]

    logged = subprocess.run(command, capture_output=True, text=True, check=True).stderr

    assert "Exception in ASGI application" in logged
    assert "ValueError" in logged
    assert WORD not in logged
