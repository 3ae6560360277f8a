"""Keeps error reports free of anything a person wrote, sent or is called."""

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter


class NothingPersonal(SafeExceptionReporterFilter):
    """Hides all local variables, form values, cookies, headers and settings, sensitive or not.

    For `DEFAULT_EXCEPTION_REPORTER_FILTER`. Query strings, upload names and the exception's own
    text are out of a filter's reach: `PlacesOnly` takes those away.
    """

    def is_active(self, request: HttpRequest | None) -> bool:
        """Filter in debug mode too."""
        return True

    def get_safe_settings(self) -> dict[str, Any]:
        """Show no settings."""
        return {}

    def get_safe_request_meta(self, request: HttpRequest | None) -> dict[str, Any]:
        """Show no headers, addresses or query string."""
        return {}

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        """Show no cookies."""
        return {}

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Show no form values."""
        return {}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        """Show no local variables."""
        return dict[str, Any]().items()


class PlacesOnly(ExceptionReporter):
    """Reports where it failed and with which class of error, and nothing of the request.

    For `DEFAULT_EXCEPTION_REPORTER`. An error's own text may quote a row or an upload.
    """

    def __init__(self, request: HttpRequest | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(None, *args, **kwargs)

    def get_traceback_data(self) -> dict[str, Any]:
        """Return Django's report without the error's text, notes and offending characters."""
        report = super().get_traceback_data()
        return report | {"exception_value": "", "exception_notes": "", "unicode_hint": ""}
