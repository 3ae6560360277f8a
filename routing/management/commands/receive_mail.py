"""Takes one raw e-mail from standard input, for the pipe of a mail server."""

import logging
import sys
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.services.mail_in import incoming

log = logging.getLogger(__name__)

# sysexits.h: the mail server keeps the mail and tries again, or tells the sender.
EX_DATAERR: Final = 65
EX_TEMPFAIL: Final = 75


class Command(BaseCommand):
    """Safe to run again: the same mail is stored once."""

    help = (
        "Take one raw e-mail from standard input. Ends with 0 once it is safely stored (also if it "
        "was before), with 75 (EX_TEMPFAIL) if it cannot be stored now, so that the mail server "
        "keeps it and tries again, and with 65 if there is nothing or far too much to read."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """There are none beside Django's own."""

    def handle(self, *_args: str, **_options: Any) -> None:
        """Store it and say what it was taken for."""
        most = 4 * settings.INBOX_MAX_BYTES
        raw = sys.stdin.buffer.read(most + 1)
        if not raw.strip() or len(raw) > most:
            raise CommandError("Nothing to read, or far too much.", returncode=EX_DATAERR)
        self.stdout.write(_received(raw))


def _received(raw: bytes) -> str:
    try:
        return incoming.receive(raw, now=timezone.now()).outcome
    except Exception as error:  # noqa: BLE001
        # Whatever it is: any other exit code would make the mail server give up on the mail.
        log.warning("an incoming mail could not be stored: %s", type(error).__name__)
        raise CommandError("Not stored; try again later.", returncode=EX_TEMPFAIL) from None
