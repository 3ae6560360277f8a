"""What the server reports later: delivered, bounced for good, or for now."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from routing.enums import MailKind, MailState, TicketState
from routing.models import Department, OutgoingMail, Question
from routing.services.mail_out import sending
from tests.routing import factories
from tests.routing.mail_out import rows

pytestmark = pytest.mark.django_db(transaction=True)


def sent_answer(**fields: Any) -> OutgoingMail:
    ticket = factories.ticket(state=TicketState.SENT)
    given: dict[str, Any] = {"state": MailState.SENT, "attempts": 1, "sent_at": timezone.now()}
    return rows.answer(ticket=ticket, **given | fields)


def bounce(mail: OutgoingMail, status: str, *, permanent: bool) -> datetime:
    now = timezone.now()
    sending.bounced(mail, status=status, permanent=permanent, now=now)
    return now


def test_delivery_is_noted() -> None:
    mail, now = sent_answer(), timezone.now()

    sending.delivered(mail, now=now)

    assert OutgoingMail.objects.get(pk=mail.pk).delivered_at == now
    assert rows.state(mail) == MailState.SENT


def test_permanent_bounce_tells_the_ticket_and_the_question() -> None:
    mail = sent_answer()

    now = bounce(mail, "5.1.1", permanent=True)

    assert (rows.state(mail), rows.ticket_state(mail)) == (
        MailState.FAILED,
        TicketState.UNDELIVERABLE,
    )
    assert OutgoingMail.objects.get(pk=mail.pk).status == "5.1.1"
    assert Question.objects.get(mails=mail).address_failed_at == now


def test_late_bounce_does_not_blame_the_address_that_was_confirmed_since() -> None:
    mail = sent_answer()
    OutgoingMail.objects.update(attempted_at=timezone.now() - timedelta(days=2))
    Question.objects.update(address_confirmed_at=timezone.now() - timedelta(days=1))

    bounce(OutgoingMail.objects.get(pk=mail.pk), "5.1.1", permanent=True)

    assert rows.state(mail) == MailState.FAILED
    assert Question.objects.get(mails=mail).address_failed_at is None


def test_bounce_for_a_rule_of_the_recipients_server_blames_no_address() -> None:
    mail = sent_answer()

    bounce(mail, "5.7.1", permanent=True)

    assert rows.ticket_state(mail) == TicketState.UNDELIVERABLE
    assert Question.objects.get(mails=mail).address_failed_at is None


def test_bounce_of_a_notification_marks_the_mailbox() -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION, state=MailState.SENT, attempts=1)

    now = bounce(mail, "5.1.10", permanent=True)

    assert Department.objects.get(mails=mail).mailbox_failed_at == now


def test_bounce_of_a_mailbox_question_marks_the_mailbox() -> None:
    department = factories.department(mailbox_confirmed_at=None)
    mail = OutgoingMail.objects.create(
        office=department.office,
        kind=MailKind.MAILBOX,
        department=department,
        state=MailState.SENT,
        attempts=1,
        created_at=timezone.now(),
    )

    now = bounce(mail, "5.1.1", permanent=True)

    assert Department.objects.get(pk=department.pk).mailbox_failed_at == now


def test_full_mailbox_is_tried_again_later_and_later() -> None:
    mail = sent_answer()

    first = bounce(mail, "5.2.2", permanent=False)
    row = OutgoingMail.objects.get(pk=mail.pk)
    assert (row.state, row.next_attempt_at) == (MailState.WAITING, first + timedelta(hours=4))
    OutgoingMail.objects.filter(pk=mail.pk).update(state=MailState.SENT, attempts=2)
    second = bounce(mail, "5.2.2", permanent=False)

    row = OutgoingMail.objects.get(pk=mail.pk)
    assert row.next_attempt_at == second + timedelta(hours=8)
    assert rows.ticket_state(mail) == TicketState.SENT


def test_mailbox_that_stays_full_is_given_up_without_blame() -> None:
    mail = sent_answer(attempts=4)

    bounce(mail, "5.2.2", permanent=False)

    assert (rows.state(mail), rows.ticket_state(mail)) == (
        MailState.FAILED,
        TicketState.UNDELIVERABLE,
    )
    assert Question.objects.get(mails=mail).address_failed_at is None


def test_second_report_changes_nothing() -> None:
    mail = sent_answer()
    bounce(mail, "5.1.1", permanent=True)

    bounce(mail, "5.7.1", permanent=True)

    assert OutgoingMail.objects.get(pk=mail.pk).status == "5.1.1"


def test_report_about_a_mail_that_is_gone_is_no_error() -> None:
    mail = sent_answer()
    OutgoingMail.objects.all().delete()

    sending.delivered(mail, now=timezone.now())
    bounce(mail, "5.1.1", permanent=True)

    assert not OutgoingMail.objects.exists()


def test_failed_notification_is_sent_again_as_a_new_mail() -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION, state=MailState.FAILED)

    sending.send_again(mail)

    again = OutgoingMail.objects.get()
    assert (again.kind, again.state, again.ticket_id) == (
        MailKind.NOTIFICATION,
        MailState.QUEUED,
        mail.ticket_id,
    )
    assert again.uid != mail.uid


def test_failed_notification_is_dismissed() -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION, state=MailState.FAILED)

    sending.dismiss(mail)

    assert not OutgoingMail.objects.exists()


def test_failed_answer_is_not_dismissed() -> None:
    mail = rows.answer(state=MailState.FAILED)

    with pytest.raises(sending.WrongState):
        sending.dismiss(mail)


def test_old_mails_of_no_ticket_are_forgotten() -> None:
    now = timezone.now()
    old = now - timedelta(days=91)
    department = factories.department()
    given = {"office": department.office, "department": department, "kind": MailKind.MAILBOX}
    for state, created_at in (
        (MailState.SENT, old),
        (MailState.SENT, now),
        (MailState.WAITING, old),
    ):
        OutgoingMail.objects.create(**given, state=state, created_at=created_at)
    rows.of_ticket(MailKind.NOTIFICATION, state=MailState.SENT, created_at=old)

    assert sending.forget_old(now) == 1
    assert OutgoingMail.objects.count() == 3
