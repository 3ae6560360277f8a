"""The links in our mails: confirm, withdraw, prove a mailbox. Only a POST does anything, and only once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from routing.enums import (
    AddressCheck,
    ConsentKind,
    ConsentState,
    MailKind,
    MailState,
    Party,
    TicketState,
)
from routing.mail import tokens
from routing.mail.tokens import Use
from routing.models import Consent, Correspondence, Department, OutgoingMail, Question
from routing.services.links import confirmation, mailboxes, withdrawal
from tests.routing import factories
from tests.routing.mail_out import rows

pytestmark = pytest.mark.django_db


def unconfirmed(**fields: Any) -> Question:
    question = factories.question(address_confirmed_at=None, **fields)
    factories.ticket(question)
    confirmation.ask(question, now=timezone.now())
    return question


def kinds(question: Question) -> list[str]:
    return list(question.mails.order_by("pk").values_list("kind", flat=True))


def fresh(question: Question) -> Question:
    return Question.objects.get(pk=question.pk)


def confirm_url(question: Question) -> str:
    token = confirmation.token(question, now=timezone.now())
    return reverse("confirm_address", args=[token])


def withdraw_url(question: Question) -> str:
    token = withdrawal.token(question, now=timezone.now())
    return reverse("withdraw_question", args=[token])


def mailbox_url(department: Department) -> str:
    return reverse("confirm_mailbox", args=[mailboxes.token(department, now=timezone.now())])


def test_asking_posts_a_mail_and_gives_48_hours() -> None:
    question, now = factories.question(address_confirmed_at=None), timezone.now()

    confirmation.ask(question, now=now)

    assert fresh(question).address_expires_at == now + timedelta(hours=48)
    assert kinds(question) == [MailKind.CONFIRMATION]


def test_office_content_with_the_chat_sends_no_link() -> None:
    question = factories.question(address_confirmed_at=None)
    Correspondence.objects.create(office=question.office, address_check=AddressCheck.CHAT)

    confirmation.ask(question, now=timezone.now())

    assert fresh(question).may_be_mailed
    assert kinds(question) == [MailKind.ACKNOWLEDGEMENT]


def test_following_the_link_changes_nothing(client: Client) -> None:
    question = unconfirmed()

    page = client.get(confirm_url(question))

    assert b'<form method="post">' in page.content
    assert fresh(question).address_confirmed_at is None


def test_pressing_the_button_confirms_and_keeps_the_evidence(client: Client) -> None:
    question = unconfirmed()

    client.post(confirm_url(question))

    assert fresh(question).may_be_mailed
    assert kinds(question) == [MailKind.CONFIRMATION, MailKind.ACKNOWLEDGEMENT]
    evidence = Consent.objects.get(question=question)
    assert (evidence.kind, evidence.is_given, evidence.by, evidence.wording) == (
        ConsentKind.CONFIRMATION,
        True,
        Party.CITIZEN,
        confirmation.WORDING,
    )


def test_answers_that_waited_are_posted(client: Client) -> None:
    question = factories.question(address_confirmed_at=None)
    ticket = factories.ticket(question, state=TicketState.ANSWERED)
    answer = factories.answer(ticket)
    confirmation.ask(question, now=timezone.now())

    client.post(confirm_url(question))

    assert OutgoingMail.objects.get(kind=MailKind.ANSWER).answer == answer


def test_link_page_needs_no_cookie_and_is_kept_by_nobody(client: Client) -> None:
    page = client.get(confirm_url(unconfirmed()))

    assert page.cookies == {}
    assert "no-store" in page["Cache-Control"]
    assert page["X-Robots-Tag"] == "noindex"


def _used(question: Question) -> None:
    confirmation.confirm(confirmation.token(question, now=timezone.now()), timezone.now())


def _expired(question: Question) -> None:
    Question.objects.filter(pk=question.pk).update(address_expires_at=timezone.now())


def _readdressed(question: Question) -> None:
    row = fresh(question)
    row.address = "jemand@example.org"
    row.save()


def _withdrawn(question: Question) -> None:
    Question.objects.filter(pk=question.pk).update(withdrawn_at=timezone.now())


@pytest.mark.parametrize("spoil", [_used, _expired, _readdressed, _withdrawn])
@pytest.mark.parametrize("method", ["get", "post"])
def test_spoiled_link_shows_the_page_of_an_unknown_one(
    client: Client, spoil: Callable[[Question], None], method: str
) -> None:
    question = unconfirmed()
    url = confirm_url(question)
    spoil(question)
    confirmed_at = fresh(question).address_confirmed_at

    page = getattr(client, method)(url)
    unknown = getattr(client, method)(reverse("confirm_address", args=["0" * 58]))

    assert (page.status_code, page.content) == (404, unknown.content)
    assert fresh(question).address_confirmed_at == confirmed_at


def test_link_is_older_than_48_hours() -> None:
    question, now = unconfirmed(), timezone.now()
    token = confirmation.token(question, now=now - timedelta(hours=49))

    assert confirmation.confirm(token, now) is None


def test_token_for_something_else_confirms_nothing(client: Client) -> None:
    question = unconfirmed()
    other = tokens.make(
        Use.WITHDRAW, question.uid, now=timezone.now(), bound_to=question.address or ""
    )

    page = client.post(reverse("confirm_address", args=[other]))

    assert (page.status_code, fresh(question).address_confirmed_at) == (404, None)


def test_too_many_guesses_block_the_link_for_a_while(client: Client) -> None:
    question = unconfirmed()
    url = confirm_url(question)
    wrong = url[:-3] + ("00/" if url[-3:-1] != "00" else "11/")
    for _ in range(10):
        client.post(wrong)

    assert client.post(url).status_code == 404
    assert fresh(question).address_confirmed_at is None


def test_address_that_nobody_confirmed_is_erased_and_the_question_stays() -> None:
    question, now = unconfirmed(), timezone.now()

    assert confirmation.expire_due(now + timedelta(hours=47)) == 0
    assert confirmation.expire_due(now + timedelta(hours=49)) == 1

    row = fresh(question)
    assert (row.address, row.consent) == (None, ConsentState.ANONYMOUS)
    assert row.text == question.text
    assert kinds(question) == []


def test_confirmed_address_stays() -> None:
    question = factories.question()

    assert confirmation.expire_due(timezone.now() + timedelta(days=9)) == 0
    assert fresh(question).address == "erika@example.org"


def test_withdrawing_asks_first(client: Client) -> None:
    question = factories.question()
    ticket = factories.ticket(question)

    page = client.get(withdraw_url(question))

    assert question.reference.encode() in page.content
    ticket.refresh_from_db()
    assert ticket.state == TicketState.FORWARDED


def test_withdrawing_takes_the_question_back(client: Client) -> None:
    question = factories.question()
    ticket = factories.ticket(question)
    url = withdraw_url(question)

    page = client.post(url)
    again = client.post(url)

    ticket.refresh_from_db()
    assert (page.status_code, again.status_code) == (200, 404)
    assert ticket.state == TicketState.WITHDRAWN
    assert kinds(question) == [MailKind.WITHDRAWN]
    evidence = Consent.objects.get(question=question, kind=ConsentKind.WITHDRAWAL)
    assert (evidence.by, evidence.wording) == (Party.CITIZEN, withdrawal.WORDING)


def test_unconfirmed_address_withdraws_itself_only(client: Client) -> None:
    question = unconfirmed()

    page = client.post(withdraw_url(question))

    row = fresh(question)
    assert page.status_code == 200
    assert (row.address, row.withdrawn_at, row.consent) == (None, None, ConsentState.ANONYMOUS)
    assert kinds(question) == []


def test_stranger_cannot_withdraw_once_the_address_was_corrected(client: Client) -> None:
    question = unconfirmed(address="falsch@example.org")
    strangers_link = withdraw_url(question)
    _readdressed(question)

    page = client.post(strangers_link)

    assert (page.status_code, fresh(question).address) == (404, "jemand@example.org")


def test_mailbox_is_confirmed_by_a_press(client: Client) -> None:
    department = factories.department(mailbox_confirmed_at=None)
    url = mailbox_url(department)

    looked = client.get(url)
    assert not Department.objects.get(pk=department.pk).takes_mail
    pressed = client.post(url)

    assert (looked.status_code, pressed.status_code) == (200, 200)
    assert Department.objects.get(pk=department.pk).takes_mail
    assert client.post(url).status_code == 404


def test_mailbox_that_has_changed_needs_a_new_link(client: Client) -> None:
    department = factories.department(mailbox_confirmed_at=None)
    url = mailbox_url(department)
    Department.objects.filter(pk=department.pk).update(mailbox="anderes@musterstadt.example")

    assert client.post(url).status_code == 404


def test_mailbox_that_failed_is_confirmed_anew() -> None:
    now = timezone.now()
    department = factories.department()
    old = mailboxes.token(department, now=now - timedelta(hours=1))
    Department.objects.filter(pk=department.pk).update(mailbox_failed_at=now)
    department.refresh_from_db()

    assert mailboxes.confirm(old, now) is None
    new = mailboxes.token(department, now=now + timedelta(minutes=1))
    assert mailboxes.confirm(new, now + timedelta(minutes=2)) == department
    assert Department.objects.get(pk=department.pk).takes_mail


def test_asking_a_mailbox_posts_a_mail() -> None:
    department = factories.department(mailbox_confirmed_at=None)

    mail = mailboxes.ask(department)

    assert (mail.kind, mail.department, rows.state(mail)) == (
        MailKind.MAILBOX,
        department,
        MailState.QUEUED,
    )


@pytest.mark.parametrize("language", ["de", "en"])
def test_pages_speak_both_languages(client: Client, language: str) -> None:
    page = client.get(confirm_url(unconfirmed()), {"lang": language})

    assert f'<html lang="{language}">' in page.content.decode()
