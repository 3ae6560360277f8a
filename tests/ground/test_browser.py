"""A browser for tests is found on every machine."""

import pytest
from playwright.sync_api import Browser


@pytest.mark.browser
def test_chromium_runs_scripts(chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_content("<p>19 + 4</p>")

    answer = page.evaluate("eval(document.querySelector('p').textContent)")

    assert answer == 23
