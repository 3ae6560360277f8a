"""The web server's entry: live streams go to Django's ASGI handler, everything else to WSGI threads.

Django's ASGI handler with synchronous middleware is ten times slower than its WSGI handler on the
same server, and only the streams need it (docs/adr/0002-one-server-two-handlers.md).
"""

import os
from importlib import import_module
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sprechstunde.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from sprechstunde.gathered import Gathered

LIVE_SUFFIX = "/live/"
WEBHOOK = "/webhooks/whatsapp/"
WEB_THREADS = 16

_streams = get_asgi_application()
_pages = WSGIMiddleware(cast("Any", get_wsgi_application()), workers=WEB_THREADS)
# All views are loaded now, or the first requests would wait for it, one of them Meta's.
_ = get_resolver().url_patterns
webhook = import_module("sessions_app.views.webhook")  # not before Django is set up
_webhooks = Gathered(webhook.answers, signature=webhook.SIGNATURE, limit=settings.WEBHOOK_MAX_BYTES)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Dispatch one ASGI connection: a path that ends in `/live/` is a stream."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["path"] == WEBHOOK and scope.get("method") == "POST":
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
