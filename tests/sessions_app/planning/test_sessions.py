"""Planning, cancelling, ending and extending sessions."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app.enums import SessionState
from sessions_app.models import ConsultationSession
from sessions_app.services import sessions
from sprechstunde.vault.keystore import keystore
from tests import factories

pytestmark = pytest.mark.django_db

# Ahead of the real clock, too: some steps look at that one.
NOW = datetime(2099, 11, 21, 8, tzinfo=UTC)
START = datetime(2099, 12, 3, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def plan(office: object, begins: datetime = START, lasts: timedelta = HOUR) -> ConsultationSession:
    return sessions.plan(
        office,  # type: ignore[arg-type]
        starts_at=begins,
        ends_at=begins + lasts,
        now=NOW,
    )


def from_now(**delta: int) -> datetime:
    return timezone.now() + timedelta(**delta)


def test_plan_takes_the_wrap_up_of_the_office() -> None:
    office = factories.office(wrap_up_minutes=20)

    session = plan(office)

    assert session.closes_at == START + HOUR + timedelta(minutes=20)


def test_plan_with_a_wrap_up_of_its_own() -> None:
    office = factories.office(wrap_up_minutes=20)

    session = sessions.plan(
        office, starts_at=START, ends_at=START + HOUR, wrap_up_minutes=0, now=NOW
    )

    assert session.closes_at == session.ends_at


def test_plan_draws_a_key_for_this_session_alone() -> None:
    office = factories.office()

    first, second = plan(office), plan(office, START + timedelta(days=7))

    assert keystore().load(first.key_id) != keystore().load(second.key_id)


def test_plan_may_begin_right_when_the_wrap_up_before_it_ends() -> None:
    office = factories.office(wrap_up_minutes=15)
    first = plan(office)

    second = plan(office, first.closes_at)

    assert second.starts_at == first.closes_at


@pytest.mark.parametrize(
    "begins",
    [
        START,
        START + 30 * MINUTE,
        START + HOUR,
        START + HOUR + 14 * MINUTE,
        START - HOUR,
        START - HOUR - 14 * MINUTE,
    ],
)
def test_plan_refuses_to_overlap_even_in_the_wrap_up(begins: datetime) -> None:
    office = factories.office(wrap_up_minutes=15)
    plan(office)

    with pytest.raises(sessions.Overlaps):
        plan(office, begins)


def test_plan_of_another_office_may_overlap() -> None:
    plan(factories.office())

    other = plan(factories.office())

    assert other.starts_at == START


def test_plan_in_the_place_of_a_cancelled_session() -> None:
    office = factories.office()
    cancelled = plan(office)
    sessions.cancel(cancelled, reason="")

    again = plan(office)

    assert again.starts_at == cancelled.starts_at


@pytest.mark.parametrize(
    ("begins", "lasts"),
    [
        (START, timedelta()),
        (START, -HOUR),
        (START, timedelta(hours=12) + MINUTE),
        (NOW - HOUR, HOUR),
    ],
)
def test_plan_refuses_impossible_times(begins: datetime, lasts: timedelta) -> None:
    office = factories.office()

    with pytest.raises(sessions.BadTimes):
        plan(office, begins, lasts)

    assert not office.sessions.exists()


def test_plan_that_is_refused_leaves_no_key() -> None:
    office = factories.office()
    plan(office)
    before = set(keystore().ids())

    with pytest.raises(sessions.Overlaps):
        plan(office)

    assert set(keystore().ids()) == before


def test_cancel_keeps_the_reason_and_who_did_it() -> None:
    staff = factories.staff()
    session = factories.session(staff.office, starts_at=from_now(days=1))

    sessions.cancel(session, reason="Krankheit", by=staff)

    session.refresh_from_db()
    assert (session.cancel_reason, session.ended_by) == ("Krankheit", staff)
    assert session.state(timezone.now()) is SessionState.CANCELLED


def test_cancel_refuses_a_session_that_has_begun() -> None:
    session = factories.session()

    with pytest.raises(sessions.WrongState) as refused:
        sessions.cancel(session, reason="")

    assert refused.value.state is SessionState.OPEN


def test_cancel_refuses_a_second_time() -> None:
    session = factories.session(starts_at=from_now(days=1))
    sessions.cancel(session, reason="Krankheit")

    with pytest.raises(sessions.WrongState):
        sessions.cancel(session, reason="Urlaub")

    session.refresh_from_db()
    assert session.cancel_reason == "Krankheit"


def test_end_early_begins_the_wrap_up_now() -> None:
    staff = factories.staff()
    session = factories.session(staff.office, wrap_up_minutes=15)

    sessions.end_early(session, by=staff)

    session.refresh_from_db()
    assert session.state(timezone.now()) is SessionState.WRAP_UP
    assert session.closes_at - session.ends_at == timedelta(minutes=15)
    assert session.ended_by == staff


def test_end_early_without_wrap_up_closes_now() -> None:
    session = factories.session(wrap_up_minutes=0)

    sessions.end_early(session)

    session.refresh_from_db()
    assert session.state(timezone.now()) is SessionState.CLOSED


@pytest.mark.parametrize("begins", [{"days": 1}, {"minutes": -65}, {"days": -1}])
def test_end_early_refuses_a_session_that_is_not_open(begins: dict[str, int]) -> None:
    session = factories.session(starts_at=from_now(**begins))
    before = session.ends_at

    with pytest.raises(sessions.WrongState):
        sessions.end_early(session)

    session.refresh_from_db()
    assert session.ends_at == before


@pytest.mark.parametrize("begins", [{"minutes": -10}, {"minutes": -65}])
def test_end_and_erase_closes_at_once(begins: dict[str, int]) -> None:
    session = factories.session(starts_at=from_now(**begins))

    sessions.end_and_erase(session)

    session.refresh_from_db()
    assert session.state(timezone.now()) is SessionState.CLOSED
    assert list(ConsultationSession.objects.to_be_erased(timezone.now())) == [session]


def test_end_and_erase_of_the_wrap_up_keeps_when_the_hour_ended() -> None:
    session = factories.session(starts_at=from_now(minutes=-65))
    ended_at = session.ends_at

    sessions.end_and_erase(session)

    session.refresh_from_db()
    assert session.ends_at == ended_at


@pytest.mark.parametrize("begins", [{"days": 1}, {"days": -1}])
def test_end_and_erase_refuses_a_session_that_does_not_run(begins: dict[str, int]) -> None:
    session = factories.session(starts_at=from_now(**begins))

    with pytest.raises(sessions.WrongState):
        sessions.end_and_erase(session)


def test_extend_adds_to_the_end_of_an_open_session() -> None:
    session = factories.session(wrap_up_minutes=15)
    before = session.ends_at

    sessions.extend(session, minutes=30)

    session.refresh_from_db()
    assert session.ends_at == before + timedelta(minutes=30)
    assert session.closes_at == session.ends_at + timedelta(minutes=15)


def test_extend_in_the_wrap_up_opens_the_hour_again_from_now() -> None:
    session = factories.session(starts_at=from_now(minutes=-65))
    earliest = from_now(minutes=10)

    sessions.extend(session, minutes=10)

    session.refresh_from_db()
    assert session.is_open(timezone.now())
    assert earliest <= session.ends_at <= from_now(minutes=10)


def test_extend_refuses_to_run_into_the_next_session() -> None:
    session = factories.session(wrap_up_minutes=15)
    factories.session(session.office, starts_at=session.closes_at + timedelta(minutes=10))
    before = session.ends_at

    with pytest.raises(sessions.Overlaps):
        sessions.extend(session, minutes=15)

    session.refresh_from_db()
    assert session.ends_at == before


def test_extend_up_to_the_next_session() -> None:
    session = factories.session(wrap_up_minutes=15)
    following = factories.session(
        session.office, starts_at=session.closes_at + timedelta(minutes=10)
    )

    sessions.extend(session, minutes=10)

    session.refresh_from_db()
    assert session.closes_at == following.starts_at


def test_extend_refuses_more_than_twelve_hours() -> None:
    session = factories.session(minutes=11 * 60 + 45)

    with pytest.raises(sessions.BadTimes):
        sessions.extend(session, minutes=30)


@pytest.mark.parametrize("begins", [{"days": 1}, {"days": -1}])
def test_extend_refuses_a_session_that_does_not_run(begins: dict[str, int]) -> None:
    session = factories.session(starts_at=from_now(**begins))

    with pytest.raises(sessions.WrongState):
        sessions.extend(session, minutes=15)
