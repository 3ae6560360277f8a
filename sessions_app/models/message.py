"""What was written, in either direction; the outgoing rows are the outbox."""

import uuid
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import DeliveryState, Direction, MessageKind, Notice
from sprechstunde.vault.fields import DigestField, EncryptedJSONField, EncryptedTextField

# A status that tells what became of an unconfirmed message mostly comes within seconds.
UNCONFIRMED_GRACE = timedelta(seconds=60)
STUCK = frozenset({DeliveryState.UNCONFIRMED, DeliveryState.FAILED})


class Message(models.Model):
    """One message. `content` is a JSON object whose keys depend on the kind:

    text `{text}` · image, video, document, sticker `{caption}` (bytes: Attachment) · audio `{voice}`
    · location `{latitude, longitude, name, address}` · contacts `{cards: [{name, phones, emails}]}`
    · choice `{id, title, description}` · form `{answers: [[label, value]]}` · buttons
    `{text, buttons: [[id, title]]}` · call `{event}` · reaction `{emoji}` (null: taken back; the
    target is `quoted_digest`) · identity `{change, other}` (`other`: the citizen whose ids the new
    ones are already) · order `{text, items}` · edit `{text}` (null: not told; the target, if told,
    is `quoted_digest`) · revoke `{}` (target likewise) · unsupported `{subtype}`.
    `forwarded: true` may stand beside any of them.
    """

    session = models.ForeignKey(
        "ConsultationSession", on_delete=models.CASCADE, related_name="messages"
    )
    conversation = models.ForeignKey(
        "Conversation", on_delete=models.CASCADE, related_name="messages"
    )
    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)

    direction = models.CharField(max_length=3, choices=Direction)
    kind = models.CharField(max_length=12, choices=MessageKind)
    notice = models.CharField(max_length=20, choices=Notice, blank=True)
    author = models.ForeignKey("Staff", null=True, on_delete=models.SET_NULL, related_name="+")
    content = EncryptedJSONField(owner="key_id", row="uid")

    wamid = EncryptedTextField(owner="key_id", row="uid", null=True)
    wamid_digest = DigestField(null=True)
    quoted_wamid = EncryptedTextField(owner="key_id", row="uid", null=True)
    quoted_digest = DigestField(null=True)
    client_token = models.UUIDField(null=True)  # the browser's name for one press of "send"

    # WhatsApp's time for incoming rows, ours for outgoing ones; whole seconds, then ids, tell the order
    sent_at = models.DateTimeField()
    created_at = models.DateTimeField()

    delivery = models.PositiveSmallIntegerField(choices=DeliveryState, null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    error_code = models.IntegerField(null=True)
    given_up_at = models.DateTimeField(null=True)  # a person decided to leave it as it is

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = (
            models.Index(name="message_in_time_order", fields=("conversation", "sent_at", "id")),
            models.Index(
                name="message_outbox",
                fields=("delivery", "next_attempt_at"),
                condition=Q(delivery__in=(10, 20)),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                name="message_once",
                fields=("session", "wamid_digest"),
                condition=Q(wamid_digest__isnull=False),
            ),
            models.UniqueConstraint(
                name="message_press_of_send_once",
                fields=("conversation", "client_token"),
                condition=Q(client_token__isnull=False),
            ),
            models.UniqueConstraint(
                name="message_notice_once",
                fields=("conversation", "notice"),
                condition=Q(notice__in=("greeting", "farewell")),
            ),
            models.CheckConstraint(
                name="message_delivery_only_of_outgoing",
                condition=Q(direction="in", delivery__isnull=True)
                | Q(direction="out", delivery__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.conversation_id}/{self.pk}"

    @property
    def is_incoming(self) -> bool:
        """Whether the citizen wrote it."""
        return self.direction == Direction.IN

    @property
    def is_stuck(self) -> bool:
        """Whether it went no further by itself and nobody has yet decided to leave it so."""
        return self.given_up_at is None and self.delivery in STUCK

    def needs_decision(self, now: datetime) -> bool:
        """Whether it stands before the staff at `now`: failed, or unconfirmed for a minute."""
        if not self.is_stuck or self.delivery == DeliveryState.FAILED:
            return self.is_stuck
        return self.attempted_at is None or self.attempted_at <= now - UNCONFIRMED_GRACE


class EarlyReceipt(models.Model):
    """A status that came before the answer to our own request told us the message's id."""

    session = models.ForeignKey(
        "ConsultationSession", on_delete=models.CASCADE, related_name="early_receipts"
    )
    wamid_digest = DigestField()
    delivery = models.PositiveSmallIntegerField(choices=DeliveryState)
    error_code = models.IntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="early_receipt_once", fields=("session", "wamid_digest", "delivery")
            ),
        )

    def __str__(self) -> str:
        return f"{self.session_id}/{self.delivery}"
