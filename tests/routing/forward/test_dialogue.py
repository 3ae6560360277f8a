"""The dialogue with the citizen: every reply in every state, and what it leads to."""

from datetime import timedelta

import pytest
from django.utils import timezone

from routing.enums import (
    AddressCheck,
    ConsentKind,
    ConsentState,
    MailKind,
    Party,
    TicketState,
)
from routing.models import Consent, Correspondence, OutgoingMail, Question
from routing.services.forward import dialogue
from sessions_app.enums import Direction
from tests import factories
from tests.routing.forward.talk import citizen, states, up_to_check

pytestmark = pytest.mark.django_db

S = ConsentState


def mails(of: Question) -> list[str]:
    rows = OutgoingMail.objects.filter(office=of.office_id).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def given(of: Question) -> list[tuple[str, bool, str]]:
    rows = Consent.objects.filter(question=of)
    return list(rows.values_list("kind", "is_given", "wording"))


def test_whole_way_ends_with_consent_and_one_dispatch() -> None:
    asked = up_to_check()

    asked.presses(asked.button("Ja"))

    question = asked.question
    assert (question.consent, question.address) == (S.GIVEN, "erika@example.org")
    assert states(question) == [TicketState.FORWARDED]
    assert mails(question) == [MailKind.NOTIFICATION, MailKind.CONFIRMATION]
    assert given(question) == [
        (ConsentKind.FORWARD, True, "forward-1"),
        (ConsentKind.EMAIL, True, "email-1"),
        (ConsentKind.ADDRESS, True, "check-1"),
    ]
    assert question.reference in asked.reads()[-1]


def test_consent_keeps_who_and_when_it_was_written() -> None:
    asked = citizen()

    message = asked.presses(asked.button("Ja, weitergeben"))

    row = Consent.objects.get(question=asked.question)
    assert (row.by, row.at) == (Party.CITIZEN, message.sent_at)


def test_no_reply_leaves_the_citizen_waiting_in_the_queue() -> None:
    asked = up_to_check()

    asked.presses(asked.button("Ja"))

    assert not asked.waits()


def test_what_was_asked_before_goes_on_waiting() -> None:
    asked = citizen()
    earlier = asked.writes("Und wann kommt der Bus?")

    asked.presses(asked.button("Ja, weitergeben"))

    assert asked.waits()
    assert asked.conversation.waiting_since == earlier.sent_at


def test_address_in_the_first_reply_is_taken() -> None:
    asked = citizen()

    asked.writes("Ja gerne, an Erika.M@Example.org")

    assert (asked.consent, asked.question.address) == (S.CHECK, "Erika.M@example.org")
    assert [kind for kind, _given, _wording in given(asked.question)] == ["forward", "email"]


def test_office_that_trusts_the_chat_confirms_at_once() -> None:
    asked = up_to_check()
    Correspondence.objects.create(
        office=asked.mayor.office, address_check=AddressCheck.CHAT, retention_days=7
    )

    asked.presses(asked.button("Ja"))

    assert asked.question.may_be_mailed
    assert MailKind.CONFIRMATION not in mails(asked.question)


def test_typo_of_a_provider_is_corrected_by_one_press() -> None:
    asked = up_to_check("erika@gmial.com")

    asked.presses(asked.button("Ja, korrigieren"))

    assert (asked.consent, asked.question.address) == (S.GIVEN, "erika@gmail.com")
    assert given(asked.question)[-1] == (ConsentKind.ADDRESS, True, "check-typo-1")


def test_supposed_typo_can_stand() -> None:
    asked = up_to_check("erika@gmial.com")

    asked.presses(asked.button("Nein, sie stimmt"))

    assert (asked.consent, asked.question.address) == (S.GIVEN, "erika@gmial.com")


def test_no_address_is_asked_for_again_but_not_for_ever() -> None:
    asked = citizen()
    asked.presses(asked.button("Ja, weitergeben"))
    asked.presses(asked.button("Ja, per E-Mail"))
    before = len(asked.prompts())

    for _try in range(5):
        asked.writes("erika@")

    assert len(asked.prompts()) == before + 3
    assert asked.consent == S.ADDRESS
    assert asked.waits()


def test_two_addresses_are_not_guessed_between() -> None:
    asked = citizen()
    asked.presses(asked.button("Ja, weitergeben"))
    asked.presses(asked.button("Ja, per E-Mail"))

    asked.writes("a@example.org oder b@example.org")

    assert (asked.consent, asked.question.address) == (S.ADDRESS, None)


@pytest.mark.parametrize("words", ["Nein", "nein danke", "lieber nicht"])
def test_refusal_in_words_drops_the_question(words: str) -> None:
    asked = citizen()

    asked.writes(words)

    assert asked.consent == S.REFUSED
    assert states(asked.question) == [TicketState.WITHDRAWN]
    assert not asked.waits()


def test_no_email_forwards_without_name_and_address() -> None:
    asked = citizen(share_name=True)
    asked.presses(asked.button("Ja, weitergeben"))

    asked.presses(asked.button("Ohne E-Mail"))

    question = asked.question
    assert (question.consent, question.name, question.address) == (S.ANONYMOUS, None, None)
    assert states(question) == [TicketState.FORWARDED]
    assert mails(question) == [MailKind.NOTIFICATION]


def test_name_stays_with_consent_to_it() -> None:
    asked = citizen(share_name=True)
    asked.writes("Ja, erika@example.org")

    asked.presses(asked.button("Ja"))

    assert asked.question.name == "Erika Mustermann"
    assert given(asked.question)[0] == (ConsentKind.FORWARD, True, "forward-name-1")


def test_free_text_is_left_to_the_staff() -> None:
    asked = citizen()

    asked.writes("Welches Amt ist denn das?")

    assert asked.consent == S.FORWARD
    assert asked.waits()
    assert len(asked.prompts()) == 1


