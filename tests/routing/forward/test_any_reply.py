"""Whatever a citizen does, in whatever order and however often: the question ends in a defined state."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.enums import Action, ConsentKind, ConsentState, TicketState, Unanswered
from routing.models import Consent, Question, Ticket, TicketEvent
from routing.services.forward import dialogue
from sessions_app.models import ConsultationSession, Conversation
from tests.routing.forward.talk import Citizen, citizen

pytestmark = pytest.mark.django_db

S, T = ConsentState, TicketState
TEXTS = (
    *("ja", "Ja gerne", "nein", "nein danke", "👍", "Löschen", "Wie bitte?", "erika@example.org"),
    *("Ja, an erika@gmial.com", "nein, anna@example.org", "erika@", "a@b.de und c@d.de", ""),
)

Deed = Callable[[Citizen], object]


def _press(number: int) -> Deed:
    def deed(asked: Citizen) -> None:
        buttons = asked.buttons()
        asked.presses(buttons[number % len(buttons)])

    return deed


def _write(text: str) -> Deed:
    return lambda asked: asked.writes(text)


def _write_unheard(text: str) -> Deed:
    return lambda asked: asked.writes(text, heard=False)


def _edit(text: str) -> Deed:
    def deed(asked: Citizen) -> None:
        message = asked.writes("Ja")
        asked.edits(message, text or None)

    return deed


def _hear_again(asked: Citizen) -> None:
    dialogue.hear(asked.conversation.pk, 0)


def _tick(_asked: Citizen) -> None:
    dialogue.settle_due(timezone.now())


def _second_question(asked: Citizen) -> None:
    if len(asked.questions) == 1:
        asked.is_asked("Und der Schnee?", if_unanswered=Unanswered.ANONYMOUS, share_name=True)


def _staff(verb: Callable[[Citizen], object]) -> Deed:
    def deed(asked: Citizen) -> None:
        try:
            verb(asked)
        except dialogue.NotAsking:
            assert not asked.question.is_asking or asked.question.address is not None

    return deed


DEEDS = st.one_of(
    st.integers(0, 30).map(_press),
    st.sampled_from(TEXTS).map(_write),
    st.sampled_from(TEXTS).map(_write_unheard),
    st.sampled_from(TEXTS).map(_edit),
    st.sampled_from(
        [
            _hear_again,
            _tick,
            _second_question,
            _staff(lambda asked: dialogue.drop(asked.question, by=asked.mayor)),
            _staff(lambda asked: dialogue.remind(asked.question)),
        ]
    ),
)


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    deeds=st.lists(DEEDS, max_size=9),
    decided=st.sampled_from(list(Unanswered)),
    wishes=st.booleans(),
    chat_is_gone=st.booleans(),
)
def test_any_order_of_replies_ends_in_a_defined_state(
    deeds: list[Deed], decided: Unanswered, wishes: bool, chat_is_gone: bool
) -> None:
    asked = citizen(if_unanswered=decided, share_name=True)

    for deed in deeds:
        deed(asked)
        _is_sound(asked)
    _end(asked, wishes=wishes, chat_is_gone=chat_is_gone)

    for question in Question.objects.filter(pk__in=[each.pk for each in asked.questions]):
        _is_settled(question)


def _end(asked: Citizen, *, wishes: bool, chat_is_gone: bool) -> None:
    now = timezone.now()
    if wishes:
        Conversation.objects.filter(pk=asked.conversation.pk).update(erase_requested_at=now)
    else:
        hours = ConsultationSession.objects.filter(pk=asked.conversation.session_id)
        hours.update(ends_at=now, closes_at=now)
    if chat_is_gone:
        Question.objects.filter(conversation=asked.conversation).update(conversation=None)
    dialogue.settle_due(timezone.now())


def _is_sound(asked: Citizen) -> None:
    """At any time: handed over at most once, and never without what it takes."""
    for question in Question.objects.filter(conversation=asked.conversation):
        dispatched = TicketEvent.objects.filter(
            ticket__question=question, action=Action.DISPATCH
        ).count()
        assert dispatched <= 1
        if question.consent == S.GIVEN:
            assert question.address
            assert _agreed(question) >= {ConsentKind.FORWARD, ConsentKind.EMAIL}
            assert dispatched == 1
        if question.consent in {S.FORWARD, S.REFUSED}:
            assert dispatched == 0


def _is_settled(question: Question) -> None:
    states = set(Ticket.objects.filter(question=question).values_list("state", flat=True))
    assert not question.is_asking
    if question.consent == S.GIVEN:
        assert (states, bool(question.address)) == ({T.FORWARDED}, True)
    elif question.consent in {S.REFUSED, S.REVOKED}:
        assert states == {T.WITHDRAWN}
    elif question.consent == S.ANONYMOUS:
        assert (states, question.name, question.address) == ({T.FORWARDED}, None, None)
        assert ConsentKind.FORWARD in _agreed(question)
    else:
        assert question.consent == S.UNANSWERED
        assert states <= {T.FORWARDED, T.WITHDRAWN}
        assert states == {T.WITHDRAWN} or (question.name, question.address) == (None, None)


def _agreed(question: Question) -> set[str]:
    rows = Consent.objects.filter(question=question, is_given=True)
    return set(rows.values_list("kind", flat=True))
