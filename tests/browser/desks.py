"""Desks in real browsers: one page for each member of staff, on the portal as it runs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect

from sessions_app.models import ConsultationSession, Conversation, Message, Staff
from sprechstunde.live.events import announce
from tests import factories
from tests.live import server as web

SOON = 40_000  # ms; how long a page may take on a busy machine

Opener = Callable[..., Page]


@contextmanager
def opening(chromium: Browser, server: web.Server) -> Iterator[Opener]:
    """Yield a function that opens a desk for somebody; all are closed in the end."""
    with ExitStack() as stack:

        def opened(staff: Staff, path: str, **options: Any) -> Page:
            context = chromium.new_context(locale="de-DE", **options)
            stack.callback(context.close)
            context.set_default_timeout(SOON)
            cookie = {"name": "sessionid", "value": web.login_cookie(staff), "url": server.url}
            context.add_cookies([cookie])  # type: ignore[list-item]
            page = context.new_page()
            page.goto(f"{server.url}{path}")
            return page

        yield opened


def hears(page: Page) -> None:
    """Wait until the page's stream is connected."""
    page.wait_for_function("() => document.getElementById('live')?._htmx?.sse?.reader")


def address(of: Conversation | ConsultationSession) -> str:
    """The desk's path of a session or a conversation."""
    if isinstance(of, Conversation):
        return f"/desk/{of.session_id}/{of.pk}/"
    return f"/desk/{of.pk}/"


def writes(conversation: Conversation, text: str, **fields: Any) -> Message:
    """Let a message come in as the webhook does: the row, then the event."""
    message = factories.message(conversation, text, **fields)
    announce(conversation.session_id, f"conversation-{conversation.pk}")
    return message


def shows(page: Page, selector: str, text: str) -> None:
    """Wait until the element shows the text."""
    expect(page.locator(selector)).to_contain_text(text, timeout=SOON)
