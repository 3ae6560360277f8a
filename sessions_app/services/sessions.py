"""Plan a session, cancel it, end it early, extend it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from sessions_app.enums import SessionState
from sessions_app.models import ConsultationSession, Office, Staff
from sprechstunde.doorbell import ring
from sprechstunde.live.events import announce
from sprechstunde.vault.keystore import keystore

LONGEST = timedelta(hours=12)


class SessionError(Exception):
    """What was asked of a session cannot be done."""


class Overlaps(SessionError):
    """Another session of the office shares time with this one, wrap-up included."""


class BadTimes(SessionError):
    """The end is not after the start, the session is too long, or it lies in the past."""


class WrongState(SessionError):
    """The session's state does not allow it; `state` says which it is."""

    def __init__(self, state: SessionState) -> None:
        super().__init__(state.value)
        self.state = state


def plan(
    office: Office,
    *,
    starts_at: datetime,
    ends_at: datetime,
    topic: str = "",
    wrap_up_minutes: int | None = None,
    now: datetime | None = None,
) -> ConsultationSession:
    """Plan a session and draw its key. Times are aware; raises BadTimes or Overlaps."""
    minutes = office.wrap_up_minutes if wrap_up_minutes is None else wrap_up_minutes
    _check_times(starts_at, ends_at, now or timezone.now())
    with transaction.atomic():
        _lock(office)
        closes_at = ends_at + timedelta(minutes=minutes)
        _check_free(office, starts_at, closes_at)
        session = ConsultationSession.objects.create(
            office=office,
            topic=topic,
            starts_at=starts_at,
            ends_at=ends_at,
            closes_at=closes_at,
            wrap_up_minutes=minutes,
        )
        keystore().create(session.key_id)
    return session


def cancel(session: ConsultationSession, *, reason: str, by: Staff | None = None) -> None:
    """Cancel a session that has not begun; raises WrongState."""
    with transaction.atomic():
        session = _locked(session)
        _require(session, SessionState.PLANNED)
        session.cancelled_at = timezone.now()
        session.cancel_reason = reason
        session.ended_by = by
        session.save(update_fields=("cancelled_at", "cancel_reason", "ended_by"))
        ring("sessions_app.erase", session.pk)


def end_early(session: ConsultationSession, *, by: Staff | None = None) -> None:
    """End an open session now; its wrap-up begins. Raises WrongState."""
    with transaction.atomic():
        session = _locked(session)
        _require(session, SessionState.OPEN)
        now = timezone.now()
        session.ended_early_at = session.ends_at = now
        session.closes_at = now + timedelta(minutes=session.wrap_up_minutes)
        session.ended_by = by
        session.save(update_fields=("ended_early_at", "ends_at", "closes_at", "ended_by"))
        announce(session.pk, "session", "queue")


def end_and_erase(session: ConsultationSession, *, by: Staff | None = None) -> None:
    """Close a running session now, so that its erasure is due. Raises WrongState."""
    with transaction.atomic():
        session = _locked(session)
        _require(session, SessionState.OPEN, SessionState.WRAP_UP)
        now = timezone.now()
        session.ended_early_at = now
        session.ends_at = min(session.ends_at, now)
        session.closes_at = now
        session.ended_by = by
        session.save(update_fields=("ended_early_at", "ends_at", "closes_at", "ended_by"))
        announce(session.pk, "session", "queue")
        ring("sessions_app.erase", session.pk)


def extend(session: ConsultationSession, *, minutes: int) -> None:
    """Move the end of a running session by `minutes` from its end, or from now in the wrap-up.

    Raises WrongState, BadTimes when it grows too long, Overlaps when the next session is near.
    """
    with transaction.atomic():
        _lock(session.office)
        session = _locked(session)
        _require(session, SessionState.OPEN, SessionState.WRAP_UP)
        now = timezone.now()
        session.ends_at = max(session.ends_at, now) + timedelta(minutes=minutes)
        session.closes_at = session.ends_at + timedelta(minutes=session.wrap_up_minutes)
        _check_times(session.starts_at, session.ends_at, now)
        _check_free(session.office, session.starts_at, session.closes_at, besides=session)
        session.save(update_fields=("ends_at", "closes_at"))
        announce(session.pk, "session", "queue")


def _lock(office: Office) -> None:
    # Serialises all planning of one office. On SQLite the IMMEDIATE transaction does it.
    Office.objects.select_for_update(no_key=True).get(pk=office.pk)


def _locked(session: ConsultationSession) -> ConsultationSession:
    return (
        ConsultationSession.objects.select_for_update(of=("self",), no_key=True)
        .select_related("office")
        .get(pk=session.pk)
    )


def _require(session: ConsultationSession, *states: SessionState) -> None:
    state = session.state(timezone.now())
    if state not in states:
        raise WrongState(state)


def _check_times(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if not starts_at < ends_at <= starts_at + LONGEST or ends_at <= now:
        raise BadTimes


def _check_free(
    office: Office,
    starts_at: datetime,
    closes_at: datetime,
    besides: ConsultationSession | None = None,
) -> None:
    others = office.sessions.overlapping(starts_at, closes_at)
    if any(other != besides for other in others):
        raise Overlaps
