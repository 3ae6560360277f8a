"""Times are typed as the office's wall clock shows them, also around the change of the clocks."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from sessions_app.forms.planning import from_wall_clock

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2026, 3, 28), datetime(2026, 3, 28, 14, tzinfo=UTC)),
        (date(2026, 3, 29), datetime(2026, 3, 29, 13, tzinfo=UTC)),
        (date(2026, 10, 24), datetime(2026, 10, 24, 13, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 14, tzinfo=UTC)),
    ],
)
def test_three_o_clock_stays_three_o_clock_across_the_change(day: date, moment: datetime) -> None:
    assert from_wall_clock(day, time(15), BERLIN) == moment


def test_hour_that_the_clock_skips_is_refused() -> None:
    with pytest.raises(ValidationError) as refused:
        from_wall_clock(date(2026, 3, 29), time(2, 30), BERLIN)

    assert "02:30" in refused.value.message % refused.value.params


def test_hour_that_comes_twice_is_the_first_one() -> None:
    moment = from_wall_clock(date(2026, 10, 25), time(2, 30), BERLIN)

    assert moment == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
