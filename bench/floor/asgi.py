"""The floor on the portal's own split of streams and pages."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.floor.settings"

from sprechstunde.asgi import application

__all__ = ["application"]
