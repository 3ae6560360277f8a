"""Login, where each role begins, and slowing down those who guess passwords."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.enums import Role
from sessions_app.services import logins
from tests import factories

pytestmark = pytest.mark.django_db

TO_LOGIN = "/login/?next=/start/"


def log_in(client: Client, username: str, password: str = factories.PASSWORD) -> str:
    """Try to log in; return where it leads, or the page with the refusal."""
    form = {"username": username, "password": password}
    response = client.post("/login/", form, headers={"Accept-Language": "de"})
    return response.get("Location") or response.content.decode()


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.HOST, "/desk/"),
        (Role.ASSISTANT, "/desk/"),
        (Role.ADMIN, "/office/{}/"),
        (Role.AUDITOR, "/records/{}/"),
    ],
)
def test_login_leads_to_where_the_role_begins(client: Client, role: Role, page: str) -> None:
    staff = factories.staff(role=role)

    start = log_in(client, staff.user.username)

    assert start == "/start/"
    assert client.get(start)["Location"] == page.format(staff.office.slug)


def test_login_with_roles_in_several_offices_lets_people_choose(client: Client) -> None:
    here = factories.staff(role=Role.ADMIN)
    there = factories.staff(user=here.user, role=Role.AUDITOR)
    client.force_login(here.user)

    page = client.get("/start/").content.decode()

    assert f'href="/office/{here.office.slug}/"' in page
    assert f'href="/records/{there.office.slug}/"' in page


def test_login_leads_back_to_the_page_that_was_asked_for(client: Client) -> None:
    staff = factories.staff(role=Role.ADMIN)
    form = {"username": staff.user.username, "password": factories.PASSWORD, "next": "/desk/"}

    response = client.post("/login/", form)

    assert response["Location"] == "/desk/"


def test_login_never_leads_to_another_site(client: Client) -> None:
    staff = factories.staff(role=Role.ADMIN)
    evil = "https://example.org/"
    form = {"username": staff.user.username, "password": factories.PASSWORD, "next": evil}

    response = client.post("/login/", form)

    assert response["Location"] == "/start/"


def test_login_with_a_wrong_password_says_so(client: Client) -> None:
    user = factories.user()

    page = log_in(client, user.username, "falsch")

    assert "Benutzername und Passwort passen nicht zusammen." in page


def test_login_without_a_role_says_whom_to_ask(client: Client) -> None:
    client.force_login(factories.user())

    response = client.get("/start/", headers={"Accept-Language": "de"})

    assert response.status_code == 403
    assert "Ihr Konto hat noch in keinem Büro eine Rolle." in response.content.decode()


def test_login_waits_after_too_many_wrong_passwords_even_with_the_right_one(client: Client) -> None:
    user, other = factories.user(), factories.user()
    for _ in range(logins.FAILURES_ALLOWED):
        log_in(client, user.username, "falsch")

    assert "Zu viele Versuche." in log_in(client, user.username.upper())
    assert log_in(client, other.username) == "/start/"


def test_login_that_works_forgets_the_failures_before_it(client: Client) -> None:
    user = factories.user()
    for _ in range(logins.FAILURES_ALLOWED - 1):
        log_in(client, user.username, "falsch")

    log_in(client, user.username)

    assert not logins.is_blocked(user.username)
    log_in(client, user.username, "falsch")
    assert not logins.is_blocked(user.username)


def test_failed_logins_keep_neither_the_name_nor_stay_for_long(
    client: Client, redis_server: object
) -> None:
    user = factories.user(username="erika.beispiel")

    log_in(client, user.username, "falsch")

    keys = list(redis_server.scan_iter())  # type: ignore[attr-defined]
    assert [b"erika" in key for key in keys] == [False]
    assert 0 < redis_server.ttl(keys[0]) <= logins.FORGOTTEN_AFTER  # type: ignore[attr-defined]


def test_logout_closes_the_pages(client: Client) -> None:
    staff = factories.staff(role=Role.ADMIN)
    client.force_login(staff.user)
    page = f"/office/{staff.office.slug}/"
    inside = client.get(page).status_code

    client.post("/logout/")

    assert (inside, client.get(page).status_code) == (200, 302)


@pytest.mark.parametrize("is_staff", [True, False])
def test_login_of_somebody_deactivated_meanwhile_ends(client: Client, *, is_staff: bool) -> None:
    user = factories.staff(role=Role.HOST).user if is_staff else User.objects.create(username="x")
    client.force_login(user)
    assert client.get("/start/").get("Location") != TO_LOGIN

    user.is_active = False
    user.save()

    assert client.get("/start/")["Location"] == TO_LOGIN


def test_role_taken_away_meanwhile_opens_nothing_any_more(client: Client) -> None:
    staff = factories.staff(role=Role.ADMIN)
    page = f"/office/{staff.office.slug}/"
    client.force_login(staff.user)
    assert client.get(page).status_code == 200

    staff.delete()

    assert client.get(page).status_code == 404
