"""What becomes of a question to which no reply comes: the end of the hour, the wish to erase, the staff."""

import pytest
from django.utils import timezone

from routing.enums import (
    ConsentState,
    TicketState,
    Unanswered,
)
from routing.models import Question
from routing.services.forward import dialogue
from sessions_app.models import ConsultationSession, Conversation
from sprechstunde.vault.keystore import keystore
from tests.routing.forward.talk import Citizen, citizen, states, up_to_check

pytestmark = pytest.mark.django_db

S = ConsentState


@pytest.mark.parametrize(
    ("decided", "state"),
    [(Unanswered.DROP, TicketState.WITHDRAWN), (Unanswered.ANONYMOUS, TicketState.FORWARDED)],
)
def test_end_of_the_hour_settles_as_decided(decided: Unanswered, state: TicketState) -> None:
    asked = citizen(if_unanswered=decided, share_name=True)
    _close(asked)

    dialogue.settle_due(timezone.now())

    question = asked.question
    assert question.consent == S.UNANSWERED
    assert states(question) == [state]
    assert question.name is None or state == TicketState.WITHDRAWN


@pytest.mark.parametrize("decided", list(Unanswered))
def test_chat_that_is_gone_at_the_end_changes_nothing_of_it(decided: Unanswered) -> None:
    asked = citizen(if_unanswered=decided)
    _close(asked)
    Question.objects.update(conversation=None)

    dialogue.settle_due(timezone.now())

    forwarded = decided == Unanswered.ANONYMOUS
    expected = TicketState.FORWARDED if forwarded else TicketState.WITHDRAWN
    assert states(asked.question) == [expected]


def test_who_agreed_but_gave_no_address_is_forwarded_anonymously() -> None:
    asked = up_to_check()
    _close(asked)

    dialogue.settle_due(timezone.now())

    question = asked.question
    assert (question.consent, question.address) == (S.ANONYMOUS, None)
    assert states(question) == [TicketState.FORWARDED]


@pytest.mark.parametrize("is_gone", [True, False])
def test_wish_to_erase_drops_what_waits(is_gone: bool) -> None:
    asked = citizen(if_unanswered=Unanswered.ANONYMOUS)
    if is_gone:
        Question.objects.update(conversation=None)
    else:
        Conversation.objects.update(erase_requested_at=timezone.now())

    dialogue.hear(asked.conversation.pk, 0)
    dialogue.settle_due(timezone.now())

    assert asked.consent == S.REVOKED
    assert states(asked.question) == [TicketState.WITHDRAWN]


def test_key_that_is_destroyed_meanwhile_stops_nothing() -> None:
    asked = citizen()
    asked.writes("Ja", heard=False)
    keystore().destroy(asked.conversation.key_id)

    dialogue.settle_due(timezone.now())

    assert asked.consent == S.FORWARD


def test_extended_hour_goes_on_asking() -> None:
    asked = citizen()
    Question.objects.update(session_closes_at=timezone.now())

    dialogue.settle_due(timezone.now())

    assert asked.consent == S.FORWARD


def test_address_that_is_being_changed_at_the_end_is_forgotten() -> None:
    asked = up_to_check()
    asked.presses(asked.button("Ja"))
    asked.presses(asked.button("Ändern"))
    _close(asked)

    dialogue.settle_due(timezone.now())

    assert (asked.consent, asked.question.address) == (S.ANONYMOUS, None)
    assert states(asked.question) == [TicketState.FORWARDED]


def test_staff_drop_asks_the_next_question() -> None:
    asked = citizen()
    second = asked.is_asked("Und wer räumt den Schnee?")

    dialogue.drop(asked.question, by=asked.mayor)

    second.refresh_from_db()
    assert asked.consent == S.UNANSWERED
    assert second.asked_at is not None


def test_staff_cannot_drop_what_was_answered() -> None:
    asked = citizen()
    asked.writes("Nein")

    with pytest.raises(dialogue.NotAsking):
        dialogue.drop(asked.question, by=asked.mayor)


def test_reminder_asks_again() -> None:
    asked = citizen()

    dialogue.remind(asked.question)

    assert len(asked.prompts()) == 2


def test_decision_can_be_changed_while_asking() -> None:
    asked = citizen()

    dialogue.decide(asked.question, Unanswered.ANONYMOUS)

    assert asked.question.if_unanswered == Unanswered.ANONYMOUS


def _close(asked: Citizen) -> None:
    now = timezone.now()
    ConsultationSession.objects.filter(pk=asked.conversation.session_id).update(
        ends_at=now, closes_at=now
    )
