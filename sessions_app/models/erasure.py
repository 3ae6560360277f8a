"""The proof that something was erased: counts only, nothing that would itself have to be erased."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import ErasureTrigger, Role


class ErasureRecord(models.Model):
    """One run of erasure. `conversation_number` is set when a single citizen wished it.

    `previous_digest` chains the records, so that a removed or changed one is noticed.
    """

    session = models.ForeignKey(
        "ConsultationSession", on_delete=models.PROTECT, related_name="erasure_records"
    )
    conversation_number = models.PositiveIntegerField(null=True)
    trigger = models.CharField(max_length=10, choices=ErasureTrigger)
    actor_role = models.CharField(max_length=12, choices=Role, blank=True)
    software_version = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    conversations = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    attachments = models.PositiveIntegerField(default=0)
    files = models.PositiveIntegerField(default=0)
    keys = models.PositiveIntegerField(default=0)
    remaining = models.PositiveIntegerField(null=True)  # what the check found; 0 is the proof
    compacted = models.BooleanField(default=False)
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("erasure record")
        verbose_name_plural = _("erasure records")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                name="erasure_of_session_once",
                fields=("session",),
                condition=Q(conversation_number__isnull=True),
            ),
            models.UniqueConstraint(
                name="erasure_of_conversation_once",
                fields=("session", "conversation_number"),
                condition=Q(conversation_number__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.session_id}/{self.trigger}"
