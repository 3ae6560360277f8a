"""What is done with tickets, one or several: happy and refused, and nothing typed is lost."""

from http import HTTPStatus

import pytest
from django.test import Client

from routing.enums import MailKind, TicketState
from routing.models import Department, Note, OutgoingMail, Ticket
from sessions_app.models import Staff
from tests import factories
from tests.routing import factories as make
from tests.routing.portal.conftest import browser_of

pytestmark = pytest.mark.django_db

ALL_POSTS = (
    *("accept", "return", "pass-on", "note", "answer", "draft", "preview", "files"),
    *("release", "reject", "send-again"),
)


def put(ticket: Ticket, state: TicketState) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state=state)


def state_of(ticket: Ticket) -> TicketState:
    return TicketState(Ticket.objects.get(pk=ticket.pk).state)


def test_accepting_makes_it_mine(browser: Client, clerk: Staff, ticket: Ticket) -> None:
    response = browser.post(f"/tickets/{ticket.pk}/accept/")

    ticket.refresh_from_db()
    assert response["Location"] == f"/tickets/{ticket.pk}/"
    assert (ticket.state, ticket.clerk) == (TicketState.ACCEPTED, clerk)


def test_accepting_what_a_colleague_accepted_says_so(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    browser_of(make.clerk(department)).post(f"/tickets/{ticket.pk}/accept/")

    response = browser.post(f"/tickets/{ticket.pk}/accept/")

    assert response.status_code == HTTPStatus.CONFLICT
    assert 'role="alert"' in response.content.decode()


def test_mayors_side_cannot_accept(host: Client, ticket: Ticket) -> None:
    response = host.post(f"/tickets/{ticket.pk}/accept/")

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert state_of(ticket) == TicketState.FORWARDED


def test_returning_needs_a_reason(browser: Client, ticket: Ticket) -> None:
    refused = browser.post(f"/tickets/{ticket.pk}/return/", {"return-reason": " "})
    done = browser.post(f"/tickets/{ticket.pk}/return/", {"return-reason": "nicht unseres"})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert done.status_code == HTTPStatus.FOUND
    assert state_of(ticket) == TicketState.RETURNED


def test_reason_is_kept_when_returning_is_no_longer_possible(
    browser: Client, ticket: Ticket
) -> None:
    put(ticket, TicketState.IN_RELEASE)

    response = browser.post(f"/tickets/{ticket.pk}/return/", {"return-reason": "nicht unseres"})

    assert response.status_code == HTTPStatus.CONFLICT
    assert state_of(ticket) == TicketState.IN_RELEASE


def test_passing_on_gives_it_to_the_other_department(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    other = make.department(department.office)
    given = {"to": other.pk, "reason": "Euer Gebiet"}

    response = browser.post(f"/tickets/{ticket.pk}/pass-on/", given)

    ticket.refresh_from_db()
    assert response["Location"] == "/tickets/"
    assert ticket.department == other
    assert browser.get(f"/tickets/{ticket.pk}/").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("target", ["other office", "closed", "nothing"])
def test_passing_on_to_where_it_cannot_go_keeps_the_reason(
    browser: Client, department: Department, ticket: Ticket, target: str
) -> None:
    elsewhere = make.department()
    closed = make.department(department.office, closed_at="2026-01-01T00:00Z")
    to = {"other office": elsewhere.pk, "closed": closed.pk, "nothing": ""}[target]

    response = browser.post(
        f"/tickets/{ticket.pk}/pass-on/", {"to": to, "reason": "Bitte übernehmen"}
    )

    ticket.refresh_from_db()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Bitte übernehmen" in response.content.decode()
    assert ticket.department == department


def test_note_is_saved_as_the_departments(
    browser: Client, clerk: Staff, department: Department, ticket: Ticket
) -> None:
    response = browser.post(f"/tickets/{ticket.pk}/note/", {"text": "Wer weiß das?"})

    note = Note.objects.get()
    assert response["Location"] == f"/tickets/{ticket.pk}/"
    assert (note.text, note.author, note.department) == ("Wer weiß das?", clerk, department)


def test_note_of_the_mayors_side_has_no_department(host: Client, ticket: Ticket) -> None:
    host.post(f"/tickets/{ticket.pk}/note/", {"text": "Bitte bald"})

    assert Note.objects.get().department is None


def test_note_can_ask_a_department_that_has_the_question_only(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    asked, stranger = (make.department(department.office) for _ in range(2))
    make.ticket(ticket.question, asked)
    given = {"text": "Wisst ihr das?"}

    refused = browser.post(f"/tickets/{ticket.pk}/note/", given | {"asked": stranger.pk})
    done = browser.post(f"/tickets/{ticket.pk}/note/", given | {"asked": asked.pk})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert done.status_code == HTTPStatus.FOUND
    assert Note.objects.get().asked == asked


def test_empty_note_is_refused(browser: Client, ticket: Ticket) -> None:
    response = browser.post(f"/tickets/{ticket.pk}/note/", {"text": "\n "})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Note.objects.exists()


def test_answer_that_came_back_is_sent_again(browser: Client, ticket: Ticket) -> None:
    make.answer(ticket)
    put(ticket, TicketState.UNDELIVERABLE)

    response = browser.post(f"/tickets/{ticket.pk}/send-again/")

    assert response.status_code == HTTPStatus.FOUND
    assert state_of(ticket) == TicketState.ANSWERED


def test_sending_again_what_did_not_come_back_is_refused(browser: Client, ticket: Ticket) -> None:
    response = browser.post(f"/tickets/{ticket.pk}/send-again/")

    assert response.status_code == HTTPStatus.CONFLICT


@pytest.mark.parametrize("part", ALL_POSTS)
def test_stranger_can_do_nothing(browser: Client, department: Department, part: str) -> None:
    other = make.ticket(department=make.department(department.office))

    response = browser.post(f"/tickets/{other.pk}/{part}/", {"text": "x", "reason": "x"})

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert state_of(other) == TicketState.FORWARDED


@pytest.mark.parametrize("part", ALL_POSTS)
def test_looking_does_nothing(browser: Client, ticket: Ticket, part: str) -> None:
    response = browser.get(f"/tickets/{ticket.pk}/{part}/")

    expected = {"preview": HTTPStatus.FOUND}.get(part, HTTPStatus.METHOD_NOT_ALLOWED)
    assert response.status_code == expected


@pytest.mark.parametrize("part", ALL_POSTS)
def test_with_an_erased_ticket_nothing_can_be_done(
    browser: Client, ticket: Ticket, part: str
) -> None:
    put(ticket, TicketState.WITHDRAWN)

    response = browser.post(f"/tickets/{ticket.pk}/{part}/", {"text": "x", "reason": "x"})

    assert response.status_code == HTTPStatus.GONE


def test_several_are_accepted_at_once(
    browser: Client, clerk: Staff, department: Department
) -> None:
    chosen = [make.ticket(department=department).pk for _ in range(3)]

    response = browser.post("/tickets/bulk/", {"tickets": chosen, "action": "accept"})

    assert response["Location"] == "/tickets/?view=department&sort=due&page=1"
    assert Ticket.objects.filter(clerk=clerk).count() == 3


def test_several_are_done_and_the_rest_is_named(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    late = make.ticket(department=department, state=TicketState.SENT)
    foreign = make.ticket(department=make.department(department.office))
    chosen = [ticket.pk, late.pk, foreign.pk, 10**17]

    response = browser.post("/tickets/bulk/", {"tickets": chosen, "action": "accept"})

    page = response.content.decode()
    assert response.status_code == HTTPStatus.CONFLICT
    assert f'<a href="/tickets/{late.pk}/">{late.reference}</a>' in page
    assert foreign.reference not in page
    assert [state_of(each) for each in (ticket, late, foreign)] == [
        TicketState.ACCEPTED,
        TicketState.SENT,
        TicketState.FORWARDED,
    ]


def test_several_are_passed_on_with_a_reason(
    host: Client, department: Department, ticket: Ticket
) -> None:
    other = make.department(department.office)
    given = {"tickets": [ticket.pk], "action": "pass_on", "to": other.pk}

    refused = host.post("/tickets/bulk/", given)
    done = host.post("/tickets/bulk/", given | {"reason": "Euer Gebiet"})

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert done.status_code == HTTPStatus.FOUND
    assert Ticket.objects.get(pk=ticket.pk).department == other


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"action": "accept"},
        {"tickets": ["x"], "action": "accept"},
        {"tickets": ["1"], "action": "erase"},
        {"tickets": ["1"], "action": "pass_on", "to": "999", "reason": "r"},
    ],
)
def test_broken_bulk_is_refused_with_a_page(browser: Client, given: dict[str, object]) -> None:
    response = browser.post("/tickets/bulk/", given)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'role="alert"' in response.content.decode()


def test_forged_request_is_refused(clerk: Staff, ticket: Ticket) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(clerk.user)

    response = strict.post(f"/tickets/{ticket.pk}/accept/")

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert state_of(ticket) == TicketState.FORWARDED


def test_host_of_another_office_can_do_nothing_in_bulk(ticket: Ticket) -> None:
    stranger = browser_of(factories.staff())

    response = stranger.post(
        "/tickets/bulk/", {"tickets": [ticket.pk], "action": "return", "reason": "x"}
    )

    assert response.status_code == HTTPStatus.CONFLICT
    assert ticket.reference not in response.content.decode()


def test_passing_on_tells_the_department_by_mail(
    host: Client, department: Department, ticket: Ticket
) -> None:
    other = make.department(department.office)

    host.post(f"/tickets/{ticket.pk}/pass-on/", {"to": other.pk, "reason": "Euer Gebiet"})

    assert OutgoingMail.objects.get().kind == MailKind.NOTIFICATION
