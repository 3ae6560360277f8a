"""Which session runs on a number: remembered for a moment, because every message asks."""

import time
from collections.abc import Iterable
from datetime import datetime

from sessions_app.models import ConsultationSession

REMEMBERED_FOR = 2.0  # seconds

_remembered: dict[str, tuple[float, ConsultationSession]] = {}


def running_on(
    numbers: Iterable[str], now: datetime, *, anew: bool = False
) -> dict[str, ConsultationSession]:
    """Return the running session of each phone number id that has one, its office with it.

    What is remembered may have been ended by hand meanwhile: whoever writes has the database check
    that, and asks `anew` if it was. `now` is aware. The rows are shared: do not change them.
    """
    wanted = set(numbers)
    found = {} if anew else _recalled(wanted, now)
    if missing := wanted - found.keys():
        found |= _looked_up(missing, now)
    return found


def _recalled(numbers: set[str], now: datetime) -> dict[str, ConsultationSession]:
    clock = time.monotonic()
    kept = {number: _remembered[number] for number in numbers if number in _remembered}
    return {
        number: session
        for number, (until, session) in kept.items()
        if clock < until and session.is_readable(now)
    }


def _looked_up(numbers: set[str], now: datetime) -> dict[str, ConsultationSession]:
    running = ConsultationSession.objects.running(now).with_previous().select_related("office")
    rows = running.filter(office__phone_number_id__in=numbers)
    found = {row.office.phone_number_id: row for row in rows}
    until = time.monotonic() + REMEMBERED_FOR
    _remembered.update({number: (until, row) for number, row in found.items()})
    return found
