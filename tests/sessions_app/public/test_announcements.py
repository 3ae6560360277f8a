"""What the public page says depends on the clock and on what is planned."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from sessions_app.models import ConsultationSession, Office
from sessions_app.queries.public import PAGE_LIVES, Outlook, announce, announcements
from tests import factories

OFFICE = Office(name="Musterstadt", slug="musterstadt", display_phone_number="+49784280221")
START = datetime(2026, 12, 3, 14, tzinfo=UTC)  # 15:00 in Berlin
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_session(starts_at: datetime = START, **fields: object) -> ConsultationSession:
    closes_at = starts_at + timedelta(minutes=75)
    times = {"starts_at": starts_at, "ends_at": starts_at + HOUR, "closes_at": closes_at}
    return ConsultationSession(office=OFFICE, **times | fields)


@pytest.mark.parametrize(
    ("now", "outlook"),
    [
        (START - DAY, Outlook.UPCOMING),
        (START - timedelta(hours=15), Outlook.TODAY),  # midnight in Berlin
        (START - timedelta(hours=15, microseconds=1), Outlook.UPCOMING),
        (START, Outlook.RUNNING),
        (START + HOUR, Outlook.WRAP_UP),
        (START + timedelta(minutes=75), Outlook.OVER),
        (START + timedelta(hours=9), Outlook.NONE),  # midnight again
    ],
)
def test_outlook_of_a_single_session(now: datetime, outlook: Outlook) -> None:
    session = a_session()

    assert announce(OFFICE, [session], now).outlook is outlook


def test_outlook_without_any_session_is_none() -> None:
    assert announce(OFFICE, [], START).outlook is Outlook.NONE


def test_outlook_after_the_hour_names_the_following_date() -> None:
    today, next_week = a_session(), a_session(START + 7 * DAY)

    announcement = announce(OFFICE, [today, next_week], START + 2 * HOUR)

    assert announcement.outlook is Outlook.OVER
    assert announcement.following is next_week


def test_outlook_between_two_hours_of_a_day_is_the_later_one() -> None:
    morning, afternoon = a_session(START - 5 * HOUR), a_session()

    announcement = announce(OFFICE, [morning, afternoon], START - 2 * HOUR)

    assert (announcement.outlook, announcement.session) == (Outlook.TODAY, afternoon)


def test_cancelled_session_stands_before_the_following_date() -> None:
    cancelled = a_session(cancelled_at=START - 2 * DAY)
    following = a_session(START + 7 * DAY)

    announcement = announce(OFFICE, [cancelled, following], START - DAY)

    assert (announcement.outlook, announcement.session) == (Outlook.CANCELLED, cancelled)
    assert announcement.following is following


def test_cancelled_session_is_still_named_on_its_own_day() -> None:
    cancelled = a_session(cancelled_at=START - 2 * DAY)

    announcement = announce(OFFICE, [cancelled], START + 2 * HOUR)

    assert announcement.outlook is Outlook.CANCELLED


def test_cancelled_session_is_forgotten_the_day_after() -> None:
    cancelled = a_session(cancelled_at=START - 2 * DAY)

    announcement = announce(OFFICE, [cancelled], START + DAY)

    assert announcement.outlook is Outlook.NONE


def test_cancelled_session_that_was_planned_anew_at_its_time_is_not_named() -> None:
    cancelled, anew = a_session(cancelled_at=START - 2 * DAY), a_session()

    announcement = announce(OFFICE, [cancelled, anew], START - DAY)

    assert (announcement.outlook, announcement.session) == (Outlook.UPCOMING, anew)


def test_whatsapp_is_offered_only_while_the_hour_runs() -> None:
    session = a_session()
    moments = [START - HOUR, START, START + HOUR, START + 2 * HOUR]

    offered = [announce(OFFICE, [session], now).takes_messages for now in moments]

    assert offered == [False, True, False, False]


def test_page_is_fresh_no_longer_than_until_the_next_change() -> None:
    session = a_session()

    assert announce(OFFICE, [session], START - DAY).fresh_seconds == PAGE_LIVES
    assert announce(OFFICE, [session], START - timedelta(seconds=7)).fresh_seconds == 7


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 3])
def test_announcements_take_one_query_for_any_number_of_offices(
    count: int, django_assert_num_queries: object
) -> None:
    offices = [factories.session().office for _ in range(count)]

    with django_assert_num_queries(1):  # type: ignore[operator]
        found = announcements(offices, timezone.now())

    assert [one.outlook for one in found] == [Outlook.RUNNING] * count
