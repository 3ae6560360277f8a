"""What the public page tells: an office, its next session, and what that means right now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices

from sessions_app.models import ConsultationSession, Office

PAGE_LIVES = 60  # seconds; a page may be cached until then or until something changes


class Outlook(TextChoices):
    """What a citizen wants to know first."""

    UPCOMING = "upcoming"
    TODAY = "today"
    RUNNING = "running"
    WRAP_UP = "wrap_up"
    OVER = "over"
    CANCELLED = "cancelled"
    NONE = "none"


@dataclass(frozen=True)
class Announcement:
    """An office at one moment. `session` is what `outlook` speaks of, `following` the next date."""

    office: Office
    outlook: Outlook
    session: ConsultationSession | None
    following: ConsultationSession | None
    fresh_seconds: int

    @property
    def takes_messages(self) -> bool:
        """Whether it makes sense to open WhatsApp now."""
        return self.outlook is Outlook.RUNNING

    @property
    def whatsapp_digits(self) -> str:
        """The number as wa.me wants it: country code first, digits only."""
        return self.office.display_phone_number.lstrip("+")


def announcements(offices: Iterable[Office], now: datetime) -> list[Announcement]:
    """Return one announcement for each office, with one query for all their sessions."""
    found: dict[int, list[ConsultationSession]] = {office.pk: [] for office in offices}
    recent = ConsultationSession.objects.filter(
        office__in=found, closes_at__gt=now - timedelta(days=1)
    )
    for session in recent.select_related("office").order_by("starts_at"):
        found[session.office_id].append(session)
    return [announce(office, found[office.pk], now) for office in offices]


def announce(office: Office, sessions: list[ConsultationSession], now: datetime) -> Announcement:
    """Say what `sessions` (in the order of their start) mean at `now` for citizens of `office`."""
    standing = [session for session in sessions if session.cancelled_at is None]
    following = next((session for session in standing if session.starts_at > now), None)
    fresh = _fresh_seconds(sessions, now)
    for session in standing:
        if session.starts_at <= now < session.closes_at:
            outlook = Outlook.RUNNING if now < session.ends_at else Outlook.WRAP_UP
            return Announcement(office, outlook, session, following, fresh)
    if cancelled := _cancelled_before(following, sessions, office, now):
        return Announcement(office, Outlook.CANCELLED, cancelled, following, fresh)
    if following and _on_day_of(now, following, office):
        return Announcement(office, Outlook.TODAY, following, None, fresh)
    past = next((s for s in reversed(standing) if s.closes_at <= now), None)
    if past and _on_day_of(now, past, office):
        return Announcement(office, Outlook.OVER, past, following, fresh)
    outlook = Outlook.UPCOMING if following else Outlook.NONE
    return Announcement(office, outlook, following, None, fresh)


def _cancelled_before(
    following: ConsultationSession | None,
    sessions: list[ConsultationSession],
    office: Office,
    now: datetime,
) -> ConsultationSession | None:
    """Return the cancelled session that people still expect: today's, or the next one."""
    for session in sessions:
        expected = session.starts_at > now or _on_day_of(now, session, office)
        earlier = following is None or session.starts_at < following.starts_at
        if session.cancelled_at and expected and earlier:
            return session
    return None


def _on_day_of(now: datetime, session: ConsultationSession, office: Office) -> bool:
    start = session.starts_at.astimezone(office.zone)
    return start.date() == now.astimezone(office.zone).date()


def _fresh_seconds(sessions: list[ConsultationSession], now: datetime) -> int:
    times = [t for s in sessions for t in (s.starts_at, s.ends_at, s.closes_at) if t > now]
    return min([PAGE_LIVES, *(int((t - now).total_seconds()) for t in times)])
