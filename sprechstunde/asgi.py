"""The web server's entry: live streams go to Django's ASGI handler, everything else to WSGI threads.

Django's ASGI handler with synchronous middleware is ten times slower than its WSGI handler on the
same server, and only the streams need it (docs/adr/0002-one-server-two-handlers.md).
"""

import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprechstunde.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from sprechstunde.buffered import BufferedWSGI

LIVE_SUFFIX = "/live/"
WEBHOOK = "/webhooks/whatsapp/"
WEB_THREADS = 16
WEBHOOK_THREADS = 4  # more only wait for each other, at the database and for the interpreter


class _WithoutMiddleware(WSGIHandler):
    """Django for a caller that is no browser: cookies, languages and page policies cost a tenth."""

    def load_middleware(self, is_async: bool = False) -> None:
        """Leave the settings' middleware out."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        answer = cast("Any", self)._get_response  # noqa: SLF001 (what a middleware chain ends in)
        self._middleware_chain = convert_exception_to_response(answer)


_streams = get_asgi_application()
_pages = WSGIMiddleware(cast("Any", get_wsgi_application()), workers=WEB_THREADS)
_webhooks = BufferedWSGI(
    cast("Any", _WithoutMiddleware()), threads=WEBHOOK_THREADS, limit=settings.WEBHOOK_MAX_BYTES
)
# All views are loaded now, or the first requests would wait for it, one of them Meta's.
_ = get_resolver().url_patterns


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Dispatch one ASGI connection: a path that ends in `/live/` is a stream."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"] == WEBHOOK:
        await _webhooks(scope, receive, send)
    elif scope["path"].endswith(LIVE_SUFFIX):
        await _streams(scope, receive, send)
    else:
        await _pages(scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        event = await receive()
        await send({"type": f"{event['type']}.complete"})
        if event["type"] == "lifespan.shutdown":
            return
