"""Ends a running session from the command line, with or without its wrap-up."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions_app.enums import SessionState
from sessions_app.models import ConsultationSession
from sessions_app.services import sessions


class Command(BaseCommand):
    """Safe to run again: a session that has ended already stays as it is."""

    help = (
        "End session ID now: its wrap-up begins, and no new conversations can. With --erase the "
        "wrap-up is left out and erasure is due at once. A session that has ended stays as it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments."""
        parser.add_argument("session_id", metavar="ID", type=int)
        parser.add_argument("--erase", action="store_true", help="without wrap-up, erase at once")

    def handle(self, *_args: str, **options: Any) -> None:
        """End it and print the state that it is in now."""
        session = _session(options["session_id"])
        verb = sessions.end_and_erase if options["erase"] else sessions.end_early
        try:
            verb(session)
        except sessions.WrongState as error:
            if error.state is SessionState.PLANNED:
                raise CommandError(
                    f"Session {session.pk} has not begun; cancel it instead."
                ) from error
        session.refresh_from_db()
        self.stdout.write(f"Session {session.pk}: {session.state(timezone.now()).value}")


def _session(session_id: int) -> ConsultationSession:
    try:
        return ConsultationSession.objects.get(pk=session_id)
    except ConsultationSession.DoesNotExist as missing:
        raise CommandError(f"There is no session {session_id}.") from missing
