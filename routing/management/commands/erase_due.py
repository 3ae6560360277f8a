"""Erases now what is due, tickets too: for cron, after a restored backup, while no worker lives."""

from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from routing.models import TicketErasure
from routing.services.erasing import retention, sweep
from sessions_app.management.commands import erase_due


class Command(erase_due.Command):
    """Safe to run again and beside workers."""

    help = (
        f"{erase_due.Command.help} Tickets whose time has come are erased as well; with "
        "--after-restore also those whose keys were destroyed after the backup was made."
    )

    def handle(self, *args: str, **options: Any) -> None:
        """Erase and say how many sessions and tickets are still due."""
        if options["after_restore"]:
            sweep.withdraw_unreadable()
            sweep.reopen_erased()
        now = timezone.now()
        before = len(retention.due(now)) + _open_records().count()
        retention.erase_due(now)
        left = {*retention.due(now), *(record.ticket for record in _open_records())}
        self.stdout.write(f"{max(before - len(left), 0)} tickets erased, {len(left)} still due")
        super().handle(*args, **options)
        if left:
            raise CommandError(f"tickets not erased: {sorted(ticket.pk for ticket in left)}")


def _open_records() -> Any:
    return TicketErasure.objects.filter(finished_at=None).select_related("ticket")
