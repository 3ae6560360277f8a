"""One announced, time-boxed consultation session."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import SessionState

# A message may come a little before the hour, or be delivered late by WhatsApp.
EARLY_ARRIVAL = timedelta(minutes=15)


class SessionQuerySet(models.QuerySet["ConsultationSession"]):
    """Questions about sessions; each takes the time, aware, as an argument."""

    def standing(self) -> Self:
        """Keep those that were not cancelled."""
        return self.filter(cancelled_at=None)

    def running(self, now: datetime) -> Self:
        """Keep those in which staff can talk at `now`: open or in wrap-up."""
        return self.standing().filter(starts_at__lte=now, closes_at__gt=now)

    def upcoming(self, now: datetime) -> Self:
        """Keep those that begin after `now`, the next one first."""
        return self.standing().filter(starts_at__gt=now).order_by("starts_at")

    def to_be_erased(self, now: datetime) -> Self:
        """Keep those that are closed or cancelled at `now` and not yet erased."""
        return self.filter(Q(closes_at__lte=now) | ~Q(cancelled_at=None), erased_at=None)

    def with_previous(self) -> Self:
        """Add `previous_closed_at`: when the office's session before each one closed, if there was one."""
        before = ConsultationSession.objects.standing().filter(
            office=OuterRef("office"), closes_at__lte=OuterRef("starts_at")
        )
        latest = before.order_by("-closes_at").values("closes_at")[:1]
        return self.annotate(previous_closed_at=Subquery(latest))

    def overlapping(self, start: datetime, end: datetime) -> Self:
        """Keep standing sessions that share time with `[start, end)`, their wrap-up included."""
        return self.standing().filter(starts_at__lt=end, closes_at__gt=start)


class ConsultationSession(models.Model):
    """A session. Its state is computed from the clock; only erasure is an event.

    `ends_at` moves with an extension or an early end; `closes_at` is `ends_at` plus the wrap-up
    and is kept as a column because every question about running sessions asks for it.
    """

    office = models.ForeignKey("Office", on_delete=models.PROTECT, related_name="sessions")
    key_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    topic = models.CharField(_("topic"), max_length=120, blank=True)
    starts_at = models.DateTimeField(_("start"))
    ends_at = models.DateTimeField(_("end"))
    closes_at = models.DateTimeField(_("end of wrap-up"))
    wrap_up_minutes = models.PositiveSmallIntegerField(_("wrap-up in minutes"))
    ended_by = models.ForeignKey("Staff", null=True, on_delete=models.SET_NULL, related_name="+")
    ended_early_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(_("reason"), max_length=200, blank=True)
    citizens = models.PositiveIntegerField(default=0)  # conversations begun; numbers are not reused
    farewell_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    # When the office's session before this one closed, where a query has asked for it.
    previous_closed_at: datetime | None = None

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("starts_at",)
        indexes = (models.Index(name="session_by_time", fields=("office", "closes_at")),)
        constraints = (
            models.CheckConstraint(
                name="session_ends_after_start", condition=Q(ends_at__gte=F("starts_at"))
            ),
            models.CheckConstraint(
                name="session_closes_after_end", condition=Q(closes_at__gte=F("ends_at"))
            ),
            models.CheckConstraint(
                name="session_wrap_up_at_most_an_hour", condition=Q(wrap_up_minutes__lte=60)
            ),
        )

    def __str__(self) -> str:
        return f"{self.office_id}/{self.starts_at:%Y-%m-%d %H:%M}"

    def state(self, now: datetime) -> SessionState:
        """Return the state at `now` (aware)."""
        if self.erased_at:
            return SessionState.ERASED
        if self.cancelled_at:
            return SessionState.CANCELLED
        if now < self.starts_at:
            return SessionState.PLANNED
        if now < self.ends_at:
            return SessionState.OPEN
        return SessionState.WRAP_UP if now < self.closes_at else SessionState.CLOSED

    def is_open(self, now: datetime) -> bool:
        """Whether new people may begin a conversation at `now`."""
        return self.state(now) is SessionState.OPEN

    def is_readable(self, now: datetime) -> bool:
        """Whether content may be read or written at `now`: open or wrap-up, worker or no worker."""
        return self.state(now) in {SessionState.OPEN, SessionState.WRAP_UP}

    def takes_message_of(self, sent_at: datetime) -> bool:
        """Whether a message sent at `sent_at` belongs to this hour and not to an older one."""
        earliest = self.starts_at - EARLY_ARRIVAL
        if self.previous_closed_at:  # what belongs to the session before was erased with it
            earliest = max(earliest, self.previous_closed_at)
        return sent_at >= earliest
