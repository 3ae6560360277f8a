"""Lists all sessions for scripts: one JSON object a line, nothing about persons."""

import json
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from sessions_app.queries.sessions import Counted, all_counted


class Command(BaseCommand):
    """Reads only."""

    help = (
        "Print one JSON object a line for every session: id, office (short name), start, end "
        "(ISO 8601 in the office's time zone), state now, and counts of what is stored of it."
    )

    def handle(self, *_args: str, **_options: Any) -> None:
        """Print the lines."""
        for counted in all_counted():
            self.stdout.write(json.dumps(_line(counted), ensure_ascii=False))


def _line(counted: Counted) -> dict[str, object]:
    session = counted.session
    zone = session.office.zone
    return {
        "id": session.pk,
        "office": session.office.slug,
        "start": session.starts_at.astimezone(zone).isoformat(timespec="seconds"),
        "end": session.ends_at.astimezone(zone).isoformat(timespec="seconds"),
        "closes": session.closes_at.astimezone(zone).isoformat(timespec="seconds"),
        "state": session.state(timezone.now()).value,
        "counts": counted.counts,
    }
