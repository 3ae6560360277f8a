"""What a person does with mails that found no home: see them, give them to a question, discard them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from routing.enums import Doubt, Outcome, TicketState
from routing.mail.addresses import Purpose
from routing.models import Answer, IncomingMail, Reply, Ticket
from routing.services.mail_in import incoming, quarantine
from routing.services.work.tickets import WrongState
from sessions_app.enums import Role
from sessions_app.models import Staff
from sprechstunde.vault.keystore import keystore
from tests import factories as portal
from tests.routing import factories
from tests.routing.mail_in.people import make_ticket
from tests.routing.mail_in.test_receive import mail_to

STRANGER = "fremd@example.net"


@pytest.fixture
def host(ticket: Ticket) -> Staff:
    """The mayor of the ticket's office."""
    return portal.staff(ticket.office, Role.HOST)


@pytest.fixture
def row(ticket: Ticket) -> IncomingMail:
    """An answer from somebody whom the department did not tell us about."""
    raw = mail_to(ticket, Purpose.DEPARTMENT, "Im Mai.\n\nGruß\nFremd", sender=STRANGER)
    return incoming.receive(raw, now=timezone.now())


def test_assigned_answer_is_the_departments(row: IncomingMail, ticket: Ticket, host: Staff) -> None:
    key_id = row.key_id

    quarantine.resolve_as_answer(row, ticket=ticket, by=host)

    row.refresh_from_db()
    assert Answer.objects.get(ticket=ticket).text == "Im Mai."
    assert (row.outcome, row.resolved_by, row.raw) == (Outcome.ANSWER, host, None)
    assert key_id is not None


@pytest.mark.django_db(transaction=True)
def test_key_of_a_resolved_mail_is_destroyed() -> None:
    ticket = make_ticket()
    raw = mail_to(ticket, Purpose.DEPARTMENT, "Im Mai.", sender=STRANGER)
    row = incoming.receive(raw, now=timezone.now())
    assert row.key_id is not None

    quarantine.discard(row, by=portal.staff(ticket.office, Role.HOST))

    assert not keystore().exists(row.key_id)
    assert IncomingMail.objects.get(pk=row.pk).outcome == Outcome.DISCARDED


def test_assigned_reply_reopens(host: Staff, row: IncomingMail, ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.SENT)

    quarantine.resolve_as_reply(row, ticket=ticket, by=host, text="Von meinem Mann geschrieben")

    assert Reply.objects.get(ticket=ticket).text == "Von meinem Mann geschrieben"


def test_refused_assignment_changes_nothing(host: Staff, row: IncomingMail, ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.SENT)

    with pytest.raises(WrongState):
        quarantine.resolve_as_answer(row, ticket=ticket, by=host)

    row.refresh_from_db()
    assert (row.outcome, row.doubt) == (Outcome.QUARANTINED, Doubt.SENDER)
    assert row.key_id is not None
    assert keystore().exists(row.key_id)


def test_second_decision_is_refused(host: Staff, row: IncomingMail, ticket: Ticket) -> None:
    quarantine.discard(row, by=host)

    with pytest.raises(quarantine.Resolved):
        quarantine.resolve_as_answer(row, ticket=ticket, by=host)


def test_question_of_another_office_is_refused(host: Staff, row: IncomingMail) -> None:
    with pytest.raises(quarantine.OtherOffice):
        quarantine.resolve_as_answer(row, ticket=factories.ticket(), by=host)


def test_mistaken_automatic_mail_can_become_the_answer(host: Staff, ticket: Ticket) -> None:
    raw = mail_to(ticket, Purpose.DEPARTMENT, "Im Mai.", sender=STRANGER)
    row = incoming.receive(b"Precedence: list\n" + raw, now=timezone.now())

    quarantine.resolve_as_answer(row, ticket=ticket, by=host)

    assert Answer.objects.get(ticket=ticket).text == "Im Mai."


def test_list_shows_whose_and_why(client: Client, host: Staff, row: IncomingMail) -> None:
    client.force_login(host.user)

    page = client.get(f"/quarantine/{host.office.slug}/")

    assert STRANGER in page.content.decode()
    assert "Absender" in page.content.decode()


