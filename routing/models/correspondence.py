"""How an office writes to citizens by e-mail."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from routing.enums import AddressCheck

RETENTION_DAYS = 14


class Correspondence(models.Model):
    """An office's letterhead and rules for answers. Without a row the defaults hold: see `of`."""

    office = models.OneToOneField(
        "sessions_app.Office", on_delete=models.CASCADE, related_name="correspondence"
    )
    sender_name = models.CharField(_("sender's name"), max_length=120, blank=True)
    letterhead = models.TextField(_("letterhead"), max_length=1000, blank=True)
    closing = models.TextField(_("closing lines"), max_length=1000, blank=True)
    escalation_mailbox = models.EmailField(_("mailbox of the mayor's office"), blank=True)
    address_check = models.CharField(
        _("check of addresses"),
        max_length=8,
        choices=AddressCheck,
        default=AddressCheck.DOUBLE_OPT_IN,
    )
    retention_days = models.PositiveSmallIntegerField(
        _("days until a ticket is erased after its answer"),
        default=RETENTION_DAYS,
        validators=[MaxValueValidator(90)],
    )

    class Meta:
        verbose_name = _("correspondence")
        verbose_name_plural = _("correspondence")
        constraints = (
            models.CheckConstraint(
                name="correspondence_kept_at_most_90_days",
                condition=models.Q(retention_days__lte=90),
            ),
        )

    def __str__(self) -> str:
        return f"{self.office_id}"

    @classmethod
    def of(cls, office_id: int) -> "Correspondence":
        """Return the office's row, or an unsaved one with the defaults."""
        return cls.objects.filter(office=office_id).first() or cls(office_id=office_id)
