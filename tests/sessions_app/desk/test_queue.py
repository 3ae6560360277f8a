"""The queue's rows: what each says of its conversation, and their order."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.enums import ConversationState, DeliveryState, Direction, MessageKind
from sessions_app.models import ConsultationSession, Conversation, Staff
from sessions_app.queries.desk import QueueRow, queue
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


@pytest.fixture
def host(session: ConsultationSession) -> Staff:
    return factories.staff(session.office, first_name="Maria", last_name="Muster")


def row(conversation: Conversation, staff: Staff) -> QueueRow:
    (found,) = queue(conversation.session, staff, timezone.now(), [conversation.pk])
    return found


@pytest.mark.parametrize(
    ("waits", "answered", "done", "state"),
    [
        (True, False, False, ConversationState.NEW),
        (True, True, False, ConversationState.IN_TALK),
        (False, True, False, ConversationState.ANSWERED),
        (True, True, True, ConversationState.DONE),
    ],
)
def test_row_has_the_state_of_its_conversation(
    session: ConsultationSession,
    host: Staff,
    waits: bool,
    answered: bool,
    done: bool,
    state: ConversationState,
) -> None:
    now = timezone.now()
    conversation = factories.conversation(
        session,
        waiting_since=now if waits else None,
        first_answered_at=now if answered else None,
        done_at=now if done else None,
    )

    found = row(conversation, host)

    assert (found.state, conversation.state) == (state, state)


def test_row_tells_since_when_somebody_waits_else_the_newest_message(
    session: ConsultationSession, host: Staff
) -> None:
    long_ago = timezone.now() - timedelta(minutes=9)
    waiting = factories.conversation(session, waiting_since=long_ago)
    answered = factories.conversation(session, waiting_since=None)

    assert row(waiting, host).since == long_ago
    assert row(answered, host).since == answered.last_message_at


def test_row_names_who_talks(session: ConsultationSession, host: Staff) -> None:
    nameless = factories.staff(session.office)
    mine, theirs, nobodys = (
        factories.conversation(session, assigned_to=staff) for staff in (host, nameless, None)
    )

    rows = [row(conversation, host) for conversation in (mine, theirs, nobodys)]

    assert [each.is_mine for each in rows] == [True, False, False]
    assert [each.talks for each in rows] == ["Maria Muster", nameless.user.username, ""]


def test_line_is_the_newest_message_and_no_reaction(
    session: ConsultationSession, host: Staff
) -> None:
    conversation = factories.conversation(session)
    factories.message(conversation, "Meine Frage")
    factories.message(conversation, "Unsere Antwort", direction=Direction.OUT)
    factories.message(conversation, kind=MessageKind.REACTION, content={"emoji": "👍"})

    found = row(conversation, host)

    assert (found.line, found.line_is_ours) == ("Unsere Antwort", True)


@pytest.mark.parametrize(
    ("delivery", "seconds", "is_stuck"),
    [
        (DeliveryState.FAILED, 0, True),
        (DeliveryState.UNCONFIRMED, 61, True),
        (DeliveryState.UNCONFIRMED, 30, False),
        (DeliveryState.SENT, 61, False),
    ],
)
def test_row_is_stuck_once_a_message_needs_a_decision(
    session: ConsultationSession,
    host: Staff,
    delivery: DeliveryState,
    seconds: int,
    is_stuck: bool,
) -> None:
    attempted = timezone.now() - timedelta(seconds=seconds)
    message = factories.message(
        factories.conversation(session),
        direction=Direction.OUT,
        delivery=delivery,
        attempted_at=attempted,
    )

    assert row(message.conversation, host).is_stuck is is_stuck
    assert message.needs_decision(timezone.now()) is is_stuck


def test_queue_of_nothing_asked_for_is_empty(session: ConsultationSession, host: Staff) -> None:
    factories.conversation(session)

    assert queue(session, host, timezone.now(), []) == []


def test_conversation_of_another_session_is_not_in_the_queue(
    session: ConsultationSession, host: Staff
) -> None:
    stranger = factories.conversation()

    assert queue(session, host, timezone.now(), [stranger.pk]) == []
