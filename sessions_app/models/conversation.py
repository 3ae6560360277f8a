"""One citizen's conversation in one session; a citizen exists nowhere else."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import ConversationState
from sprechstunde.vault.fields import DigestField, EncryptedTextField

# Meta: free text may be sent until 24 hours after the citizen's last message.
SERVICE_WINDOW = timedelta(hours=24)


class Conversation(models.Model):
    """The queue entry of one citizen. `number` is how staff call it: citizen 3."""

    session = models.ForeignKey(
        "ConsultationSession", on_delete=models.CASCADE, related_name="conversations"
    )
    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField()

    name = EncryptedTextField(owner="key_id", row="uid", null=True)
    username = EncryptedTextField(owner="key_id", row="uid", null=True)
    phone = EncryptedTextField(owner="key_id", row="uid", null=True)  # digits, no plus
    bsuid = EncryptedTextField(owner="key_id", row="uid", null=True)

    assigned_to = models.ForeignKey(
        "Staff", null=True, on_delete=models.SET_NULL, related_name="conversations"
    )
    began_at = models.DateTimeField()
    last_inbound_at = models.DateTimeField()  # WhatsApp's time: opens the 24-hour window
    last_message_at = models.DateTimeField()
    waiting_since = models.DateTimeField(null=True)  # oldest turn of the citizen without an answer
    first_answered_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    erase_requested_at = models.DateTimeField(null=True)  # the citizen's wish; hidden from then on
    unread = models.PositiveIntegerField(default=0)
    # The task to ring for with (conversation, message) at every message while it is set: another
    # part of the portal is in a dialogue with the citizen.
    listener = models.CharField(max_length=60, blank=True, default="", db_default="")

    media_declined_at = models.DateTimeField(null=True)
    pictures_declined_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = (
            models.Index(name="conversation_queue", fields=("session", "done_at", "waiting_since")),
        )
        constraints = (
            models.UniqueConstraint(name="conversation_number_once", fields=("session", "number")),
        )

    def __str__(self) -> str:
        return f"{self.session_id}/{self.number}"

    @property
    def state(self) -> ConversationState:
        """Where the conversation stands for the staff."""
        return state_of(
            is_done=self.done_at is not None,
            has_turn=self.waiting_since is not None,
            is_taken_up=bool(self.first_answered_at or self.assigned_to_id),
        )

    def window_closes_at(self) -> datetime:
        """Until when Meta lets us send free text (aware)."""
        return self.last_inbound_at + SERVICE_WINDOW


def state_of(*, is_done: bool, has_turn: bool, is_taken_up: bool) -> ConversationState:
    """Return where a conversation stands: a turn waits for an answer, taken up is answered or assigned."""
    if is_done:
        return ConversationState.DONE
    if not has_turn:
        return ConversationState.ANSWERED
    return ConversationState.IN_TALK if is_taken_up else ConversationState.NEW


class CitizenIdentifier(models.Model):
    """A keyed digest of one id of a citizen: BSUID, parent BSUID, or phone number.

    One id leads to one conversation of a session; nobody is merged automatically.
    """

    session = models.ForeignKey(
        "ConsultationSession", on_delete=models.CASCADE, related_name="identifiers"
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="identifiers"
    )
    digest = DigestField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="identifier_leads_to_one_conversation", fields=("session", "digest")
            ),
        )

    def __str__(self) -> str:
        return f"{self.session_id}/{self.conversation_id}"


class NumberReveal(models.Model):
    """The note that a member of staff asked to see a citizen's number; outlives the erasure."""

    session = models.ForeignKey(
        "ConsultationSession", on_delete=models.CASCADE, related_name="number_reveals"
    )
    staff = models.ForeignKey("Staff", null=True, on_delete=models.SET_NULL, related_name="+")
    conversation_number = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("number shown")
        verbose_name_plural = _("numbers shown")

    def __str__(self) -> str:
        return f"{self.session_id}/{self.conversation_number}"
