"""Two sessions of one office never overlap, however many people plan at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from sessions_app.models import ConsultationSession
from sessions_app.services import sessions
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 8


def at_once(act: Callable[[int], object]) -> list[bool]:
    """Call `act` from PEOPLE threads at the same moment; True where it was not refused."""
    ready = Barrier(PEOPLE)

    def attempt(number: int) -> bool:
        try:
            ready.wait(timeout=20)
            act(number)
        except sessions.SessionError:
            return False
        else:
            return True
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(attempt, range(PEOPLE)))


def test_plan_at_once_lets_exactly_one_through() -> None:
    office = factories.office()
    start = timezone.now() + timedelta(days=1)

    results = at_once(
        lambda number: sessions.plan(
            office,
            starts_at=start + timedelta(minutes=number),
            ends_at=start + timedelta(minutes=60 + number),
        )
    )

    assert results.count(True) == 1
    assert office.sessions.count() == 1


def test_extend_and_plan_at_once_never_overlap() -> None:
    session = factories.session()
    start = session.closes_at

    def act(number: int) -> None:
        if number % 2:
            sessions.extend(session, minutes=30)
        else:
            sessions.plan(
                session.office,
                starts_at=start + timedelta(minutes=number),
                ends_at=start + timedelta(minutes=number + 5),
                wrap_up_minutes=0,
            )

    at_once(act)

    planned = list(ConsultationSession.objects.order_by("starts_at"))
    assert all(one.closes_at <= following.starts_at for one, following in pairwise(planned))
