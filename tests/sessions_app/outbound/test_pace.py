"""Limits are kept before Meta has to: a message each 12.5 ms a number, bursts a citizen."""

from typing import Any

import pytest

from sessions_app.services.outbound import pace
from sessions_app.whatsapp import errors

OFFICE, OTHER_OFFICE = 1, 2


def waits(*pairs: tuple[int, int]) -> list[float]:
    return [round(wait, 2) for wait in pace.reserve(pairs)]


def test_citizen_may_get_a_burst_then_a_message_each_six_seconds(settings: Any) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 100_000

    burst = pace.reserve([(OFFICE, 7)] * 45)
    beyond = pace.reserve([(OFFICE, 7)])

    assert max(burst) <= 0.01
    assert 3 < beyond[0] <= 6


def test_long_wait_takes_no_place(settings: Any) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 100_000
    pace.reserve([(OFFICE, 7)] * 45)

    first, second = pace.reserve([(OFFICE, 7)] * 2)

    assert second == pytest.approx(first, abs=0.2)


def test_citizens_do_not_wait_for_each_other(settings: Any) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 100_000
    pace.reserve([(OFFICE, 7)] * 45)

    assert waits((OFFICE, 8)) == [0.0]


def test_number_sends_eighty_a_second() -> None:
    result = pace.reserve([(OFFICE, citizen) for citizen in range(41)])

    assert result[-1] == pytest.approx(0.5, abs=0.05)
    assert result == sorted(result)


def test_offices_do_not_wait_for_each_other() -> None:
    pace.reserve([(OFFICE, citizen) for citizen in range(40)])

    assert waits((OTHER_OFFICE, 1)) == [0.0]


def test_number_of_high_use_is_faster(settings: Any) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 1000

    assert pace.reserve([(OFFICE, citizen) for citizen in range(41)])[-1] < 0.05


def test_buckets_disappear_by_themselves(redis_server: Any, settings: Any) -> None:
    settings.WHATSAPP_MESSAGES_PER_SECOND = 0.2  # so that both live for seconds
    pace.reserve([(OFFICE, 7)])

    lifetimes = [redis_server.pttl(key) for key in redis_server.keys("*pace*")]

    assert len(lifetimes) == 2
    assert all(0 < lifetime <= 6000 for lifetime in lifetimes)


def test_nobody_waits_while_redis_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from redis import Redis

    nowhere = Redis.from_url("unix:///nowhere/redis.sock")
    monkeypatch.setattr(pace, "redis", lambda: nowhere)

    assert pace.reserve([(OFFICE, 7), (OFFICE, 8)]) == [0.0, 0.0]
    assert caplog.messages == ["redis away: 2 messages are sent unpaced"]


@pytest.mark.parametrize(
    ("code", "attempts", "seconds"),
    [
        *((130429, 1, 0.5), (130429, 3, 2), (130429, 50, 60), (None, 2, 1)),
        *((errors.PAIR_RATE_LIMIT, 1, 4), (errors.PAIR_RATE_LIMIT, 2, 16)),
        *((errors.APP_RATE_LIMIT, 1, 15), (errors.ACCOUNT_RATE_LIMIT, 2, 30)),
    ],
)
def test_pause_grows_with_the_attempts(code: int | None, attempts: int, seconds: float) -> None:
    assert pace.pause(code, attempts).total_seconds() == pytest.approx(seconds, rel=0.2)
