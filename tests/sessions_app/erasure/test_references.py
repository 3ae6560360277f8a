"""What another app keeps beyond the hour loses its reference to the chat, and stays."""

import pytest
from django.utils import timezone

from routing.models import Question
from sessions_app.enums import ErasureTrigger
from sessions_app.models import Conversation
from sessions_app.services.erasing import erasure
from tests import factories as ground
from tests.routing import factories
from tests.sessions_app.erasure.hours import close, filled_session

pytestmark = pytest.mark.django_db(transaction=True)


def test_question_outlives_the_session() -> None:
    session = filled_session()
    conversation = session.conversations.get(number=1)
    question = factories.question(session.office, conversation=conversation)

    record = erasure.erase(close(session), trigger=ErasureTrigger.END)

    question.refresh_from_db()
    assert (question.conversation, record.remaining) == (None, 0)
    assert question.text == "Wann wird der Gehweg in der Hauptstraße repariert?"


def test_question_outlives_the_citizens_wish_to_erase_the_chat() -> None:
    mine, other = ground.conversation(), ground.conversation()
    question = factories.question(mine.session.office, conversation=mine)
    others = factories.question(other.session.office, conversation=other)
    Conversation.objects.filter(pk=mine.pk).update(erase_requested_at=timezone.now())

    erasure.erase_conversation(mine.pk)

    conversations = dict(Question.objects.values_list("pk", "conversation"))
    assert conversations == {question.pk: None, others.pk: other.pk}
    assert not Conversation.objects.filter(pk=mine.pk).exists()
