"""The outbox against a real mail server: what is sent, tried again, given up, and told to whom."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from routing.enums import MailKind, MailState, TicketState
from routing.mail import message_ids
from routing.mail.addresses import Purpose, read
from routing.mail.compose import Letter
from routing.models import Department, OutgoingMail, Question
from routing.services.mail_out import ladder, letters, results, rounds, sending
from sprechstunde.vault.keystore import keystore
from tests.at_once import at_once
from tests.routing import factories
from tests.routing.mail_out import rows
from tests.services import smtp_server
from tests.services.smtp_server import MailServer

pytestmark = pytest.mark.django_db(transaction=True)


def fresh(mail: OutgoingMail) -> OutgoingMail:
    return OutgoingMail.objects.get(pk=mail.pk)


def test_answer_goes_to_the_citizen_and_its_ticket_is_sent(server: MailServer) -> None:
    mail = rows.answer()

    sending.send(mail.pk)

    (taken,) = server.taken
    assert taken.recipients == ("erika@example.org",)
    assert (rows.state(mail), rows.ticket_state(mail)) == (MailState.SENT, TicketState.SENT)
    assert fresh(mail).sent_at is not None


def test_envelope_leads_back_to_the_mail(server: MailServer) -> None:
    mail = rows.answer()

    sending.send(mail.pk)

    (taken,) = server.taken
    tag = read(taken.sender, now=timezone.now())
    assert (tag.purpose, tag.pk) == (Purpose.BOUNCE, mail.pk)
    assert message_ids.uid_of(str(taken.message["Message-ID"])) == mail.uid
    assert taken.options["ENVID"] == mail.uid.hex


def test_all_that_is_due_is_sent_over_few_connections(server: MailServer) -> None:
    mails = [rows.answer() for _ in range(30)]

    sending.send(mails[0].pk)

    assert len(server.taken) == len({taken.options["ENVID"] for taken in server.taken}) == 30
    assert server.connections <= 4
    assert {rows.state(mail) for mail in mails} == {MailState.SENT}


def test_mail_that_was_sent_is_not_sent_again(server: MailServer) -> None:
    mail = rows.answer()
    sending.send(mail.pk)

    sending.send(mail.pk)
    sending.send_due(timezone.now() + timedelta(days=10))

    assert len(server.taken) == 1


def test_many_threads_send_each_mail_once(server: MailServer) -> None:
    mails = [rows.answer() for _ in range(20)]

    at_once(*(partial(sending.send, mail.pk) for mail in mails[:6]))

    assert sorted(taken.options["ENVID"] for taken in server.taken) == sorted(
        mail.uid.hex for mail in mails
    )


def test_row_that_is_gone_is_no_error(server: MailServer) -> None:
    sending.send(4711)

    assert server.taken == []


def test_server_away_lets_mails_wait_longer_and_longer(server: MailServer) -> None:
    mail = rows.answer()
    server.stop()

    sending.send(mail.pk)
    first = fresh(mail)
    sending.send_due(timezone.now())
    second = fresh(mail)

    assert (first.state, first.attempts, first.status) == (MailState.WAITING, 1, "4.4.1")
    assert first.next_attempt_at is not None
    assert second.next_attempt_at == first.next_attempt_at
    server.start()
    OutgoingMail.objects.update(next_attempt_at=timezone.now())
    sending.send_due(timezone.now())
    assert rows.state(mail) == MailState.SENT


def test_pauses_grow_to_an_hour() -> None:
    minutes = [results.pause(attempts).total_seconds() / 60 for attempts in (1, 2, 3, 7, 60)]

    assert [
        round(each / expected) for each, expected in zip(minutes, (1, 2, 4, 60, 60), strict=True)
    ] == [1] * 5


def test_no_mail_server_is_said(settings: Settings, mailbox: None) -> None:
    settings.EMAIL_URL = ""
    mail = rows.answer()

    sending.send(mail.pk)

    assert (fresh(mail).state, fresh(mail).status) == (MailState.WAITING, "4.3.5")


def test_greylisted_mail_waits_and_then_goes(server: MailServer) -> None:
    mail = rows.answer()
    server.does.to_recipient["erika@example.org"] = "450 4.2.0 greylisted"
    sending.send(mail.pk)
    assert (fresh(mail).state, fresh(mail).status) == (MailState.WAITING, "4.2.0")

    server.does.to_recipient.clear()
    OutgoingMail.objects.update(next_attempt_at=timezone.now())
    sending.send_due(timezone.now())

    assert (rows.state(mail), len(server.taken)) == (MailState.SENT, 1)


def test_refused_answer_is_undeliverable_and_marks_the_address(server: MailServer) -> None:
    mail = rows.answer()
    server.does.to_recipient["erika@example.org"] = "550 5.1.1 no such user"

    sending.send(mail.pk)

    assert (fresh(mail).state, fresh(mail).status) == (MailState.FAILED, "5.1.1")
    assert rows.ticket_state(mail) == TicketState.UNDELIVERABLE
    assert Question.objects.get(mails=mail).address_failed_at is not None


def test_refused_content_says_nothing_about_the_address(server: MailServer) -> None:
    mail = rows.answer()
    server.does.to_data = "554 5.7.1 policy"

    sending.send(mail.pk)

    assert rows.ticket_state(mail) == TicketState.UNDELIVERABLE
    assert Question.objects.get(mails=mail).address_failed_at is None


def test_refused_notification_marks_the_departments_mailbox(server: MailServer) -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION)
    assert mail.department is not None
    server.does.to_recipient[mail.department.mailbox] = "550 5.1.1 no such user"

    sending.send(mail.pk)

    assert rows.state(mail) == MailState.FAILED
    assert not Department.objects.get(mails=mail).takes_mail


def test_one_bad_mail_does_not_stop_the_others(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = rows.answer(), rows.answer()
    compose = letters.letter

    def broken(mail: OutgoingMail, *, now: datetime) -> Letter:
        if mail.pk == bad.pk:
            raise ZeroDivisionError
        return compose(mail, now=now)

    monkeypatch.setattr(letters, "letter", broken)
    sending.send(bad.pk)

    assert (rows.state(bad), rows.state(good)) == (MailState.WAITING, MailState.SENT)


def test_mail_about_what_was_erased_is_dropped(server: MailServer) -> None:
    mail = rows.answer()
    assert mail.ticket is not None
    keystore().destroy(mail.ticket.key_id)

    sending.send(mail.pk)

    assert not OutgoingMail.objects.filter(pk=mail.pk).exists()
    assert server.taken == []


@pytest.mark.parametrize(
    "change",
    [
        {"withdrawn_at": timezone.now()},
        {"address_confirmed_at": None},
    ],
)
def test_answer_that_may_not_go_any_more_does_not(
    server: MailServer, change: dict[str, object]
) -> None:
    mail = rows.answer()
    Question.objects.filter(mails=mail).update(**change)

    sending.send(mail.pk)

    assert server.taken == []
    assert not OutgoingMail.objects.filter(pk=mail.pk).exists()


def test_result_is_written_down_when_the_database_is_back(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = rows.answer()
    record, left = results.record, [OperationalError("gone")] * 3

    def failing(outcomes: list[results.Result]) -> None:
        if outcomes and left:
            raise left.pop()
        record(outcomes)

    monkeypatch.setattr(rounds, "DATABASE_PAUSE", 0)
    monkeypatch.setattr(results, "record", failing)
    sending.send(mail.pk)

    assert (rows.state(mail), len(server.taken)) == (MailState.SENT, 1)


def test_result_outlives_a_round_that_had_to_give_up(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = rows.answer()
    record, left = results.record, [OperationalError("gone")] * 2

    def failing(outcomes: list[results.Result]) -> None:
        if outcomes and left:
            raise left.pop()
        record(outcomes)

    monkeypatch.setattr(rounds, "DATABASE_PAUSE", 0)
    monkeypatch.setattr(rounds, "DATABASE_TRIES", 2)
    monkeypatch.setattr(results, "record", failing)
    with pytest.raises(OperationalError):
        sending.send(mail.pk)
    assert rows.state(mail) == MailState.IN_FLIGHT

    other = rows.answer()
    sending.send(other.pk)

    assert (rows.state(mail), rows.state(other)) == (MailState.SENT, MailState.SENT)
    assert len(server.taken) == 2


def test_automatic_mails_to_one_address_stop_climbing(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ladder, "STEPS", ((10, 3), (30, 5)))
    monkeypatch.setattr(ladder.wait, "__defaults__", (ladder.STEPS,))
    ticket = factories.ticket()
    mails = [rows.of_ticket(MailKind.REMINDER, ticket) for _ in range(5)]

    sending.send(mails[0].pk)

    states = [rows.state(mail) for mail in mails]
    assert states == [MailState.SENT] * 3 + [MailState.WAITING] * 2
    assert fresh(mails[4]).next_attempt_at is not None


def test_answers_are_not_counted_as_automatic(server: MailServer) -> None:
    mails = [rows.answer() for _ in range(35)]  # all to one address

    sending.send(mails[0].pk)

    assert len(server.taken) == 35


def test_department_without_a_working_mailbox_is_told_by_its_members(server: MailServer) -> None:
    department = factories.department(mailbox_failed_at=timezone.now())
    clerk = factories.clerk(department)
    mail = rows.of_ticket(MailKind.NOTIFICATION, factories.ticket(department=department))

    sending.send(mail.pk)

    assert server.taken[0].recipients == (clerk.user.email,)


def test_nobody_to_tell_is_a_failure_that_staff_see(server: MailServer) -> None:
    department = factories.department(mailbox="", mailbox_confirmed_at=None)
    mail = rows.of_ticket(MailKind.NOTIFICATION, factories.ticket(department=department))

    sending.send(mail.pk)

    assert (fresh(mail).state, fresh(mail).status) == (MailState.FAILED, "5.4.4")
    assert Department.objects.get(pk=department.pk).mailbox_failed_at is None


def test_receipts_are_asked_for_only_where_they_can_come_back(
    server: MailServer, settings: Settings
) -> None:
    settings.INBOX_URL = ""
    mail = rows.answer()

    sending.send(mail.pk)

    assert server.taken[0].options == {}
    assert fresh(mail).receipt_promised is False


def test_promise_of_receipts_is_looked_at_anew(server: MailServer, settings: Settings) -> None:
    sending.send(rows.answer().pk)
    url, port = settings.EMAIL_URL, server.port
    server.stop()
    with smtp_server.running(offers_receipts=False) as poorer:
        poorer.stop()
        poorer.port = port
        poorer.start()
        mail = rows.answer()
        assert url == settings.EMAIL_URL

        sending.send(mail.pk)
        assert rows.state(mail) == MailState.WAITING  # the row had promised a receipt
        OutgoingMail.objects.update(next_attempt_at=timezone.now())
        sending.send_due(timezone.now())

        assert (rows.state(mail), fresh(mail).receipt_promised) == (MailState.SENT, False)
    server.port = 0
    server.start()
