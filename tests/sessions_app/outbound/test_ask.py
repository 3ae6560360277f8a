"""Questions of the office itself: queued like any message, no answer to anybody, and replies to them."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from sessions_app.enums import DeliveryState, MessageKind, Notice
from sessions_app.models import Conversation, Message
from sessions_app.services import conversations, messages
from tests import factories

pytestmark = pytest.mark.django_db

BUTTONS = [("yes", "Ja"), ("no", "Nein")]


@pytest.fixture
def talk() -> Conversation:
    return factories.conversation()


def waits_since(talk: Conversation) -> object:
    return Conversation.objects.get(pk=talk.pk).waiting_since


def take(message: Message, *also: int) -> None:
    with transaction.atomic():
        conversations.taken_elsewhere(message, also=also)


def test_question_is_queued_with_its_buttons(talk: Conversation) -> None:
    row = messages.ask(talk, text="Darf das weiter?", buttons=BUTTONS, now=timezone.now())

    row.refresh_from_db()
    assert (row.kind, row.notice) == (MessageKind.BUTTONS, Notice.DIALOGUE)
    assert row.delivery == DeliveryState.QUEUED
    assert row.content == {"text": "Darf das weiter?", "buttons": [["yes", "Ja"], ["no", "Nein"]]}


def test_text_without_buttons_is_a_text(talk: Conversation) -> None:
    row = messages.ask(talk, text="Danke.", now=timezone.now())

    assert (row.kind, row.author) == (MessageKind.TEXT, None)


def test_asking_is_no_answer_to_who_waits(talk: Conversation) -> None:
    before = waits_since(talk)

    messages.ask(talk, text="Darf das weiter?", buttons=BUTTONS, now=timezone.now())

    assert waits_since(talk) == before is not None


def test_taken_reply_waits_no_more(talk: Conversation) -> None:
    reply = factories.message(talk)
    Conversation.objects.update(waiting_since=reply.sent_at)

    take(reply)

    assert waits_since(talk) is None


def test_turn_before_the_taken_reply_goes_on_waiting(talk: Conversation) -> None:
    turn = factories.message(talk, sent_at=timezone.now() - timedelta(minutes=1))
    reply = factories.message(talk)
    Conversation.objects.update(waiting_since=turn.sent_at)

    take(reply)

    assert waits_since(talk) == turn.sent_at


def test_turn_after_the_taken_reply_waits_from_then_on(talk: Conversation) -> None:
    now = timezone.now()
    reply = factories.message(talk, sent_at=now)
    other = factories.message(talk, sent_at=now + timedelta(seconds=1))
    turn = factories.message(talk, sent_at=now + timedelta(seconds=2))
    Conversation.objects.update(waiting_since=reply.sent_at)

    take(reply, other.pk)

    assert waits_since(talk) == turn.sent_at
