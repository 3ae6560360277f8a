"""Numbers as people say them."""

import pytest

from sessions_app.templatetags.spoken import in_groups


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+493023125100", "+49 30 23125100"),
        ("+4915112345678", "+49 151 12345678"),
        ("+49784280221", "+49 784280221"),
        ("+4366412345678", "+4366412345678"),
    ],
)
def test_number_is_apart_only_where_a_part_certainly_ends(number: str, shown: str) -> None:
    assert in_groups(number).replace("\u00a0", " ") == shown
