"""Tries out the settings for e-mail: log-in, encryption, reports, mailbox, DNS."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from routing.mail import checkup
from routing.mail.checkup import Level


class Command(BaseCommand):
    """Sends and changes nothing."""

    help = (
        "Check the settings for e-mail: connects to EMAIL_URL and INBOX_URL as the portal does, "
        "looks at encryption, log-in and delivery reports, and looks up SPF, DKIM and DMARC of the "
        "sender's domain. Sends nothing, prints no password. Ends with 0 only if nothing failed; "
        "a hint is no failure."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Define the arguments."""
        languages = [code for code, _name in settings.LANGUAGES]
        parser.add_argument("--language", choices=languages, default=settings.LANGUAGE_CODE)
        parser.add_argument("--dkim-selector", default="", help="selector of the DKIM key")

    def handle(self, *_args: str, **options: Any) -> None:
        """Print each finding; raise if one of them is a failure."""
        failures = 0
        with translation.override(options["language"]):
            for finding in checkup.findings(dkim_selector=options["dkim_selector"]):
                self.stdout.write(f"{finding.level:4} {finding.text}")
                failures += finding.level is Level.FAIL
            if failures:
                raise CommandError(_("E-mail does not work yet."))
            self.stdout.write(_("E-mail works."))
