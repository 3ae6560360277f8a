"""The list of tickets: whose are shown, in which view, found by which words, at what cost."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from routing.enums import TicketState
from routing.models import Department, Ticket
from routing.services.work import answers, tickets
from routing.services.work.actors import of
from sessions_app.enums import Role
from sessions_app.models import Staff
from tests import factories
from tests.routing import factories as make

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def ticket(department: Department, text: str = "Frage", **fields: object) -> Ticket:
    """A ticket of the department with a question of its own."""
    return make.ticket(make.question(department.office, text=text), department, **fields)  # type: ignore[arg-type]


def references(page: str) -> list[str]:
    """The tickets that the page lists, in order."""
    return re.findall(r'class="line__head">\s*<span class="number">([\d-]+)</span>', page)


def counted(page: str) -> dict[str, int]:
    """The views with their counts."""
    found = re.findall(r'view=(\w+)[^>]*>[^<]*<span class="views__count[^>]*>(\d+)<', page)
    return {view: int(count) for view, count in found}


def test_clerk_sees_the_tickets_of_their_departments_only(
    browser: Client, department: Department
) -> None:
    ours = ticket(department)
    ticket(make.department(department.office))
    ticket(make.department())

    page = browser.get("/tickets/").content.decode()

    assert references(page) == [ours.reference]


def test_clerk_of_two_departments_sees_both(
    browser: Client, clerk: Staff, department: Department
) -> None:
    second = make.department(department.office)
    second.members.create(staff=clerk, is_deputy=True)
    found = {ticket(department).reference, ticket(second).reference}

    page = browser.get("/tickets/").content.decode()

    assert set(references(page)) == found


def test_person_with_roles_in_two_offices_sees_tickets_of_both(
    browser: Client, clerk: Staff, department: Department
) -> None:
    elsewhere = make.department()
    factories.staff(elsewhere.office, Role.ASSISTANT, user=clerk.user)
    found = {ticket(department).reference, ticket(elsewhere).reference}

    page = browser.get("/tickets/").content.decode()

    assert set(references(page)) == found


def test_mayors_side_sees_the_whole_office(host: Client, department: Department) -> None:
    found = {ticket(department).reference, ticket(make.department(department.office)).reference}
    ticket(make.department())

    page = host.get("/tickets/").content.decode()

    assert set(references(page)) == found


def test_question_before_consent_is_hidden_from_the_department(
    browser: Client, host: Client, department: Department
) -> None:
    waiting = ticket(department, "Geheimnis", state=TicketState.WAITING)

    theirs = browser.get("/tickets/?view=all").content.decode()
    ours = host.get("/tickets/?view=all").content.decode()

    assert (references(theirs), references(ours)) == ([], [waiting.reference])
    assert "Geheimnis" not in theirs


@pytest.mark.parametrize("state", [TicketState.WITHDRAWN, TicketState.ERASED])
def test_what_is_gone_is_in_no_list(host: Client, department: Department, state: str) -> None:
    ticket(department, state=TicketState(state))

    page = host.get("/tickets/?view=all").content.decode()

    assert references(page) == []


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_others_of_the_office_get_no_list(
    client: Client, department: Department, role: Role
) -> None:
    client.force_login(factories.staff(department.office, role).user)

    assert client.get("/tickets/").status_code == HTTPStatus.NOT_FOUND


def test_stranger_is_asked_to_log_in(client: Client) -> None:
    response = client.get("/tickets/")

    assert response["Location"] == "/login/?next=/tickets/"


def test_clerk_without_department_is_told_so(client: Client) -> None:
    client.force_login(factories.staff(role=Role.CLERK).user)

    page = client.get("/tickets/").content.decode()

    assert "in keinem Fachamt" in page or "not in any department" in page


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("mine", ["mine"]),
        ("department", ["late", "soon", "mine", "release"]),
        ("due", ["soon"]),
        ("overdue", ["late"]),
        ("release", ["release"]),
        ("undeliverable", ["bounced"]),
        ("all", ["done", "bounced", "release", "mine", "soon", "late"]),
        ("nonsense", ["late", "soon", "mine", "release"]),
    ],
)
def test_view_shows_what_it_says(
    browser: Client, clerk: Staff, department: Department, view: str, expected: list[str]
) -> None:
    today = timezone.localdate()
    later = today + timedelta(days=9)
    made = {
        "late": ticket(department, due_on=today - timedelta(days=1)),
        "soon": ticket(department, due_on=today + timedelta(days=2)),
        "mine": ticket(department, state=TicketState.ACCEPTED, clerk=clerk, due_on=later),
        "release": ticket(department, state=TicketState.IN_RELEASE, due_on=later),
        "bounced": ticket(department, state=TicketState.UNDELIVERABLE, due_on=None),
        "done": ticket(department, state=TicketState.SENT, due_on=None),
    }
    sort = "newest" if view == "all" else "due"

    page = browser.get(f"/tickets/?view={view}&sort={sort}").content.decode()

    assert references(page) == [made[name].reference for name in expected]
    assert counted(page) == {
        "mine": 1,
        "department": 4,
        "due": 1,
        "overdue": 1,
        "release": 1,
        "undeliverable": 1,
    }


def test_mayors_side_finds_what_waits_for_it(host: Client, department: Department) -> None:
    due = timezone.localdate()
    waiting = [
        ticket(department, state=state, due_on=due + timedelta(days=days)).reference
        for days, state in enumerate(
            (TicketState.IN_RELEASE, TicketState.RETURNED, TicketState.UNDELIVERABLE)
        )
    ]
    ticket(department)

    page = host.get("/tickets/?view=mine").content.decode()

    assert references(page) == waiting
    assert counted(page)["returned"] == 1


def test_filter_by_department_keeps_the_rest_out(host: Client, department: Department) -> None:
    wanted = ticket(department)
    ticket(make.department(department.office))

    page = host.get(f"/tickets/?department={department.pk}").content.decode()

    assert references(page) == [wanted.reference]


@pytest.mark.parametrize("sort", ["due", "newest", "oldest", "department"])
def test_each_order_is_stable(host: Client, department: Department, sort: str) -> None:
    for _ in range(3):
        ticket(department)

    first, second = (
        references(host.get(f"/tickets/?sort={sort}").content.decode()) for _ in range(2)
    )

    assert first == second
    assert len(first) == 3


@pytest.mark.parametrize(
    "words", ["hauptstraße BUS", "2026-", "fundbüro", "mustermann", "  Bus  "], ids=str
)
def test_search_finds_by_what_is_known(browser: Client, department: Department, words: str) -> None:
    Department.objects.filter(pk=department.pk).update(name="fundbüro")
    found = ticket(department, "Wann hält der Bus in der Hauptstraße?")

    page = browser.post("/tickets/", {"q": words, "view": "all"}).content.decode()

    assert references(page) == [found.reference]


def test_search_finds_by_the_letters_to_and_fro(
    browser: Client, department: Department, clerk: Staff
) -> None:
    answered, replied, drafted = (ticket(department) for _ in range(3))
    answers.submit(answered, by=of(clerk), text="Der Bus hält im Mai.")
    tickets.reopen(replied, text="Und der Bus im Juni?")
    answers.save_draft(drafted, by=of(clerk), text="Bus", version=0)

    page = browser.post("/tickets/", {"q": "der bus", "view": "all"}).content.decode()

    assert set(references(page)) == {answered.reference, replied.reference}


def test_search_in_letters_does_not_reach_beyond_what_one_may_see(
    browser: Client, department: Department
) -> None:
    question = make.question(department.office)
    make.ticket(question, department)
    theirs = make.ticket(question, make.department(department.office))
    tickets.reopen(theirs, text="Und der Bus?")

    page = browser.post("/tickets/", {"q": "Bus", "view": "all"}).content.decode()

    assert references(page) == []


def test_search_does_not_reach_beyond_what_one_may_see(
    browser: Client, department: Department
) -> None:
    ticket(make.department(department.office), "Wann hält der Bus?")

    page = browser.post("/tickets/", {"q": "Bus", "view": "all"}).content.decode()

    assert references(page) == []


def test_search_survives_what_nobody_means(browser: Client, department: Department) -> None:
    ticket(department)

    statuses = [
        browser.post("/tickets/", {"q": q, "view": "all"}).status_code
        for q in ("\0", "%", "_" * 300, "' OR 1=1 --")
    ]

    assert statuses == [HTTPStatus.OK] * 4


def test_words_searched_for_stand_in_no_address(browser: Client, department: Department) -> None:
    for _ in range(30):
        ticket(department, "Bus")

    page = browser.post("/tickets/", {"q": "Bus", "view": "all"}).content.decode()

    assert "q=Bus" not in page
    assert '<form class="pager" method="post"' in page


def test_pages_divide_the_list(browser: Client, department: Department) -> None:
    made = [ticket(department).reference for _ in range(30)]

    first, second, beyond = (
        references(browser.get(f"/tickets/?sort=oldest&page={n}").content.decode())
        for n in (1, 2, 99)
    )

    assert first + second == made
    assert beyond == second


def test_markup_of_a_citizen_stays_text(browser: Client, department: Department) -> None:
    ticket(department, "<script>alert(1)</script> \ud83d")

    page = browser.get("/tickets/").content.decode()

    assert "<script>alert" not in page


def test_ticket_whose_key_is_gone_does_not_break_the_list(
    browser: Client, department: Department
) -> None:
    from sprechstunde.vault.keystore import keystore

    erased, kept = ticket(department, "Eins"), ticket(department, "Zwei")
    assert erased.question
    keystore().destroy(erased.question.key_id)

    page = browser.get("/tickets/").content.decode()

    assert set(references(page)) == {erased.reference, kept.reference}
    assert "Eins" not in page


def test_counts_come_alone_for_the_live_view(browser: Client, department: Department) -> None:
    ticket(department)

    part = browser.get("/tickets/counts/?view=mine", headers=HTMX).content.decode()

    assert counted(part)["department"] == 1
    assert "<html" not in part


def test_lines_come_alone_for_the_live_view(browser: Client, department: Department) -> None:
    made = ticket(department)

    part = browser.get("/tickets/?view=all", headers=HTMX).content.decode()

    assert references(part) == [made.reference]
    assert "<html" not in part


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("as_host", [False, True])
def test_list_has_constant_queries(
    browser: Client,
    host: Client,
    clerk: Staff,
    department: Department,
    django_assert_num_queries: DjangoAssertNumQueries,
    rows: int,
    as_host: bool,
) -> None:
    for _ in range(rows):
        ticket(department, state=TicketState.ACCEPTED, clerk=clerk)
    who = host if as_host else browser

    with django_assert_num_queries(8):
        who.get("/tickets/")


@pytest.mark.parametrize("rows", [1, 3])
def test_search_has_constant_queries(
    browser: Client,
    department: Department,
    django_assert_num_queries: DjangoAssertNumQueries,
    rows: int,
) -> None:
    for _ in range(rows):
        ticket(department, "Bus")

    with django_assert_num_queries(11):
        browser.post("/tickets/", {"q": "Bus", "view": "all"})
