"""Due days: working days of the Land."""

from datetime import date

import pytest

from routing.services.work.deadlines import after_working_days, due_on, is_working_day
from sessions_app.models.office import Land
from tests import factories as ground
from tests.routing import factories

# In 2026 Fronleichnam is Thursday, 4 June; Reformationstag fell on a Friday in 2025.
TABLE = [
    ("Fronleichnam", date(2026, 6, 4), {"BW", "BY", "HE", "NW", "RP", "SL"}),
    ("Reformationstag", date(2025, 10, 31), {"BB", "HB", "HH", "MV", "NI", "SN", "ST", "SH", "TH"}),
    ("Allerheiligen", date(2027, 11, 1), {"BW", "BY", "NW", "RP", "SL"}),
    ("Heilige Drei Könige", date(2026, 1, 6), {"BW", "BY", "ST"}),
    ("Frauentag", date(2027, 3, 8), {"BE", "MV"}),
    ("Buß- und Bettag", date(2026, 11, 18), {"SN"}),
    ("Weltkindertag", date(2027, 9, 20), {"TH"}),
    ("Karfreitag", date(2026, 4, 3), set(Land.values)),
    ("Tag der Deutschen Einheit", date(2025, 10, 3), set(Land.values)),
    ("Heiligabend", date(2026, 12, 24), set()),
    ("Silvester", date(2026, 12, 31), set()),
]


@pytest.mark.parametrize(("name", "day", "laender"), TABLE, ids=[row[0] for row in TABLE])
def test_public_holiday_is_off_in_its_laender(name: str, day: date, laender: set[str]) -> None:
    off = {land for land in Land.values if not is_working_day(day, land=land)}

    assert off == laender


@pytest.mark.parametrize(
    ("start", "days", "land", "end"),
    [
        (date(2026, 6, 1), 5, "BE", date(2026, 6, 8)),  # Monday to Monday
        (date(2026, 6, 1), 5, "BW", date(2026, 6, 9)),  # Fronleichnam on Thursday
        (date(2026, 6, 3), 1, "BE", date(2026, 6, 4)),
        (date(2026, 6, 3), 1, "BW", date(2026, 6, 5)),
        (date(2025, 10, 30), 1, "NI", date(2025, 11, 3)),  # Reformationstag, then a weekend
        (date(2025, 10, 30), 1, "BW", date(2025, 10, 31)),
        (date(2026, 12, 30), 2, "BE", date(2027, 1, 4)),  # 31st, then New Year and a weekend
        (date(2026, 12, 30), 3, "BW", date(2027, 1, 5)),
        (date(2026, 12, 30), 4, "BW", date(2027, 1, 7)),  # Heilige Drei Könige
        (date(2026, 12, 23), 1, "BY", date(2026, 12, 24)),
        (date(2026, 6, 6), 1, "BE", date(2026, 6, 8)),  # handed over on a Saturday
        (date(2026, 6, 7), 1, "BE", date(2026, 6, 8)),
        (date(2028, 2, 28), 1, "BE", date(2028, 2, 29)),
    ],
)
def test_days_are_counted_from_the_day_after(start: date, days: int, land: str, end: date) -> None:
    assert after_working_days(start, days, land=land) == end


@pytest.mark.django_db
@pytest.mark.parametrize(("land", "end"), [("BW", date(2026, 6, 9)), ("BE", date(2026, 6, 8))])
def test_due_on_takes_days_of_the_department_and_land_of_the_office(land: str, end: date) -> None:
    department = factories.department(ground.office(land=land), due_days=5)

    assert due_on(department, date(2026, 6, 1)) == end
