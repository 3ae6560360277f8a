"""Two small models with every encrypted field; their tables live for one test run."""

from typing import ClassVar
from uuid import uuid4

from django.db import models

from sprechstunde.vault.fields import (
    DigestField,
    EncryptedBytesField,
    EncryptedJSONField,
    EncryptedTextField,
)


class Meeting(models.Model):
    """Owns a key, as a consultation session does."""

    key_id = models.UUIDField(default=uuid4)

    objects: ClassVar[models.Manager["Meeting"]] = models.Manager()

    class Meta:
        app_label = "vault_tests"

    def __str__(self) -> str:
        return f"meeting {self.pk}"


class Note(models.Model):
    """Carries its key's id itself, as messages do."""

    uid = models.UUIDField(default=uuid4, unique=True)
    key_id = models.UUIDField()
    text = EncryptedTextField(owner="key_id", row="uid")
    name = EncryptedTextField(owner="key_id", row="uid", null=True)
    data = EncryptedJSONField(owner="key_id", row="uid", null=True)
    raw = EncryptedBytesField(owner="key_id", row="uid", null=True)
    name_digest = DigestField(null=True, unique=True)
    state = models.CharField(max_length=10, default="new")

    objects: ClassVar[models.Manager["Note"]] = models.Manager()

    class Meta:
        app_label = "vault_tests"

    def __str__(self) -> str:
        return f"note {self.pk}"


class Remark(models.Model):
    """Reaches its key through a relation."""

    uid = models.UUIDField(default=uuid4, unique=True)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE)
    text = EncryptedTextField(owner="meeting.key_id", row="uid")

    objects: ClassVar[models.Manager["Remark"]] = models.Manager()

    class Meta:
        app_label = "vault_tests"

    def __str__(self) -> str:
        return f"remark {self.pk}"