def test_yes_written_before_the_question_answers_nothing() -> None:
    asked = citizen()

    asked.writes("Ja gerne", sent_at=timezone.now() - timedelta(seconds=20))

    assert asked.consent == S.FORWARD
    assert asked.waits()
    assert not Consent.objects.exists()


@pytest.mark.parametrize("words", ["Ja", "Nein", "erika@example.org"])
def test_words_after_the_mayor_wrote_are_the_mayors(words: str) -> None:
    asked = citizen()
    factories.message(
        asked.conversation,
        "Meinen Sie die Hauptstraße?",
        direction=Direction.OUT,
        author=asked.mayor,
    )

    asked.writes(words)

    assert asked.consent == S.FORWARD
    assert asked.waits()


def test_button_counts_although_the_mayor_wrote() -> None:
    asked = citizen()
    factories.message(asked.conversation, direction=Direction.OUT, author=asked.mayor)

    asked.presses(asked.button("Ja, weitergeben"))

    assert asked.consent == S.EMAIL


def test_button_pressed_twice_counts_once() -> None:
    asked = up_to_check()
    yes = asked.button("Ja")

    asked.presses(yes)
    asked.presses(yes)

    assert mails(asked.question) == [MailKind.NOTIFICATION, MailKind.CONFIRMATION]
    assert len(given(asked.question)) == 3


def test_same_message_rung_for_twice_is_heard_once() -> None:
    asked = citizen()
    message = asked.writes("Ja")

    dialogue.hear(asked.conversation.pk, message.pk)

    assert asked.consent == S.EMAIL
    assert len(asked.prompts()) == 2


def test_messages_nobody_rang_for_are_heard_by_the_tick() -> None:
    asked = citizen()
    asked.writes("Ja", heard=False)

    dialogue.settle_due(timezone.now())

    assert asked.consent == S.EMAIL


def test_button_below_an_older_address_asks_about_the_newer_one() -> None:
    asked = up_to_check("erika@example.org")
    old = asked.button("Ja")
    asked.writes("anna@example.org")

    asked.presses(old)

    assert (asked.consent, asked.question.address) == (S.CHECK, "anna@example.org")


def test_correction_after_no_is_taken() -> None:
    asked = up_to_check()

    asked.writes("Nein, anna@example.org")

    assert (asked.consent, asked.question.address) == (S.CHECK, "anna@example.org")


def test_edited_address_is_taken() -> None:
    asked = citizen()
    asked.presses(asked.button("Ja, weitergeben"))
    asked.presses(asked.button("Ja, per E-Mail"))
    typed = asked.writes("erika@example.org")

    asked.edits(typed, "anna@example.org")

    assert (asked.consent, asked.question.address) == (S.CHECK, "anna@example.org")


def test_edit_without_its_words_asks_again() -> None:
    asked = citizen()
    typed = asked.writes("Ja")

    asked.edits(typed, None)

    assert asked.consent == S.EMAIL
    assert asked.reads()[-1] == asked.reads()[-2]


def test_changed_address_stops_mail_until_it_is_right_again() -> None:
    asked = up_to_check()
    asked.presses(asked.button("Ja"))

    asked.presses(asked.button("Ändern"))
    asked.writes("anna@example.org")
    waiting = asked.question.may_be_mailed
    asked.presses(asked.button("Ja"))

    assert not waiting
    assert (asked.consent, asked.question.address) == (S.GIVEN, "anna@example.org")
    assert states(asked.question) == [TicketState.FORWARDED]
    assert mails(asked.question).count(MailKind.NOTIFICATION) == 1


def test_late_no_withdraws_what_was_handed_over() -> None:
    asked = up_to_check()
    no = asked.buttons()[1]
    asked.presses(asked.button("Ja"))

    asked.presses(no)

    assert asked.consent == S.REVOKED
    assert states(asked.question) == [TicketState.WITHDRAWN]


def test_late_no_to_email_takes_the_address_out() -> None:
    asked = up_to_check()
    asked.presses(asked.button("Ja"))

    asked.presses(asked.button("Ohne E-Mail"))

    assert (asked.consent, asked.question.address) == (S.ANONYMOUS, None)
    assert states(asked.question) == [TicketState.FORWARDED]


def test_yes_to_a_question_that_was_refused_goes_to_the_staff() -> None:
    asked = citizen()
    yes = asked.button("Ja, weitergeben")
    asked.writes("Nein")

    asked.presses(yes)

    assert asked.consent == S.REFUSED
    assert asked.waits()


def test_foreign_button_is_no_reply() -> None:
    asked = citizen()
    other = citizen()

    asked.presses(other.button("Ja, weitergeben"))

    assert (asked.consent, other.consent) == (S.FORWARD, S.FORWARD)
    assert asked.waits()


def test_second_question_waits_for_the_first() -> None:
    asked = citizen()
    second = asked.is_asked("Und wer räumt den Schnee?")
    prompts = len(asked.prompts())

    asked.writes("Nein")

    second.refresh_from_db()
    assert prompts == 1
    assert second.asked_at is not None
    assert "Und wer räumt den Schnee?" in asked.reads()[-1]


def test_reply_to_the_first_question_is_none_to_the_second() -> None:
    asked = citizen()
    second = asked.is_asked("Und wer räumt den Schnee?")
    asked.writes("Nein")

    dialogue.hear(asked.conversation.pk, 0)

    second.refresh_from_db()
    assert second.consent == S.FORWARD


def test_long_question_is_shown_whole_before_it_is_asked_about() -> None:
    text = "Warum? " * 300

    asked = citizen(text=text)

    assert asked.reads()[0] == text.strip()
    assert asked.button("Ja, weitergeben")
