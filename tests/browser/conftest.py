"""What the desk's browser tests share: the portal as it runs, and desks opened on it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import desks
from tests.live import server as web


@pytest.fixture(scope="module")
def server(django_db_setup: None) -> Iterator[web.Server]:
    with web.running() as running:
        yield running


@pytest.fixture
def open_desk(chromium: Browser, server: web.Server) -> Iterator[desks.Opener]:
    with desks.opening(chromium, server) as opener:
        yield opener
