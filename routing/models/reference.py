"""Counts the references that an office has given out: 2026-0012."""

from django.db import models


class ReferenceCounter(models.Model):
    """The last number of an office in a year. A number is never given twice, erased ones included."""

    office = models.ForeignKey("sessions_app.Office", on_delete=models.CASCADE, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="reference_counter_once", fields=("office", "year")),
        )

    def __str__(self) -> str:
        return f"{self.office_id}/{self.year}"
