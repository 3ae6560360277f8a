"""The proof that a ticket was erased: counts only."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from routing.enums import Party


class TicketErasure(models.Model):
    """One ticket's erasure; finished only when a check has found nothing left."""

    ticket = models.OneToOneField("Ticket", on_delete=models.PROTECT, related_name="erasure")
    party = models.CharField(max_length=7, choices=Party)  # who caused it
    software_version = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    keys = models.PositiveIntegerField(default=0)
    remaining = models.PositiveIntegerField(null=True)  # what the check found; 0 is the proof
    compacted = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("erasure of a ticket")
        verbose_name_plural = _("erasures of tickets")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.ticket_id}"
