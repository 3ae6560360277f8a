"""A question handed to one department: its state, its history, its answers."""

import uuid
from datetime import date, datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from routing.enums import Action, AnswerState, Channel, Party, TicketState
from routing.lifecycle import UNFINISHED
from routing.models.files import SealedFile
from sprechstunde.vault.fields import EncryptedBytesField, EncryptedTextField


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Questions about tickets; each takes day or time, aware, as an argument."""

    def unfinished(self) -> Self:
        """Keep those that still need somebody's work."""
        return self.filter(state__in=UNFINISHED)

    def overdue(self, today: date) -> Self:
        """Keep unfinished ones whose due day is before `today` (the office's)."""
        return self.unfinished().filter(due_on__lt=today)

    def to_be_erased(self, now: datetime) -> Self:
        """Keep those whose time has come at `now`."""
        return self.filter(erase_at__lte=now).exclude(state=TicketState.ERASED)


class Ticket(models.Model):
    """One department's share of a question. After erasure an empty shell stays for the statistics."""

    office = models.ForeignKey("sessions_app.Office", on_delete=models.PROTECT, related_name="+")
    question = models.ForeignKey(
        "Question", null=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    reference = models.CharField(max_length=20)  # the question's
    department = models.ForeignKey("Department", on_delete=models.PROTECT, related_name="tickets")
    is_lead = models.BooleanField(default=True)  # in charge; the others are consulted
    key_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=13, choices=TicketState, default=TicketState.WAITING)
    clerk = models.ForeignKey(
        "sessions_app.Staff", null=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    created_at = models.DateTimeField()
    forwarded_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    answered_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    reopened = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    erase_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        indexes = (
            models.Index(name="ticket_list", fields=("department", "state", "due_on")),
            models.Index(name="ticket_of_office", fields=("office", "state", "due_on")),
            models.Index(
                name="ticket_to_erase", fields=("erase_at",), condition=Q(erased_at__isnull=True)
            ),
        )
        constraints = (
            models.UniqueConstraint(
                name="ticket_once_a_department",
                fields=("question", "department"),
                condition=Q(question__isnull=False),
            ),
            models.UniqueConstraint(
                name="ticket_one_in_charge",
                fields=("question",),
                condition=Q(is_lead=True, question__isnull=False),
            ),
            models.CheckConstraint(
                name="ticket_erased_has_time",
                condition=Q(state="erased", erased_at__isnull=False)
                | (~Q(state="erased") & Q(erased_at__isnull=True)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.reference}/{self.department_id}"

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed and it still needs work."""
        return self.state in UNFINISHED and self.due_on is not None and self.due_on < today


class TicketEvent(models.Model):
    """One line of a ticket's history; `reason` is what a person wrote, if anything."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="events")
    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    action = models.CharField(max_length=12, choices=Action)
    party = models.CharField(max_length=7, choices=Party)
    staff = models.ForeignKey(
        "sessions_app.Staff", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    department = models.ForeignKey(
        "Department", null=True, on_delete=models.SET_NULL, related_name="+"
    )  # whose ticket it was then
    state = models.CharField(max_length=13, choices=TicketState)  # afterwards
    reason = EncryptedTextField(owner="key_id", row="uid", null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.action}"


class Answer(models.Model):
    """What a department writes to the citizen; `original` is the raw mail it was cut from."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="answers")
    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=AnswerState, default=AnswerState.DRAFT)
    channel = models.CharField(max_length=6, choices=Channel, default=Channel.PORTAL)
    text = EncryptedTextField(owner="key_id", row="uid")
    original = EncryptedBytesField(owner="key_id", row="uid", null=True)
    author = models.ForeignKey(
        "sessions_app.Staff", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    released_by = models.ForeignKey(
        "sessions_app.Staff", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)  # of a draft; grows with every saving
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                name="answer_one_unfinished",
                fields=("ticket",),
                condition=Q(state__in=("draft", "in_release")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.pk}"


class AnswerFile(SealedFile):
    """A file that goes with an answer."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="files")

    class Meta(SealedFile.Meta):
        pass

    def __str__(self) -> str:
        return f"{self.answer_id}/{self.pk}"


class Reply(models.Model):
    """What the citizen wrote back by e-mail."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="replies")
    key_id = models.UUIDField(editable=False)
    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    text = EncryptedTextField(owner="key_id", row="uid")
    original = EncryptedBytesField(owner="key_id", row="uid", null=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.pk}"
