"""Which sessions a member of staff finds behind the desk's door."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sessions_app.models import ConsultationSession, Staff


@dataclass(frozen=True)
class Door:
    """What runs now, what comes next and what ended last, in the offices of one person."""

    running: list[ConsultationSession]
    following: ConsultationSession | None
    last: ConsultationSession | None


def door(roles: Iterable[Staff], now: datetime) -> Door:
    """Return the sessions around `now` (aware) of the offices in which `roles` talk."""
    offices = [staff.office_id for staff in roles if staff.talks]
    sessions = ConsultationSession.objects.filter(office__in=offices).select_related("office")
    past = sessions.standing().filter(closes_at__lte=now).order_by("-closes_at")
    return Door(list(sessions.running(now)), sessions.upcoming(now).first(), past.first())
