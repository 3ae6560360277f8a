"""Looks whether anything is left of past sessions and erased tickets, and says what it looked at."""

from collections.abc import Iterator

from django.utils import timezone

from routing.services.erasing import check
from sessions_app.management.commands import verify_erasure
from sessions_app.services.erasing.verification import Finding


class Command(verify_erasure.Command):
    """Reads only."""

    help = f"{verify_erasure.Command.help} Without ID it looks at erased tickets as well."

    def findings(self, session_id: int | None) -> Iterator[Finding]:
        """Look at sessions, then at tickets."""
        yield from super().findings(session_id)
        if session_id is None:
            yield from check.examine(timezone.now())
