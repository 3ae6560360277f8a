"""The farewell between the end of a session and its erasure."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import ConsultationSession, Message
from sessions_app.services.erasing import closing, erasure
from sessions_app.services.erasing.check import left_of_session
from sprechstunde.vault.keystore import keystore
from tests.sessions_app.erasure.hours import close, filled_session

pytestmark = pytest.mark.django_db(transaction=True)

JUST_NOW = timedelta(seconds=1)
TOO_LATE = timedelta(seconds=21)


def _farewells(session: ConsultationSession) -> list[int | None]:
    rows = Message.objects.filter(session=session, notice=Notice.FAREWELL)
    return list(rows.values_list("delivery", flat=True))


def test_everyone_who_wrote_gets_one_farewell() -> None:
    session = close(filled_session(), ago=JUST_NOW)

    erasure.erase_due(timezone.now())
    erasure.erase_due(timezone.now())

    assert _farewells(session) == [DeliveryState.QUEUED] * 3


def test_the_erasure_waits_for_farewells_on_their_way() -> None:
    session = close(filled_session(), ago=JUST_NOW)

    erasure.erase_due(timezone.now())

    assert left_of_session(session).conversations == 3


def test_the_erasure_follows_once_the_farewells_are_sent() -> None:
    session = close(filled_session(), ago=JUST_NOW)
    erasure.erase_due(timezone.now())
    Message.objects.filter(notice=Notice.FAREWELL).update(delivery=DeliveryState.SENT)

    erasure.erase_due(timezone.now())

    assert left_of_session(session).total == 0


def test_the_erasure_waits_no_longer_than_twenty_seconds() -> None:
    session = close(filled_session(), ago=JUST_NOW)
    erasure.erase_due(timezone.now())

    erasure.erase_due(timezone.now() + TOO_LATE)

    assert left_of_session(session).total == 0


def test_a_late_tick_says_no_farewell() -> None:
    session = close(filled_session(), ago=TOO_LATE)

    closing.queue_farewells(session, timezone.now())

    assert _farewells(session) == []


def test_a_running_session_says_no_farewell() -> None:
    session = filled_session()

    closing.queue_farewells(session, timezone.now())

    assert _farewells(session) == []


def test_who_wished_to_be_erased_gets_no_farewell() -> None:
    session = close(filled_session(), ago=JUST_NOW)
    session.conversations.filter(number=1).update(erase_requested_at=timezone.now())

    closing.queue_farewells(session, timezone.now())

    assert len(_farewells(session)) == 2


def test_a_destroyed_key_costs_the_farewell_but_not_the_erasure() -> None:
    session = close(filled_session(), ago=JUST_NOW)
    keystore().destroy(session.key_id)

    erasure.erase_due(timezone.now())

    assert left_of_session(session).total == 0