@pytest.mark.parametrize("mails", [1, 3])
def test_list_needs_the_same_queries_for_many(
    client: Client,
    host: Staff,
    ticket: Ticket,
    mails: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(mails):
        raw = mail_to(ticket, Purpose.DEPARTMENT, "x", sender=STRANGER, name=str(number))
        incoming.receive(raw, now=timezone.now())
    client.force_login(host.user)

    with django_assert_num_queries(4):
        client.get(f"/quarantine/{host.office.slug}/")


def test_mail_is_shown_as_plain_text(client: Client, host: Staff, ticket: Ticket) -> None:
    html = (
        b"Content-Type: text/html\n\n<p>Hallo <img src='https://x.example/p'><script>x</script></p>"
    )
    raw = (
        mail_to(ticket, Purpose.DEPARTMENT, "", sender=STRANGER).partition(b"\n\n")[0]
        + b"\n"
        + html
    )
    row = incoming.receive(raw, now=timezone.now())
    client.force_login(host.user)

    page = client.get(f"/quarantine/{host.office.slug}/{row.pk}/").content.decode()

    assert "Hallo" in page
    assert "x.example" not in page


def test_mail_is_given_to_a_question_by_its_number(
    client: Client, host: Staff, row: IncomingMail, ticket: Ticket
) -> None:
    client.force_login(host.user)
    given = {"reference": ticket.reference, "kind": "answer", "text": "Im Mai."}

    answer = client.post(f"/quarantine/{host.office.slug}/{row.pk}/", given)

    assert answer.status_code == 302
    assert Answer.objects.get(ticket=ticket).text == "Im Mai."


def test_unknown_number_is_refused_and_the_text_kept(
    client: Client, host: Staff, row: IncomingMail
) -> None:
    client.force_login(host.user)
    given = {"reference": "1999-0001", "kind": "answer", "text": "Mein Text"}

    answer = client.post(f"/quarantine/{host.office.slug}/{row.pk}/", given)

    assert answer.status_code == 422
    assert "Mein Text" in answer.content.decode()


def test_one_of_several_departments_has_to_be_chosen(
    client: Client, host: Staff, row: IncomingMail, ticket: Ticket
) -> None:
    other = factories.ticket(ticket.question, factories.department(ticket.office))
    client.force_login(host.user)
    given = {"reference": ticket.reference, "kind": "answer", "text": "Im Mai."}
    url = f"/quarantine/{host.office.slug}/{row.pk}/"

    unclear = client.post(url, given)
    clear = client.post(url, given | {"department": str(other.department_id)})

    assert (unclear.status_code, clear.status_code) == (422, 302)
    assert Answer.objects.get().ticket == other


def test_discarding_twice_says_so(client: Client, host: Staff, row: IncomingMail) -> None:
    client.force_login(host.user)
    url = f"/quarantine/{host.office.slug}/{row.pk}/discard/"

    first, second = client.post(url), client.post(url)

    assert (first.status_code, second.status_code) == (302, 409)


def test_resolved_mail_is_gone(client: Client, host: Staff, row: IncomingMail) -> None:
    quarantine.discard(row, by=host)
    client.force_login(host.user)

    assert client.get(f"/quarantine/{host.office.slug}/{row.pk}/").status_code == 410


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.ADMIN])
def test_others_see_nothing(client: Client, row: IncomingMail, ticket: Ticket, role: Role) -> None:
    user: User = portal.staff(ticket.office, role).user
    client.force_login(user)

    page = client.get(f"/quarantine/{ticket.office.slug}/")
    mail = client.get(f"/quarantine/{ticket.office.slug}/{row.pk}/")

    assert (page.status_code, mail.status_code) == (404, 404)


def test_other_office_sees_nothing(client: Client, row: IncomingMail) -> None:
    stranger = portal.staff(role=Role.HOST)
    client.force_login(stranger.user)

    assert client.get(f"/quarantine/{stranger.office.slug}/{row.pk}/").status_code == 404
