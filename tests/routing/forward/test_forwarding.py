"""A question leaves the conversation: its own box, its number, and nothing if it fails."""

import shutil
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from routing.enums import Action, ConsentState, MailKind, TicketState, Unanswered
from routing.models import Choice, Department, OutgoingMail, Question, Ticket, TicketEvent
from routing.services import departments
from routing.services.forward import dialogue, forwarding, suggestions
from routing.services.forward.references import next_reference
from sessions_app.enums import AttachmentState
from sessions_app.models import Attachment, Conversation, Staff
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.at_once import at_once
from tests.routing import factories as routing
from tests.routing.forward.talk import Citizen, citizen


@pytest.fixture
def mayor() -> Staff:
    return factories.staff()


@pytest.fixture
def talk(mayor: Staff) -> Conversation:
    return factories.conversation(factories.session(mayor.office))


def forward(talk: Conversation, mayor: Staff, **options: Any) -> Question:
    given: dict[str, Any] = {"text": "Wann?", "lead": routing.department(mayor.office)}
    return forwarding.forward(talk, forwarding.Fields(**given | options), by=mayor)


@pytest.mark.django_db
def test_question_has_keys_of_its_own(talk: Conversation, mayor: Staff) -> None:
    question = forward(talk, mayor)

    ticket = question.tickets.get()
    assert keystore().exists(question.key_id)
    assert keystore().exists(ticket.key_id)
    assert len({question.key_id, ticket.key_id, talk.key_id}) == 3


@pytest.mark.django_db
def test_history_begins_with_the_asking(talk: Conversation, mayor: Staff) -> None:
    question = forward(talk, mayor, if_unanswered=Unanswered.ANONYMOUS)

    event = TicketEvent.objects.get(ticket__question=question)
    assert (event.action, event.staff, event.state) == (Action.ASK, mayor, TicketState.WAITING)
    assert question.session_closes_at == talk.session.closes_at
    assert question.if_unanswered == Unanswered.ANONYMOUS


@pytest.mark.django_db
@pytest.mark.parametrize("anonymous", [True, False])
def test_who_is_asked_waits_for_the_staff_no_more(
    talk: Conversation, mayor: Staff, anonymous: bool
) -> None:
    forward(talk, mayor, anonymous=anonymous)

    talk.refresh_from_db()
    assert (talk.waiting_since is None) == (not anonymous)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"text": " \n"}, forwarding.QuestionEmpty),
        ({"text": "x" * 3001}, forwarding.QuestionTooLong),
    ],
)
def test_text_that_is_none_is_refused(
    talk: Conversation, mayor: Staff, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        forward(talk, mayor, **options)


@pytest.mark.django_db
def test_departments_that_take_nothing_are_refused(talk: Conversation, mayor: Staff) -> None:
    closed = routing.department(mayor.office, closed_at=timezone.now())
    ours = routing.department(mayor.office)

    for lead, consulted in ((closed, []), (routing.department(), []), (ours, [ours])):
        with pytest.raises(forwarding.WrongDepartments):
            forward(talk, mayor, lead=lead, consulted=consulted)


@pytest.mark.django_db
def test_department_that_was_closed_since_the_form_was_opened_is_refused(
    talk: Conversation, mayor: Staff
) -> None:
    lead = routing.department(mayor.office)
    departments.close(Department.objects.get(pk=lead.pk))

    with pytest.raises(forwarding.WrongDepartments):
        forward(talk, mayor, lead=lead)


@pytest.mark.django_db(transaction=True)
def test_question_and_the_departments_end_at_once_leave_no_question_in_a_closed_one(
    talk: Conversation, mayor: Staff
) -> None:
    closing = [routing.department(mayor.office) for _ in range(4)]

    for lead in closing:
        at_once(
            partial(forward, talk, mayor, lead=lead),
            partial(departments.close, lead),
            refusal=(forwarding.WrongDepartments, departments.HasOpenTickets),
        )

    closed = Department.objects.exclude(closed_at=None).count()
    assert closed + Ticket.objects.count() == len(closing)
    assert not Ticket.objects.exclude(department__closed_at=None).exists()


@pytest.mark.django_db
def test_failed_forwarding_leaves_no_key_and_no_file(talk: Conversation, mayor: Staff) -> None:
    gone = Attachment.objects.create(
        message=factories.message(talk),
        key_id=talk.key_id,
        state=AttachmentState.STORED,
        media_type="image/png",
    )
    before = set(keystore().ids())

    with pytest.raises(forwarding.WrongFile):
        forward(talk, mayor, attachments=[gone])

    assert set(keystore().ids()) == before
    assert not Question.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_same_press_at_once_makes_one_question(talk: Conversation, mayor: Staff) -> None:
    token, lead = uuid4(), routing.department(mayor.office)
    before = set(keystore().ids())

    made = at_once(*[lambda: forward(talk, mayor, lead=lead, token=token)] * 4)

    (question,) = Question.objects.all()
    assert made == [question] * 4
    keys = {question.key_id, question.tickets.get().key_id}
    assert set(keystore().ids()) - before == keys


@pytest.mark.django_db
def test_form_filled_in_anew_after_back_makes_another_question(
    talk: Conversation, mayor: Staff
) -> None:
    first = forward(talk, mayor)
    other = factories.conversation(talk.session)
    lead = first.tickets.get().department

    questions = [
        forward(talk, mayor, token=first.uid, lead=lead, text="Und wo?"),
        forward(talk, mayor, token=first.uid),
        forward(other, mayor, token=first.uid, lead=lead),
    ]

    assert len({first.pk, *(each.pk for each in questions)}) == 4
    assert questions[0].text == "Und wo?"


@pytest.mark.django_db
def test_conversation_that_is_being_erased_is_closed(talk: Conversation, mayor: Staff) -> None:
    Conversation.objects.update(erase_requested_at=timezone.now())

    with pytest.raises(forwarding.ConversationClosed):
        forward(talk, mayor)


@pytest.mark.django_db
def test_chosen_day_is_kept_when_it_is_handed_over() -> None:
    day = timezone.localdate() + timedelta(days=30)
    asked = citizen(due_on=day)

    asked.writes("Ja, erika@example.org")
    asked.presses(asked.button("Ja"))

    assert asked.question.tickets.get().due_on == day


@pytest.mark.django_db
def test_folder_of_tickets_stays_empty_without_pictures(talk: Conversation, mayor: Staff) -> None:
    shutil.rmtree(settings.TICKET_MEDIA_ROOT, ignore_errors=True)

    forward(talk, mayor)

    assert not Path(settings.TICKET_MEDIA_ROOT).exists()


@pytest.mark.django_db
def test_references_count_in_each_office_and_year(mayor: Staff) -> None:
    other = factories.office()
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Berlin
    days = [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), new_year]

    given = [next_reference(mayor.office, day) for day in days]

    assert given == ["2026-0001", "2026-0002", "2027-0001"]
    assert next_reference(other, days[0]) == "2026-0001"


