"""What staff write becomes a row of the outbox, once, and never against a closed session."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone, translation

from sessions_app.enums import DeliveryState, Direction, MessageKind, Notice
from sessions_app.models import Conversation, Message, Staff
from sessions_app.services import messages
from tests import factories
from tests.sessions_app.outbound.conftest import queued


def reply(conversation: Conversation, by: Staff, text: str = "Guten Tag", **given: Any) -> Message:
    return messages.reply(
        conversation, by=by, text=text, **{"token": uuid4(), "last_seen": None} | given
    )


def test_reply_queues_a_text(conversation: Conversation, staff: Staff) -> None:
    message = reply(conversation, staff, "  Guten Tag\n")

    stored = Message.objects.get(pk=message.pk)
    assert (stored.content, stored.kind, stored.direction) == (
        {"text": "Guten Tag"},
        MessageKind.TEXT,
        Direction.OUT,
    )
    assert (stored.delivery, stored.author) == (DeliveryState.QUEUED, staff)


def test_reply_answers_the_citizen(conversation: Conversation, staff: Staff) -> None:
    conversation.done_at = timezone.now()
    conversation.save()

    message = reply(conversation, staff)

    conversation.refresh_from_db()
    assert [conversation.waiting_since, conversation.done_at] == [None, None]
    assert (conversation.first_answered_at, conversation.assigned_to) == (message.sent_at, staff)
    assert conversation.last_message_at == message.sent_at


def test_what_came_while_the_reply_was_written_goes_on_waiting(
    conversation: Conversation, staff: Staff
) -> None:
    seen = factories.message(conversation, "Wann?", sent_at=timezone.now() - timedelta(minutes=9))
    unseen = factories.message(conversation, "Und wo?")

    reply(conversation, staff, last_seen=seen.pk)
    waits = Conversation.objects.get(pk=conversation.pk).waiting_since
    reply(conversation, staff, last_seen=unseen.pk, despite_colleague=True)

    assert waits == unseen.sent_at
    assert Conversation.objects.get(pk=conversation.pk).waiting_since is None


def test_reply_leaves_the_conversation_with_whom_it_is(
    conversation: Conversation, staff: Staff
) -> None:
    colleague = factories.staff(conversation.session.office)
    first = reply(conversation, staff)

    reply(conversation, colleague, last_seen=first.pk)

    conversation.refresh_from_db()
    assert (conversation.assigned_to, conversation.first_answered_at) == (staff, first.sent_at)


def test_reply_quotes(conversation: Conversation, staff: Staff) -> None:
    question = factories.message(conversation)

    message = reply(conversation, staff, quoted=question)

    stored = Message.objects.get(pk=message.pk)
    assert stored.quoted_wamid == question.wamid
    assert stored.quoted_digest == question.wamid_digest


def test_reply_pressed_twice_is_one_message(conversation: Conversation, staff: Staff) -> None:
    token = uuid4()

    first, second = (reply(conversation, staff, token=token) for _ in range(2))

    assert first == second
    assert Message.objects.filter(conversation=conversation).count() == 1


def test_reply_pressed_again_after_a_colleague_is_the_first_message(
    conversation: Conversation, staff: Staff
) -> None:
    token = uuid4()
    first = reply(conversation, staff, token=token)
    reply(conversation, factories.staff(conversation.session.office), last_seen=first.pk)

    assert reply(conversation, staff, token=token) == first


def test_reply_stands_below_what_it_answers_although_clocks_differ(
    conversation: Conversation, staff: Staff
) -> None:
    ahead = timezone.now() + timedelta(seconds=5)
    question = factories.message(conversation, sent_at=ahead)
    Conversation.objects.update(last_message_at=ahead)

    answer = reply(conversation, staff)
    assert list(conversation.messages.order_by("sent_at", "id")) == [question, answer]


def test_question_of_the_same_second_stands_below_the_answer_before_it(
    conversation: Conversation, staff: Staff
) -> None:
    Conversation.objects.update(last_message_at=timezone.now() - timedelta(minutes=1))
    answer = reply(conversation, staff)
    question = factories.message(conversation, sent_at=answer.sent_at)

    assert list(conversation.messages.order_by("sent_at", "id")) == [answer, question]


def test_reply_does_not_follow_a_wrong_clock(conversation: Conversation, staff: Staff) -> None:
    Conversation.objects.update(last_message_at=timezone.now() + timedelta(hours=1))

    assert reply(conversation, staff).sent_at <= timezone.now()


def test_second_answer_is_refused(conversation: Conversation, staff: Staff) -> None:
    question = factories.message(conversation)
    answer = reply(conversation, factories.staff(conversation.session.office))

    with pytest.raises(messages.ColleagueAnswered) as raised:
        reply(conversation, staff, last_seen=question.pk)

    assert raised.value.answer == answer
    assert Message.objects.filter(conversation=conversation, author=staff).count() == 0


def test_second_answer_is_sent_when_the_first_was_seen(
    conversation: Conversation, staff: Staff
) -> None:
    answer = reply(conversation, factories.staff(conversation.session.office))

    assert reply(conversation, staff, last_seen=answer.pk).author == staff


def test_second_answer_is_sent_when_it_is_insisted_on(
    conversation: Conversation, staff: Staff
) -> None:
    reply(conversation, factories.staff(conversation.session.office))

    assert reply(conversation, staff, despite_colleague=True).author == staff


@pytest.mark.parametrize("what", ["own message", "notice", "reaction of a colleague"])
def test_reply_is_no_second_answer_to(conversation: Conversation, staff: Staff, what: str) -> None:
    question = factories.message(conversation)
    if what == "own message":
        reply(conversation, staff)
    elif what == "notice":
        messages.send_notice(conversation, Notice.GREETING, now=timezone.now())
    else:
        messages.react(question, by=factories.staff(conversation.session.office), emoji="👍")

    assert reply(conversation, staff, last_seen=question.pk).author == staff


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * 4097, "👍" * 2049])
def test_reply_refuses_a_text_that_whatsapp_does_not_take(
    conversation: Conversation, staff: Staff, text: str
) -> None:
    with pytest.raises(messages.TextRefused) as raised:
        reply(conversation, staff, text)

    assert raised.value.reason
    assert not Message.objects.exists()


def test_reply_takes_the_longest_text(conversation: Conversation, staff: Staff) -> None:
    assert len(reply(conversation, staff, "x" * 4096).content["text"]) == 4096


def _close(conversation: Conversation) -> None:
    session = conversation.session
    session.closes_at = session.ends_at = timezone.now()
    session.save()


def _cancel(conversation: Conversation) -> None:
    conversation.session.cancelled_at = timezone.now()
    conversation.session.save()


def _wish_erasure(conversation: Conversation) -> None:
    conversation.erase_requested_at = timezone.now()
    conversation.save()


def _erase(conversation: Conversation) -> None:
    Conversation.objects.filter(pk=conversation.pk).delete()


@pytest.mark.parametrize("end", [_close, _cancel, _wish_erasure, _erase])
def test_nothing_is_written_after_the_end(
    conversation: Conversation, staff: Staff, end: Any
) -> None:
    question = factories.message(conversation)
    stuck = queued(conversation, delivery=DeliveryState.FAILED)
    end(conversation)

    for write in (
        lambda: reply(conversation, staff),
        lambda: messages.react(question, by=staff, emoji="👍"),
        lambda: messages.send_again(stuck, by=staff),
    ):
        with pytest.raises(messages.SessionClosed):
            write()


def test_reaction_is_a_row_that_names_its_target(conversation: Conversation, staff: Staff) -> None:
    question = factories.message(conversation)

    reaction = messages.react(question, by=staff, emoji="👍")

    stored = Message.objects.get(pk=reaction.pk)
    assert (stored.kind, stored.content) == (MessageKind.REACTION, {"emoji": "👍"})
    assert (stored.quoted_wamid, stored.quoted_digest) == (question.wamid, question.wamid_digest)


def test_reaction_is_no_answer(conversation: Conversation, staff: Staff) -> None:
    question = factories.message(conversation)

    messages.react(question, by=staff, emoji="👍")

    conversation.refresh_from_db()
    assert conversation.waiting_since is not None


def test_reaction_can_be_taken_back(conversation: Conversation, staff: Staff) -> None:
    question = factories.message(conversation)

    assert messages.react(question, by=staff, emoji=None).content == {"emoji": None}


def test_reaction_to_what_whatsapp_does_not_know_is_refused(
    conversation: Conversation, staff: Staff
) -> None:
    with pytest.raises(messages.NoTarget):
        messages.react(queued(conversation), by=staff, emoji="👍")


@pytest.mark.parametrize("notice", [Notice.GREETING, Notice.FAREWELL])
def test_notice_is_sent_once_a_conversation(conversation: Conversation, notice: Notice) -> None:
    first = messages.send_notice(conversation, notice, now=timezone.now())
    second = messages.send_notice(conversation, notice, now=timezone.now())

    assert first is not None
    assert (first.delivery, second) == (DeliveryState.QUEUED, None)
    assert list(Message.objects.filter(notice=notice)) == [first]


def test_notice_is_german_and_names_the_privacy_page(conversation: Conversation) -> None:
    conversation.session.office.privacy_url = "https://kappelrodeck.example/datenschutz"

    with translation.override("en"):
        notice = messages.send_notice(conversation, Notice.GREETING, now=timezone.now())

    assert notice is not None
    assert "https://kappelrodeck.example/datenschutz" in notice.content["text"]
    assert "Sprechstunde" in notice.content["text"]


def test_question_before_erasing_has_buttons(conversation: Conversation) -> None:
    notice = messages.send_notice(conversation, Notice.ERASE_QUESTION, now=timezone.now())

    assert notice is not None
    assert notice.kind == MessageKind.BUTTONS
    assert [key for key, _ in notice.content["buttons"]] == ["erase:yes", "erase:no"]


def test_notice_is_no_answer(conversation: Conversation) -> None:
    messages.send_notice(conversation, Notice.MEDIA_DECLINED, now=timezone.now())

    conversation.refresh_from_db()
    assert (conversation.first_answered_at, conversation.waiting_since is None) == (None, False)


@pytest.mark.parametrize("delivery", [DeliveryState.UNCONFIRMED, DeliveryState.FAILED])
def test_send_again_queues_as_the_newest(
    conversation: Conversation, staff: Staff, delivery: DeliveryState
) -> None:
    stuck = queued(conversation, delivery=delivery, error_code=131000, given_up_at=timezone.now())
    newer = queued(conversation, "neuer")
    Conversation.objects.update(last_message_at=newer.sent_at)

    messages.send_again(stuck, by=staff)

    stuck.refresh_from_db()
    assert (stuck.delivery, stuck.error_code, stuck.given_up_at) == (10, None, None)
    assert stuck.sent_at > newer.sent_at


@pytest.mark.parametrize(
    "delivery",
    [
        *(DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT),
        *(DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.PLAYED),
    ],
)
def test_decision_about_what_is_not_stuck_is_refused(
    conversation: Conversation, staff: Staff, delivery: DeliveryState
) -> None:
    message = queued(conversation, delivery=delivery)

    with pytest.raises(messages.NotStuck):
        messages.send_again(message, by=staff)
    with pytest.raises(messages.NotStuck):
        messages.give_up(message, by=staff)


def test_send_again_pressed_by_two_is_queued_once(conversation: Conversation, staff: Staff) -> None:
    stuck = queued(conversation, delivery=DeliveryState.FAILED)
    messages.send_again(Message.objects.get(pk=stuck.pk), by=staff)

    with pytest.raises(messages.NotStuck):
        messages.send_again(stuck, by=factories.staff(conversation.session.office))


def test_give_up_leaves_the_state_and_ends_the_demand(
    conversation: Conversation, staff: Staff
) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    stuck = queued(conversation, delivery=DeliveryState.UNCONFIRMED, attempted_at=long_ago)

    messages.give_up(stuck, by=staff)

    stuck.refresh_from_db()
    assert (stuck.delivery, stuck.needs_decision(timezone.now())) == (30, False)


@pytest.mark.parametrize(
    ("delivery", "seconds", "needs"),
    [
        (DeliveryState.UNCONFIRMED, 59, False),
        (DeliveryState.UNCONFIRMED, 60, True),
        (DeliveryState.FAILED, 0, True),
        (DeliveryState.SENT, 600, False),
        (DeliveryState.QUEUED, 600, False),
    ],
)
def test_unconfirmed_stands_before_the_staff_after_a_minute(
    conversation: Conversation, delivery: DeliveryState, seconds: int, needs: bool
) -> None:
    now = timezone.now()
    message = queued(conversation, delivery=delivery, attempted_at=now - timedelta(seconds=seconds))

    assert message.needs_decision(now) is needs
