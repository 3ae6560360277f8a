"""Two sessions of one office never overlap, however many people plan at once."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest
from django.utils import timezone

from sessions_app.models import ConsultationSession
from sessions_app.services import sessions
from tests import factories
from tests.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = 8


def in_race(act: Callable[[int], object]) -> list[bool]:
    """Call `act` with the number of each of PEOPLE; True where it was not refused."""
    works = [partial(act, number) for number in range(PEOPLE)]
    results = at_once(*works, refusal=sessions.SessionError)
    return [not isinstance(result, sessions.SessionError) for result in results]


def test_plan_at_once_lets_exactly_one_through() -> None:
    office = factories.office()
    start = timezone.now() + timedelta(days=1)

    results = in_race(
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

    in_race(act)

    planned = list(ConsultationSession.objects.order_by("starts_at"))
    assert all(one.closes_at <= following.starts_at for one, following in pairwise(planned))
