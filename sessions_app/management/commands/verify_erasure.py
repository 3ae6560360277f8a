"""Looks whether anything is left of past sessions, and says what it looked at."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions_app.models import ConsultationSession
from sessions_app.services.erasing import verification


class Command(BaseCommand):
    """Reads only."""

    help = (
        "Verify that nothing is left of session ID, or of all sessions that are closed or "
        "cancelled: rows, files, keys, rests in SQLite's files, erasure records and their chain. "
        "Prints what it looked at, no personal data. Ends with 0 only if nothing is left. Write "
        "the newest digest down elsewhere: it proves later that no record was changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments."""
        parser.add_argument("session_id", metavar="ID", type=int, nargs="?")

    def handle(self, *_args: str, **options: Any) -> None:
        """Print each finding; raise if one of them is not clean."""
        left = 0
        for finding in self.findings(options["session_id"]):
            self.stdout.write(f"{'ok  ' if finding.is_clean else 'LEFT'} {finding.text}")
            left += not finding.is_clean
        if left:
            raise CommandError(f"{left} of these show that something is left.")
        self.stdout.write("Nothing is left.")

    def findings(self, session_id: int | None) -> Iterator[verification.Finding]:
        """Look at one session, or at all that are over and at what belongs to nobody."""
        if session_id is not None:
            yield from verification.examine([_session(session_id)])
            return
        yield from verification.examine(verification.past_sessions(timezone.now()))
        yield from verification.examine_orphans()


def _session(session_id: int) -> ConsultationSession:
    try:
        return ConsultationSession.objects.get(pk=session_id)
    except ConsultationSession.DoesNotExist as missing:
        raise CommandError(f"There is no session {session_id}.") from missing
