"""What staff do with a conversation besides writing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.enums import ConversationState, Direction, MessageKind, Notice
from sessions_app.models import Conversation, NumberReveal
from sessions_app.services import conversations
from sprechstunde.live import presence
from tests import factories

pytestmark = pytest.mark.django_db


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def test_open_marks_as_read() -> None:
    conversation = factories.conversation(unread=2)
    staff = factories.staff(conversation.session.office)

    conversations.open_by(conversation, staff)

    assert fresh(conversation).unread == 0


def test_take_over_replaces_the_colleague() -> None:
    conversation = factories.conversation()
    office = conversation.session.office
    conversations.take_over(conversation, by=factories.staff(office))
    second = factories.staff(office)

    conversations.take_over(conversation, by=second)

    assert fresh(conversation).assigned_to == second


def test_hand_back_leaves_nobody() -> None:
    conversation = factories.conversation()
    conversations.take_over(conversation, by=factories.staff(conversation.session.office))

    conversations.hand_back(conversation)

    assert fresh(conversation).assigned_to is None


def test_finish_is_done_and_waits_no_more() -> None:
    conversation = factories.conversation(unread=1)

    conversations.finish(conversation)

    found = fresh(conversation)
    assert (found.state, found.waiting_since, found.unread) == (ConversationState.DONE, None, 0)


def test_finish_does_not_hide_what_nobody_has_seen() -> None:
    conversation = factories.conversation(unread=1)
    seen = factories.message(conversation)
    factories.message(conversation)

    with pytest.raises(conversations.NotSeen):
        conversations.finish(conversation, last_seen=seen.pk)

    assert (fresh(conversation).done_at, fresh(conversation).unread) == (None, 1)


def test_finish_needs_no_look_at_reactions_and_own_messages() -> None:
    conversation = factories.conversation()
    seen = factories.message(conversation)
    factories.message(conversation, direction=Direction.OUT)
    factories.message(conversation, kind=MessageKind.REACTION, content={"emoji": "👍"})

    conversations.finish(conversation, last_seen=seen.pk)

    assert fresh(conversation).state == ConversationState.DONE


def test_reopen_without_an_answer_waits_since_the_first_message() -> None:
    conversation = factories.conversation()
    first = factories.message(conversation, sent_at=timezone.now() - timedelta(minutes=9))
    factories.message(conversation)
    conversations.finish(conversation)

    conversations.reopen(conversation)

    assert fresh(conversation).waiting_since == first.sent_at


def test_reopen_after_an_answer_waits_for_nobody() -> None:
    conversation = factories.conversation()
    factories.message(conversation, sent_at=timezone.now() - timedelta(minutes=9))
    factories.message(conversation, direction=Direction.OUT)
    factories.message(conversation, kind=MessageKind.REACTION, content={"emoji": "👍"})
    conversations.finish(conversation)

    conversations.reopen(conversation)

    assert fresh(conversation).state == ConversationState.ANSWERED


def test_automatic_text_is_no_answer() -> None:
    conversation = factories.conversation()
    asked = factories.message(conversation, sent_at=timezone.now() - timedelta(minutes=9))
    factories.message(conversation, direction=Direction.OUT, notice=Notice.GREETING)

    assert conversations.unanswered_since(conversation) == asked.sent_at


def test_number_is_given_and_noted() -> None:
    conversation = factories.conversation(phone="4915112345678")
    staff = factories.staff(conversation.session.office)

    number = conversations.reveal_number(conversation, by=staff)

    note = NumberReveal.objects.get()
    assert (number, note.staff) == ("+4915112345678", staff)
    assert note.conversation_number == conversation.number


def test_number_that_is_unknown_is_not_noted() -> None:
    conversation = factories.conversation(phone=None)

    number = conversations.reveal_number(
        conversation, by=factories.staff(conversation.session.office)
    )

    assert (number, NumberReveal.objects.count()) == (None, 0)


def test_presence_tells_colleagues_who_types_and_forgets_who_left() -> None:
    presence.note(1, 2, 3, presence.Doing.TYPES)
    presence.note(1, 2, 4, presence.Doing.READS)
    both = presence.others(1, 2, [3, 4, 5])

    presence.note(1, 2, 3, presence.Doing.LEFT)

    assert both == [(3, presence.Doing.TYPES), (4, presence.Doing.READS)]
    assert presence.others(1, 2, [3, 4, 5]) == [(4, presence.Doing.READS)]
