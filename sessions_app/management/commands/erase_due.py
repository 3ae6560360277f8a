"""Erases now what is due; for a cron job, after a restored backup, and while no worker lives."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sessions_app.models import ConsultationSession
from sessions_app.services.erasing import erasure, leftovers


class Command(BaseCommand):
    """Safe to run again and beside workers."""

    help = (
        "Erase all sessions that are closed or cancelled, and conversations whose citizen wished "
        "it. Ends with 1 if something that is due could not be erased yet; run it again then. "
        "In the first 20 seconds after its end a session may still be saying farewell."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments."""
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="look for rows, files and keys of erased sessions at once, not once a minute",
        )

    def handle(self, *_args: str, **options: Any) -> None:
        """Erase and say how many sessions are still due."""
        if options["after_restore"]:
            leftovers.reopen_erased()
        before = _due()
        erasure.erase_due(timezone.now())
        left = _due() & before
        self.stdout.write(f"{len(before - left)} sessions erased, {len(left)} still due")
        if left:
            raise CommandError(f"not erased: {sorted(left)}")


def _due() -> set[int]:
    due = ConsultationSession.objects.to_be_erased(timezone.now())
    return set(due.values_list("pk", flat=True))
