"""The page of e-mails that need somebody: who sees it, what it says, what can be decided there."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from routing.enums import MailKind, MailState, TicketState
from routing.models import OutgoingMail
from routing.queries import mails as queries
from sessions_app.enums import Role
from sessions_app.models import Office, Staff
from tests import factories as base
from tests.routing import factories
from tests.routing.mail_out import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return base.office()


@pytest.fixture
def assistant(office: Office, client: Client) -> Staff:
    return signed_in(office, Role.ASSISTANT, client)


def signed_in(office: Office, role: Role, client: Client) -> Staff:
    staff = base.staff(office, role)
    client.force_login(staff.user)
    return staff


def failed(office: Office, **fields: Any) -> OutgoingMail:
    ticket = factories.ticket(factories.question(office))
    given = {"state": MailState.FAILED, "status": "5.1.1"}
    return rows.of_ticket(MailKind.NOTIFICATION, ticket, **given | fields)


def in_doubt(office: Office, **fields: Any) -> OutgoingMail:
    ticket = factories.ticket(factories.question(office), state=TicketState.ANSWERED)
    given: dict[str, Any] = {"state": MailState.UNCONFIRMED, "attempts": 1}
    given |= {"attempted_at": timezone.now()}
    return rows.answer(ticket=ticket, **given | fields)


def page(client: Client, office: Office) -> str:
    return client.get(reverse("mails", args=[office.slug])).content.decode()


def press(client: Client, action: str, mail: OutgoingMail) -> int:
    address = reverse(f"mail_{action}", args=[mail.office.slug, mail.pk])
    return client.post(address).status_code


@pytest.mark.parametrize("role", [Role.HOST, Role.ASSISTANT, Role.ADMIN])
def test_page_names_the_mail_and_nothing_of_its_content(
    client: Client, office: Office, role: Role
) -> None:
    signed_in(office, role, client)
    mail = failed(office)
    assert mail.ticket is not None
    assert mail.question is not None

    shown = page(client, office)

    assert mail.ticket.reference in shown
    assert "5.1.1" in shown
    for hidden in (mail.question.text, mail.question.address, mail.question.name):
        assert str(hidden) not in shown


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR])
def test_others_do_not_find_it(client: Client, office: Office, role: Role) -> None:
    signed_in(office, role, client)

    assert client.get(reverse("mails", args=[office.slug])).status_code == 404


def test_another_offices_mail_is_not_there(client: Client, assistant: Staff) -> None:
    mail = failed(base.office())

    shown = page(client, assistant.office)
    in_our_office = reverse("mail_again", args=[assistant.office.slug, mail.pk])

    assert f'id="mail-{mail.pk}"' not in shown
    assert client.post(in_our_office).status_code == 404
    assert press(client, "again", mail) == 404
    assert rows.state(mail) == MailState.FAILED


def test_what_went_out_needs_nobody(office: Office) -> None:
    for state in (MailState.SENT, MailState.QUEUED, MailState.IN_FLIGHT):
        failed(office, state=state, created_at=timezone.now())

    assert queries.troubles(office, timezone.now()) == []


def test_what_is_stuck_is_shown_after_ten_minutes(office: Office) -> None:
    mail = failed(office, state=MailState.QUEUED, created_at=timezone.now())

    troubles = queries.troubles(office, timezone.now() + timedelta(minutes=10))

    assert [trouble.mail for trouble in troubles] == [mail]


@pytest.mark.parametrize(
    ("promised", "age", "to_decide"),
    [
        (True, timedelta(minutes=59), False),
        (True, timedelta(minutes=61), True),
        (False, timedelta(), True),
    ],
)
def test_doubt_is_put_before_staff_once_the_server_should_have_told(
    office: Office, promised: bool, age: timedelta, to_decide: bool
) -> None:
    in_doubt(office, receipt_promised=promised, attempted_at=timezone.now() - age)

    (trouble,) = queries.troubles(office, timezone.now())

    assert (trouble.to_decide, trouble.to_repeat) == (to_decide, False)


def test_answer_in_doubt_is_sent_again(client: Client, assistant: Staff) -> None:
    mail = in_doubt(assistant.office)

    assert press(client, "again", mail) == 302
    assert rows.state(mail) == MailState.QUEUED


def test_answer_in_doubt_has_arrived(client: Client, assistant: Staff) -> None:
    mail = in_doubt(assistant.office)

    assert press(client, "arrived", mail) == 302
    assert (rows.state(mail), rows.ticket_state(mail)) == (MailState.SENT, TicketState.SENT)


def test_failed_mail_is_taken_off_the_list(client: Client, assistant: Staff) -> None:
    mail = failed(assistant.office)

    assert press(client, "dismiss", mail) == 302
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("action", ["again", "arrived", "dismiss"])
def test_mail_that_has_moved_on_is_a_conflict(
    client: Client, assistant: Staff, action: str
) -> None:
    mail = in_doubt(assistant.office, state=MailState.SENT)

    assert press(client, action, mail) == 409
    assert rows.state(mail) == MailState.SENT


@pytest.mark.parametrize("mails", [1, 3])
def test_page_needs_few_queries(
    client: Client,
    assistant: Staff,
    mails: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(mails):
        failed(assistant.office)
        in_doubt(assistant.office)

    with django_assert_num_queries(3):
        page(client, assistant.office)


@pytest.mark.parametrize(
    "status",
    ["", "4.3.5", "4.4.1", "4.7.4", "5.1.1", "5.2.2", "5.3.4", "5.4.4", "5.6.0", "5.7.1", "5.9.9"],
)
def test_every_status_has_a_sentence(office: Office, status: str) -> None:
    failed(office, status=status)

    (trouble,) = queries.troubles(office, timezone.now())

    assert trouble.what.endswith(".")
    assert trouble.advice.endswith(".")
