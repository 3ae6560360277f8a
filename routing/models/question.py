"""A citizen's question as it left the chat, with what they agreed to; sealed under a key of its own."""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from routing.enums import ConsentKind, ConsentState, Party, Unanswered
from routing.models.files import SealedFile
from sprechstunde.vault.fields import EncryptedTextField


class Question(models.Model):
    """What the tickets of all departments asked share. Gone once the last of them is erased.

    `conversation` is the only way back to the chat; the chat's erasure cuts it.
    """

    office = models.ForeignKey("sessions_app.Office", on_delete=models.PROTECT, related_name="+")
    conversation = models.ForeignKey(
        "sessions_app.Conversation", null=True, on_delete=models.SET_NULL, related_name="questions"
    )
    key_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=20)  # "2026-0012", once an office
    language = models.CharField(max_length=2, default="de")
    text = EncryptedTextField(owner="key_id", row="uid")
    name = EncryptedTextField(owner="key_id", row="uid", null=True)  # only if the citizen wishes
    address = EncryptedTextField(owner="key_id", row="uid", null=True)
    created_by = models.ForeignKey(
        "sessions_app.Staff", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()

    consent = models.CharField(max_length=12, choices=ConsentState)
    asked_at = models.DateTimeField(null=True)
    # Ids of the citizen's messages since then, and whether each was taken as a reply to us.
    heard = models.JSONField(default=dict)
    tries = models.PositiveSmallIntegerField(default=0)  # replies in which we found no address
    session_closes_at = models.DateTimeField()  # copied: then `if_unanswered` decides
    if_unanswered = models.CharField(max_length=10, choices=Unanswered, default=Unanswered.DROP)
    address_confirmed_at = models.DateTimeField(null=True)
    address_expires_at = models.DateTimeField(null=True)  # unconfirmed until then: address erased
    address_failed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = (
            models.UniqueConstraint(name="question_reference_once", fields=("office", "reference")),
        )
        indexes = (
            models.Index(
                name="question_waiting",
                fields=("session_closes_at",),
                condition=models.Q(consent__in=("forward", "email", "address", "check")),
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def is_asking(self) -> bool:
        """Whether the citizen's reply in the chat is still awaited."""
        return self.consent in ASKING

    @property
    def may_be_mailed(self) -> bool:
        """Whether answers may go to the address now."""
        return (
            self.consent == ConsentState.GIVEN
            and self.address_confirmed_at is not None
            and self.withdrawn_at is None
        )


ASKING = frozenset(
    {ConsentState.FORWARD, ConsentState.EMAIL, ConsentState.ADDRESS, ConsentState.CHECK}
)


class Consent(models.Model):
    """One choice as evidence: what was asked in which version of the wording, when, and the reply."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=12, choices=ConsentKind)
    is_given = models.BooleanField()
    wording = models.CharField(max_length=20)  # version; the texts of all versions stay in the code
    by = models.CharField(max_length=7, choices=Party)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.question_id}/{self.kind}"


class QuestionFile(SealedFile):
    """A picture that staff chose to send along; a copy under the question's key."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="files")

    class Meta(SealedFile.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.question_id}/{self.pk}"


class Note(models.Model):
    """An internal word between departments and the mayor's office; never reaches the citizen."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="notes")
    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    text = EncryptedTextField(owner="key_id", row="uid")
    author = models.ForeignKey(
        "sessions_app.Staff", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    department = models.ForeignKey(
        "Department", null=True, on_delete=models.SET_NULL, related_name="+"
    )  # the author's; none for the mayor's office
    asked = models.ForeignKey(
        "Department", null=True, on_delete=models.SET_NULL, related_name="+"
    )  # a question to this department
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.question_id}/{self.pk}"
