"""An error report says where and which class, and repeats nothing that anyone wrote."""

import pytest
from django.test import RequestFactory
from django.urls import URLPattern
from django.views.debug import ExceptionReporter
from pytest_django.fixtures import Settings

from sprechstunde.vault.reporting import NothingPersonal, PlacesOnly

CANARY = "Kanarienvogel"

urlpatterns: list[URLPattern] = []  # a report asks which view was meant


@pytest.fixture(autouse=True)
def _no_views(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


def _report(reporter: type[ExceptionReporter], *, query: str = "", error: str = "failed") -> str:
    request = RequestFactory().post(
        f"/desk/?q={query}", {"reply": CANARY}, headers={"authorization": CANARY}
    )
    request.COOKIES["sessionid"] = CANARY
    with pytest.raises(ValueError, match=error) as failure:
        _fail(CANARY, error)
    report = reporter(request, failure.type, failure.value, failure.tb)
    return report.get_traceback_html() + report.get_traceback_text()


def _fail(words: str, error: str) -> None:
    raise ValueError(error)


@pytest.mark.parametrize("debug", [True, False])
def test_filter_hides_variables_form_cookies_headers_and_settings(
    settings: Settings, debug: bool
) -> None:
    settings.DEBUG = debug
    settings.SOME_SETTING = CANARY
    settings.DEFAULT_EXCEPTION_REPORTER_FILTER = (
        f"{NothingPersonal.__module__}.{NothingPersonal.__qualname__}"
    )

    report = _report(ExceptionReporter)

    assert "_fail" in report
    assert CANARY not in report


def test_reporter_hides_the_address_and_the_text_of_the_error_too() -> None:
    report = _report(PlacesOnly, query=CANARY, error=CANARY)

    assert "ValueError" in report
    assert CANARY not in report
