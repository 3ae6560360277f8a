"""Numbers by which people name a question: 2026-0012, counted in each office and year."""

from datetime import datetime

from django.db.models import F
from django.utils import timezone

from routing.models import Question, ReferenceCounter
from sessions_app.models import Office


def next_reference(office: Office, now: datetime) -> str:
    """Return the next number of the office in its year at `now`; two callers never get the same.

    Inside the transaction that uses it: the counter's row stays locked until that ends.
    """
    year = timezone.localtime(now, office.zone).year
    ReferenceCounter.objects.bulk_create(
        [ReferenceCounter(office=office, year=year)], ignore_conflicts=True
    )
    counters = ReferenceCounter.objects.filter(office=office, year=year)
    while True:
        counters.update(last=F("last") + 1)
        reference = f"{year}-{counters.values_list('last', flat=True).get():04}"
        if not Question.objects.filter(office=office, reference=reference).exists():
            return reference
