"""The figures of `/metrics`: counts and ages only, nothing about a person or an office."""

from collections import Counter
from datetime import datetime

from django.db.models import Count, Max

from sessions_app.enums import DeliveryState, Direction, SessionState
from sessions_app.models import ConsultationSession, ErasureRecord, Message


def sessions_by_state(now: datetime) -> dict[str, int]:
    """Return how many sessions are in each state at `now` (aware)."""
    fields = ("starts_at", "ends_at", "closes_at", "cancelled_at", "erased_at")
    found = Counter(row.state(now) for row in ConsultationSession.objects.only(*fields))
    return {state.value: found[state] for state in SessionState}


def outgoing_by_state() -> dict[str, int]:
    """Return how many stored outgoing messages are in each state of delivery."""
    rows = Message.objects.filter(direction=Direction.OUT).values_list("delivery")
    found = dict(rows.annotate(total=Count("pk")).order_by())
    return {state.name.lower(): found.get(state.value, 0) for state in DeliveryState}


def last_received_at() -> datetime | None:
    """Return when the newest stored message came in; None if there is none (any more)."""
    newest = Message.objects.filter(direction=Direction.IN).aggregate(at=Max("created_at"))
    return newest["at"]  # type: ignore[no-any-return]


def last_erased_at() -> datetime | None:
    """Return when the newest erasure was finished."""
    newest = ErasureRecord.objects.aggregate(at=Max("finished_at"))
    return newest["at"]  # type: ignore[no-any-return]
