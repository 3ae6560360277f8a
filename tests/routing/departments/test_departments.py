"""Departments as the office sets them up: verbs and pages."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from routing.enums import MailKind, TicketState
from routing.models import Correspondence, Department, OutgoingMail
from routing.services import departments
from routing.services.departments import Fields
from sessions_app.enums import Role
from sessions_app.models import Office, Staff
from tests import factories
from tests.routing import factories as routing

pytestmark = pytest.mark.django_db

FIELDS = Fields("Bauamt", "Straßenlampe\nBaustelle", "bauamt@stadt.example", 5, needs_release=False)
TYPED = {"name": "Bauamt", "keywords": "Lampe, Straße", "mailbox": "", "due_days": "5"}


@pytest.fixture
def office() -> Office:
    return factories.office()


@pytest.fixture
def admin(office: Office) -> Staff:
    return factories.staff(office, Role.ADMIN)


@pytest.fixture
def pages(client: Client, admin: Staff) -> Client:
    client.force_login(admin.user)
    return client


def address(name: str, office: Office, *args: int) -> str:
    return reverse(name, args=(office.slug, *args))


def confirmed(office: Office) -> Department:
    department = departments.create(office, FIELDS)
    department.mailbox_confirmed_at = timezone.now()
    department.save()
    return department


def test_new_department_asks_its_mailbox_to_confirm_itself(office: Office) -> None:
    department = departments.create(office, FIELDS)

    assert not department.takes_mail
    assert OutgoingMail.objects.get().kind == MailKind.MAILBOX


def test_new_mailbox_has_to_confirm_itself_anew(office: Office) -> None:
    department = confirmed(office)
    other = Fields("Bauamt", "", "neu@stadt.example", 5, needs_release=False)

    changed = departments.change(department, other)

    assert not changed.takes_mail


def test_same_mailbox_stays_confirmed(office: Office) -> None:
    department = confirmed(office)

    changed = departments.change(department, FIELDS)

    assert changed.takes_mail


def test_department_with_open_tickets_cannot_be_closed(office: Office) -> None:
    department = departments.create(office, FIELDS)
    routing.ticket(routing.question(office), department=department, state=TicketState.FORWARDED)

    with pytest.raises(departments.HasOpenTickets) as refused:
        departments.close(department)

    assert refused.value.count == 1


def test_department_a_citizen_is_being_asked_for_cannot_be_closed(office: Office) -> None:
    department = departments.create(office, FIELDS)
    routing.ticket(routing.question(office), department=department, state=TicketState.WAITING)

    with pytest.raises(departments.HasOpenTickets):
        departments.close(department)


def test_department_without_open_tickets_is_closed_and_opened(office: Office) -> None:
    department = departments.create(office, FIELDS)
    departments.close(department)
    closed = list(Department.objects.active())

    departments.reopen(department)

    assert (closed, list(Department.objects.active())) == ([], [department])


def test_members_are_exactly_those_chosen(office: Office) -> None:
    department = departments.create(office, FIELDS)
    first, second, third = (factories.staff(office, Role.CLERK) for _ in range(3))
    departments.set_members(department, {first: False, second: False})

    departments.set_members(department, {second: True, third: False})

    places = set(department.members.values_list("staff", "is_deputy"))
    assert places == {(second.pk, True), (third.pk, False)}


@pytest.mark.parametrize("role", [Role.HOST, Role.ADMIN, Role.AUDITOR])
def test_only_clerks_become_members(office: Office, role: Role) -> None:
    department = departments.create(office, FIELDS)

    with pytest.raises(departments.NotAClerk):
        departments.set_members(department, {factories.staff(office, role): False})


def test_clerk_of_another_office_becomes_no_member(office: Office) -> None:
    department = departments.create(office, FIELDS)

    with pytest.raises(departments.NotAClerk):
        departments.set_members(department, {factories.staff(role=Role.CLERK): False})


def test_page_creates_a_department(pages: Client, office: Office) -> None:
    pages.post(address("department_new", office), TYPED)

    assert Department.objects.get().keyword_list == ["Lampe", "Straße"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "bauAMT"), ("mailbox", "kein@"), ("due_days", "0"), ("due_days", "61")],
)
def test_broken_department_is_refused_with_a_reason(
    pages: Client, office: Office, field: str, value: str
) -> None:
    departments.create(office, FIELDS)
    typed = TYPED | {"name": "Ordnungsamt"} | {field: value}

    answer = pages.post(address("department_new", office), typed)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert field in answer.context["form"].errors
    assert Department.objects.count() == 1


def test_page_keeps_members(pages: Client, office: Office) -> None:
    department = departments.create(office, FIELDS)
    clerk, other = (factories.staff(office, Role.CLERK) for _ in range(2))
    chosen = {f"clerk_{clerk.pk}": "deputy", f"clerk_{other.pk}": ""}

    pages.post(address("department_members", office, department.pk), chosen)

    assert list(department.members.values_list("staff", "is_deputy")) == [(clerk.pk, True)]


def test_page_refuses_an_unknown_place(pages: Client, office: Office) -> None:
    department = departments.create(office, FIELDS)
    clerk = factories.staff(office, Role.CLERK)
    chosen = {f"clerk_{clerk.pk}": "queen"}

    answer = pages.post(address("department_members", office, department.pk), chosen)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not department.members.exists()


def test_page_says_why_a_department_stays_open(pages: Client, office: Office) -> None:
    department = departments.create(office, FIELDS)
    routing.ticket(routing.question(office), department=department, state=TicketState.ACCEPTED)

    answer = pages.post(address("department_close", office, department.pk))

    assert answer.status_code == HTTPStatus.CONFLICT
    assert department in Department.objects.active()


def test_asking_without_a_mailbox_is_refused(pages: Client, office: Office) -> None:
    department = departments.create(office, Fields("Amt", "", "", 5, needs_release=False))

    answer = pages.post(address("department_ask", office, department.pk))

    assert answer.status_code == HTTPStatus.CONFLICT
    assert not OutgoingMail.objects.exists()


def test_asking_again_sends_another_mail(pages: Client, office: Office) -> None:
    department = departments.create(office, FIELDS)

    pages.post(address("department_ask", office, department.pk))

    assert OutgoingMail.objects.filter(kind=MailKind.MAILBOX).count() == 2


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CLERK])
def test_others_do_not_see_departments(client: Client, office: Office, role: Role) -> None:
    client.force_login(factories.staff(office, role).user)

    assert client.get(address("departments", office)).status_code == HTTPStatus.NOT_FOUND


def test_department_of_another_office_does_not_exist_here(pages: Client, office: Office) -> None:
    elsewhere = departments.create(factories.office(), FIELDS)

    answer = pages.get(address("department", office, elsewhere.pk))

    assert answer.status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("count", [1, 3])
def test_list_needs_the_same_queries_for_any_number(
    pages: Client, office: Office, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        fields = Fields(f"Amt {number}", "", "", 5, needs_release=False)
        department = departments.create(office, fields)
        departments.set_members(department, {factories.staff(office, Role.CLERK): False})

    with django_assert_num_queries(4):
        pages.get(address("departments", office))


def test_correspondence_is_kept(pages: Client, office: Office) -> None:
    typed = {"letterhead": "Stadt", "address_check": "chat", "retention_days": "7"}

    pages.post(address("correspondence", office), typed)

    kept = Correspondence.of(office.pk)
    assert (kept.letterhead, kept.address_check, kept.retention_days) == ("Stadt", "chat", 7)


@pytest.mark.parametrize(
    ("field", "value"),
    [("retention_days", "91"), ("escalation_mailbox", "nein"), ("address_check", "")],
)
def test_broken_correspondence_is_refused(
    pages: Client, office: Office, field: str, value: str
) -> None:
    typed = {"address_check": "chat", "retention_days": "7"} | {field: value}

    answer = pages.post(address("correspondence", office), typed)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Correspondence.objects.exists()
