"""The floor on the portal's own split: streams on ASGI, everything else on as many WSGI threads."""

import os
from typing import Any, cast

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.floor.settings"

from a2wsgi import WSGIMiddleware
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

_streams = get_asgi_application()
_pages = WSGIMiddleware(cast("Any", get_wsgi_application()), workers=16)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Dispatch one ASGI connection."""
    live = scope["type"] == "http" and scope["path"].endswith("/live/")
    await (_streams if live else _pages)(scope, receive, send)
