"""Outside the hour nothing is kept; who writes gets nothing, or one notice a day with the next date."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_app.enums import OutsidePolicy
from sessions_app.models import Conversation, Message, Office
from sessions_app.services.inbound import outside
from sessions_app.whatsapp.events import Sender
from sprechstunde.broker import redis
from tests import factories
from tests.sessions_app.inbound.webhooks import (
    Citizen,
    ago,
    change,
    post,
    said,
    text,
    value,
    webhook,
)
from tests.simulator.control import Control, Phone, eventually
from tests.simulator.process import Simulator

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(simulator: Simulator) -> Office:
    """An office with notices, and no session."""
    return factories.office(
        phone_number_id=simulator.phone_number_id, outside_policy=OutsidePolicy.NOTICE
    )


@pytest.fixture
def anna(control: Control) -> Phone:
    phone = control.citizen("Anna")
    phone.change(window_open=True)
    return phone


def citizen_of(phone: Phone) -> Citizen:
    return Citizen(phone.phone, phone.user_id, phone.name)


def write(office: Office, phone: Phone, *elements: Any) -> None:
    by = citizen_of(phone)
    messages = elements or (text(by),)
    content = value(office.phone_number_id, *messages, contacts=[by.contact()])
    assert post(webhook(change(content))) == 200


def quiet(control: Control) -> list[Any]:
    """All that was sent, once nothing more can come."""
    eventually(lambda: outside._places_left._value == outside._WAITING, "notices on their way")
    return control.sends()


def test_notice_tells_the_next_date(office: Office, anna: Phone) -> None:
    start = timezone.now() + timedelta(days=3)
    factories.session(office, starts_at=start)

    write(office, anna)

    local = timezone.localtime(start, office.zone)
    assert f"{local:%H:%M}" in anna.wait_for("Sprechstunde").text
    assert not Conversation.objects.exists()


def test_silent_office_says_nothing(office: Office, anna: Phone, control: Control) -> None:
    Office.objects.update(outside_policy=OutsidePolicy.SILENT)

    write(office, anna)

    assert quiet(control) == []


def test_notice_comes_once_a_person_and_day(office: Office, anna: Phone, control: Control) -> None:
    bea = control.citizen("Bea", username="bea")
    bea.change(window_open=True)
    bea_by_id = Citizen(None, bea.user_id)

    for _ in range(3):
        write(office, anna)
        content = value(office.phone_number_id, text(bea_by_id))
        post(webhook(change(content)))
        quiet(control)

    assert len(quiet(control)) == 2
    assert len(anna.received()) == len(bea.received()) == 1


def test_person_is_the_same_by_number_and_by_id(
    office: Office, anna: Phone, control: Control
) -> None:
    write(office, anna)
    for by in (Citizen(anna.phone, None), Citizen(None, anna.user_id)):
        post(webhook(change(value(office.phone_number_id, text(by)))))

    assert len(quiet(control)) == 1


def test_newcomer_in_the_wrap_up_gets_the_notice(office: Office, anna: Phone) -> None:
    factories.session(office, starts_at=timezone.now() - timedelta(minutes=65), minutes=60)

    write(office, anna)

    assert "geschlossen" in anna.wait_for("Sprechstunde").text
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("reaction", {"message_id": "w", "emoji": "👍"}),
        ("unsupported", {"type": "edit"}),
        ("system", {"type": "user_changed_number", "wa_id": "4915199999999"}),
    ],
)
def test_what_is_no_message_gets_no_notice(
    office: Office, anna: Phone, control: Control, kind: str, content: Any
) -> None:
    write(office, anna, said(citizen_of(anna), kind, content))

    assert quiet(control) == []


def test_message_delivered_hours_late_gets_no_notice(
    office: Office, anna: Phone, control: Control
) -> None:
    write(office, anna, text(citizen_of(anna), at=ago(hours=2)))

    assert quiet(control) == []


def test_refused_notice_is_only_logged(
    office: Office, anna: Phone, control: Control, caplog: pytest.LogCaptureFixture
) -> None:
    control.faults(next_errors=[131026])

    write(office, anna)

    assert quiet(control) == []
    assert "not sent" in caplog.text
    assert anna.phone not in caplog.text


def test_marks_cannot_be_turned_back_and_end_at_midnight(office: Office, anna: Phone) -> None:
    write(office, anna)

    kept = {name: redis().ttl(name) for name in redis().scan_iter(match="*outside*")}
    (seen,) = [name for name in kept if name.endswith(b":seen")]
    assert len(kept) == 2
    assert all(0 < left <= 25 * 3600 for left in kept.values())
    assert {len(mark) for mark in redis().smembers(seen)} == {5}


def test_day_ends_at_the_offices_midnight(office: Office) -> None:
    before = datetime(2026, 3, 28, 23, 59, tzinfo=office.zone)
    sender = Sender(phones=("4915112345678",))
    days = [before, before + timedelta(seconds=30), before + timedelta(minutes=2)]

    assert [outside._is_first_today(office, sender, now) for now in days] == [True, False, True]


def test_nothing_is_sent_while_redis_is_away(
    office: Office, anna: Phone, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis import Redis

    away = Redis(unix_socket_path="/nonexistent/redis.sock")
    monkeypatch.setattr(outside, "redis", lambda: away)

    write(office, anna)

    assert quiet(control) == []
