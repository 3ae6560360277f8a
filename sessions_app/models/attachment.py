"""The bytes that came with a message; encrypted in a file of their own."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import AttachmentState
from sprechstunde.vault.fields import EncryptedTextField


class Attachment(models.Model):
    """One picture, document or sticker. `media_type` is what the bytes are, not what was claimed."""

    message = models.OneToOneField("Message", on_delete=models.CASCADE, related_name="attachment")
    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    state = models.CharField(max_length=8, choices=AttachmentState, default=AttachmentState.WAITING)
    media_id = EncryptedTextField(owner="key_id", row="uid", null=True)
    claimed_sha256 = EncryptedTextField(owner="key_id", row="uid", null=True)
    filename = EncryptedTextField(owner="key_id", row="uid", null=True)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(null=True)  # bytes
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes = (
            models.Index(
                name="attachment_due",
                fields=("next_attempt_at",),
                condition=models.Q(state="waiting"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.message_id}/{self.state}"

    @property
    def path(self) -> Path:
        """Where the sealed bytes lie; the folder is the session's."""
        return Path(settings.MEDIA_ROOT) / str(self.key_id) / f"{self.uid}.sealed"
