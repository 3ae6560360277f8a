"""What all files kept for tickets share: a sealed file on disk, and a row that names it."""

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sprechstunde.vault.fields import EncryptedTextField


class SealedFile(models.Model):
    """A file under its owner's key. `media_type` is what the bytes are, not what was claimed."""

    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name = EncryptedTextField(owner="key_id", row="uid")
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()  # bytes

    class Meta:
        abstract = True
        verbose_name = _("file")
        verbose_name_plural = _("files")

    @property
    def path(self) -> Path:
        """Where the sealed bytes lie; the folder is the key's."""
        return Path(settings.TICKET_MEDIA_ROOT) / str(self.key_id) / f"{self.uid}.sealed"
