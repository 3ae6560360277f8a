"""The outbox of e-mails and what came in; neither keeps an address or a text in the clear."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from routing.enums import Doubt, MailKind, MailState, Outcome
from sprechstunde.vault.fields import DigestField, EncryptedBytesField, EncryptedTextField


class OutgoingMail(models.Model):
    """One mail to send, composed when it is sent from the rows it points to: it holds no text itself.

    `uid` is its name everywhere: Message-ID, envelope (VERP), and the server's receipts.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    office = models.ForeignKey("sessions_app.Office", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, choices=MailKind)
    state = models.CharField(max_length=12, choices=MailState, default=MailState.QUEUED)
    department = models.ForeignKey(
        "Department", null=True, on_delete=models.CASCADE, related_name="mails"
    )
    question = models.ForeignKey(
        "Question", null=True, on_delete=models.CASCADE, related_name="mails"
    )
    ticket = models.ForeignKey("Ticket", null=True, on_delete=models.CASCADE, related_name="mails")
    answer = models.ForeignKey("Answer", null=True, on_delete=models.CASCADE, related_name="mails")
    created_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    receipt_promised = models.BooleanField(
        default=False
    )  # the server tells what became of it (RFC 3461)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=12, blank=True)  # the last enhanced status code (RFC 3463)

    class Meta:
        verbose_name = _("outgoing e-mail")
        verbose_name_plural = _("outgoing e-mails")
        indexes = (
            models.Index(
                name="mail_outbox",
                fields=("state", "next_attempt_at"),
                condition=Q(state__in=("queued", "in_flight", "waiting", "unconfirmed")),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                name="mail_answer_once", fields=("answer",), condition=Q(kind="answer")
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}/{self.pk}"


class IncomingMail(models.Model):
    """One mail that came in. Its content is sealed under a key of its own until it has a home.

    `digest` (HMAC of Message-ID and body) makes the same mail come in once only.
    """

    office = models.ForeignKey(
        "sessions_app.Office", null=True, on_delete=models.CASCADE, related_name="+"
    )
    digest = DigestField(unique=True)
    key_id = models.UUIDField(null=True, editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.RECEIVED)
    doubt = models.CharField(max_length=12, choices=Doubt, blank=True)
    sender = EncryptedTextField(owner="key_id", row="uid", null=True)
    subject = EncryptedTextField(owner="key_id", row="uid", null=True)
    raw = EncryptedBytesField(owner="key_id", row="uid", null=True)
    ticket = models.ForeignKey(
        "Ticket", null=True, on_delete=models.SET_NULL, related_name="incoming"
    )
    about = models.ForeignKey(
        OutgoingMail, null=True, on_delete=models.SET_NULL, related_name="reports"
    )  # the mail of ours that a report or an automatic reply is about
    received_at = models.DateTimeField()
    resolved_by = models.ForeignKey(
        "sessions_app.Staff", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("incoming e-mail")
        verbose_name_plural = _("incoming e-mails")
        indexes = (
            models.Index(name="incoming_by_outcome", fields=("office", "outcome", "received_at")),
        )

    def __str__(self) -> str:
        return f"{self.outcome}/{self.pk}"


class MailboxPlace(models.Model):
    """Which mails of a mailbox are safely stored: a UID counts only with its mailbox's UIDVALIDITY."""

    mailbox = models.CharField(max_length=200)  # host and folder of INBOX_URL, no user
    validity = models.PositiveBigIntegerField()
    uid = models.PositiveBigIntegerField()
    mail = models.ForeignKey(
        IncomingMail, null=True, on_delete=models.SET_NULL, related_name="places"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="mailbox_place_once", fields=("mailbox", "validity", "uid")
            ),
        )

    def __str__(self) -> str:
        return f"{self.validity}/{self.uid}"
