"""The state of a session follows from the clock alone."""

from datetime import UTC, datetime, timedelta

import pytest

from sessions_app.enums import SessionState
from sessions_app.models import ConsultationSession

START = datetime(2026, 12, 3, 14, tzinfo=UTC)
END = START + timedelta(hours=1)
CLOSE = END + timedelta(minutes=15)
TICK = timedelta(microseconds=1)


def a_session(**fields: object) -> ConsultationSession:
    times = {"starts_at": START, "ends_at": END, "closes_at": CLOSE, "wrap_up_minutes": 15}
    return ConsultationSession(**times | fields)


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (START - TICK, SessionState.PLANNED),
        (START, SessionState.OPEN),
        (END - TICK, SessionState.OPEN),
        (END, SessionState.WRAP_UP),
        (CLOSE - TICK, SessionState.WRAP_UP),
        (CLOSE, SessionState.CLOSED),
        (CLOSE + timedelta(days=400), SessionState.CLOSED),
    ],
)
def test_state_at_each_boundary(now: datetime, state: SessionState) -> None:
    session = a_session()

    assert session.state(now) is state


@pytest.mark.parametrize("now", [START - TICK, START, END, CLOSE])
def test_state_of_a_cancelled_session_is_cancelled_at_any_time(now: datetime) -> None:
    session = a_session(cancelled_at=START - timedelta(days=1))

    assert session.state(now) is SessionState.CANCELLED


def test_state_of_an_erased_session_is_erased_even_if_it_was_cancelled() -> None:
    session = a_session(cancelled_at=START, erased_at=START)

    assert session.state(START) is SessionState.ERASED


def test_state_without_wrap_up_goes_from_open_to_closed() -> None:
    session = a_session(closes_at=END, wrap_up_minutes=0)

    assert session.state(END) is SessionState.CLOSED


@pytest.mark.parametrize(
    ("now", "is_open", "is_readable"),
    [
        (START - TICK, False, False),
        (START, True, True),
        (END, False, True),
        (CLOSE - TICK, False, True),
        (CLOSE, False, False),
    ],
)
def test_content_is_readable_while_open_and_in_wrap_up_only(
    now: datetime, is_open: bool, is_readable: bool
) -> None:
    session = a_session()

    assert (session.is_open(now), session.is_readable(now)) == (is_open, is_readable)


@pytest.mark.parametrize("ending", ["erased_at", "cancelled_at"])
def test_content_of_an_ended_session_is_not_readable_within_its_hour(ending: str) -> None:
    session = a_session(**{ending: START})

    assert not session.is_readable(START + TICK)


@pytest.mark.parametrize(
    ("early", "taken"),
    [(timedelta(), True), (timedelta(minutes=15), True), (timedelta(minutes=15) + TICK, False)],
)
def test_message_counts_for_the_hour_from_a_quarter_before_it(
    early: timedelta, taken: bool
) -> None:
    session = a_session()

    assert session.takes_message_of(START - early) is taken