@pytest.mark.django_db
def test_reference_that_is_taken_is_left_out(mayor: Staff) -> None:
    routing.question(mayor.office, reference="2026-0001")

    assert next_reference(mayor.office, datetime(2026, 3, 1, tzinfo=UTC)) == "2026-0002"


@pytest.mark.django_db
def test_suggestion_says_why(mayor: Staff) -> None:
    lights = routing.department(mayor.office, keywords="Straßenlampe\nStromausfall")
    routing.department(mayor.office, keywords="Hund")

    found = suggestions.suggest(mayor.office, "Die Straßenlampen flackern")

    assert [each.department for each in found] == [lights]
    assert "Straßenlampe" in found[0].reasons[0]
    assert len(found[0].reasons) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("Lampe", "Unsere Straßenlampen sind aus"),
        ("Müllabfuhr", "wann kommt die MÜLLABFUHR?"),
        ("Bäume", "Der Baum ist krank"),
        ("runder Tisch", "Gibt es die runden Tische noch?"),
    ],
)
def test_keyword_is_found_in_its_forms(mayor: Staff, keyword: str, text: str) -> None:
    routing.department(mayor.office, keywords=keyword)

    assert len(suggestions.suggest(mayor.office, text)) == 1


@pytest.mark.django_db
def test_nothing_is_suggested_without_a_reason(mayor: Staff) -> None:
    routing.department(mayor.office, keywords="Hund")

    assert suggestions.suggest(mayor.office, "Wann wird der Weg repariert?") == []


@pytest.mark.django_db
def test_choices_of_the_office_outweigh_keywords_in_time(talk: Conversation, mayor: Staff) -> None:
    by_keyword = routing.department(mayor.office, name="Amt A", keywords="Laterne")
    chosen = routing.department(mayor.office, name="Amt B", keywords="Strom")
    for _time in range(4):
        forward(talk, mayor, text="Erikas Laterne ist kaputt", lead=chosen)

    found = suggestions.suggest(mayor.office, "Noch eine Laterne")

    assert [each.department for each in found] == [chosen, by_keyword]
    assert list(Choice.objects.values_list("word", "count")) == [("latern", 4)]


@pytest.mark.django_db
def test_closed_department_is_never_suggested(mayor: Staff) -> None:
    routing.department(mayor.office, keywords="Laterne", closed_at=timezone.now())

    assert suggestions.suggest(mayor.office, "Laterne") == []


@pytest.mark.django_db(transaction=True)
def test_many_get_different_references_at_once(mayor: Staff) -> None:
    take = transaction.atomic(lambda: next_reference(mayor.office, timezone.now()))

    given = at_once(*[take] * 6)

    assert len(set(given)) == 6


@pytest.mark.django_db(transaction=True)
def test_same_reply_heard_at_once_hands_over_once() -> None:
    asked = citizen()
    asked.writes("erika@example.org")
    asked.presses(asked.button("Ja"), heard=False)

    at_once(*[lambda: dialogue.hear(asked.conversation.pk)] * 4)

    assert asked.consent == ConsentState.GIVEN
    assert _notifications(asked) == 1
    assert TicketEvent.objects.filter(action=Action.DISPATCH).count() == 1


@pytest.mark.django_db(transaction=True)
def test_reply_and_the_staffs_drop_at_once_end_in_one_of_both() -> None:
    asked = citizen()
    asked.writes("erika@example.org")
    asked.presses(asked.button("Ja"), heard=False)

    at_once(
        lambda: dialogue.drop(asked.question, by=asked.mayor),
        lambda: dialogue.hear(asked.conversation.pk),
        refusal=dialogue.NotAsking,
    )

    state = Ticket.objects.get(question=asked.question).state
    expected = {
        ConsentState.GIVEN: TicketState.FORWARDED,
        ConsentState.UNANSWERED: TicketState.WITHDRAWN,
    }
    assert state == expected[asked.consent]


def _notifications(asked: Citizen) -> int:
    rows = OutgoingMail.objects.filter(office=asked.mayor.office, kind=MailKind.NOTIFICATION)
    return rows.count()
