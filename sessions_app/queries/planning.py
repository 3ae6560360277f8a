"""What the planning and the auditor's pages show."""

from datetime import datetime

from django.db.models import QuerySet

from sessions_app.models import ConsultationSession, ErasureRecord, NumberReveal, Office, Staff

PAST_SHOWN = 20
RECORDS_SHOWN = 200


def ahead(office: Office, now: datetime) -> QuerySet[ConsultationSession]:
    """Return sessions that run at `now` or are still to come, cancelled ones too, in order."""
    return office.sessions.filter(closes_at__gt=now).select_related("office").order_by("starts_at")


def past(office: Office, now: datetime) -> QuerySet[ConsultationSession]:
    """Return the latest sessions that are over at `now`, the last one first."""
    over = office.sessions.filter(closes_at__lte=now).select_related("office")
    return over.order_by("-starts_at")[:PAST_SHOWN]


def erasure_records(office: Office) -> QuerySet[ErasureRecord]:
    """Return the latest proofs of erasure, the last one first; counts only."""
    records = ErasureRecord.objects.filter(session__office=office).select_related("session")
    return records.order_by("-id")[:RECORDS_SHOWN]


def number_reveals(office: Office) -> QuerySet[NumberReveal]:
    """Return who asked to see a citizen's number, the last one first; never the number."""
    reveals = NumberReveal.objects.filter(session__office=office)
    return reveals.select_related("session", "staff__user").order_by("-at")[:RECORDS_SHOWN]


def staff(office: Office) -> QuerySet[Staff]:
    """Return everybody with a role in `office`, by role and name."""
    return office.staff.select_related("user", "office").order_by("role", "user__last_name")
