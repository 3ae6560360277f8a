"""The administration's pages: settings of an office and its staff."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.enums import Role
from sessions_app.models import Office, Staff
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client) -> Staff:
    """The administration of an office, whose browser is `client`, in German."""
    staff = factories.staff(role=Role.ADMIN)
    client.force_login(staff.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    return staff


def settings_of(office: Office, **changed: str) -> dict[str, str]:
    given = {
        "name": office.name,
        "slug": office.slug,
        "land": "BW",
        "time_zone": "Europe/Berlin",
        "display_phone_number": office.display_phone_number,
        "phone_number_id": office.phone_number_id,
        "wrap_up_minutes": "15",
        "outside_policy": "silent",
        "picture_policy": "accept",
    }
    return given | changed


def admit(client: Client, admin: Staff, username: str = "kim", role: str = "assistant") -> str:
    """Admit somebody and return the page."""
    form = {"first_name": "Kim", "last_name": "Muster", "username": username, "role": role}
    return client.post(f"/office/{admin.office.slug}/staff/", form).content.decode()


def password_on(page: str) -> str:
    found = re.search(r'class="password">([^<]+)<', page)
    assert found
    return found[1]


def test_settings_are_saved(client: Client, admin: Staff) -> None:
    form = settings_of(admin.office, greeting="Guten Tag!", wrap_up_minutes="30")

    client.post(f"/office/{admin.office.slug}/", form)

    office = Office.objects.get(pk=admin.office.pk)
    assert (office.greeting, office.wrap_up_minutes) == ("Guten Tag!", 30)


def test_settings_take_a_number_as_people_write_it(client: Client, admin: Staff) -> None:
    form = settings_of(admin.office, display_phone_number="+49 (7842) 802-21")

    client.post(f"/office/{admin.office.slug}/", form)

    assert Office.objects.get(pk=admin.office.pk).display_phone_number == "+49784280221"


def test_settings_without_a_privacy_notice_link_our_own_under_its_present_name(
    client: Client, admin: Staff
) -> None:
    client.post(f"/office/{admin.office.slug}/", settings_of(admin.office))
    first = Office.objects.get(pk=admin.office.pk)
    shown = client.get(f"/office/{first.slug}/").content.decode()

    client.post(f"/office/{first.slug}/", settings_of(first, slug="umbenannt"))

    second = Office.objects.get(pk=admin.office.pk)
    assert first.privacy_url == f"http://testserver/privacy/{first.slug}/"
    assert second.privacy_url == "http://testserver/privacy/umbenannt/"
    assert first.privacy_url not in shown


def test_settings_keep_the_offices_own_privacy_notice(client: Client, admin: Staff) -> None:
    form = settings_of(admin.office, privacy_url="https://example.org/datenschutz")

    client.post(f"/office/{admin.office.slug}/", form)

    assert Office.objects.get(pk=admin.office.pk).privacy_url == "https://example.org/datenschutz"


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_phone_number": "07842 80221"},
        {"phone_number_id": "abc"},
        {"time_zone": "Europe/Kappelrodeck"},
        {"wrap_up_minutes": "61"},
        {"slug": "new"},
        {"name": ""},
    ],
)
def test_settings_that_make_no_sense_are_refused(
    client: Client, admin: Staff, wrong: dict[str, str]
) -> None:
    form = settings_of(admin.office, greeting="Guten Tag!") | wrong

    response = client.post(f"/office/{admin.office.slug}/", form)

    assert response.status_code == 422
    assert "Bitte prüfen Sie Ihre Angaben" in response.content.decode()
    assert Office.objects.get(pk=admin.office.pk).greeting == ""


@pytest.mark.parametrize("field", ["slug", "phone_number_id"])
def test_settings_of_another_office_cannot_be_taken_over(
    client: Client, admin: Staff, field: str
) -> None:
    other = factories.office()
    form = settings_of(admin.office, **{field: getattr(other, field)})

    response = client.post(f"/office/{admin.office.slug}/", form)

    assert response.status_code == 422


@pytest.mark.parametrize("page", ["", "staff/"])
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.ADMIN, 200), (Role.HOST, 404), (Role.ASSISTANT, 404), (Role.AUDITOR, 404)],
)
def test_only_the_administration_may_enter(
    client: Client, role: Role, status: int, page: str
) -> None:
    staff = factories.staff(role=role)
    client.force_login(staff.user)

    assert client.get(f"/office/{staff.office.slug}/{page}").status_code == status


def test_admitted_staff_log_in_with_the_password_that_is_shown_once(
    client: Client, admin: Staff
) -> None:
    password = password_on(admit(client, admin))

    assert Client().login(username="kim", password=password)
    assert password not in client.get(f"/office/{admin.office.slug}/staff/").content.decode()


def test_admitted_staff_must_replace_their_one_time_password_first(
    client: Client, admin: Staff
) -> None:
    password = password_on(admit(client, admin, role="auditor"))
    records = f"/records/{admin.office.slug}/"
    theirs = Client()
    theirs.post("/login/", {"username": "kim", "password": password})
    held_back = theirs.get(records)

    own = {"new_password1": "ein eigenes Passwort", "new_password2": "ein eigenes Passwort"}
    theirs.post("/password/", {"old_password": password, **own})

    assert held_back["Location"] == "/password/"
    assert theirs.get(records).status_code == 200


def test_admit_refuses_a_user_name_that_is_taken(client: Client, admin: Staff) -> None:
    admit(client, admin, "kim")

    page = admit(client, admin, "KIM")

    assert "Diesen Benutzernamen gibt es schon." in page
    assert User.objects.filter(username__iexact="kim").count() == 1


def test_renewed_password_replaces_the_old_one(client: Client, admin: Staff) -> None:
    old = password_on(admit(client, admin))
    kim = Staff.objects.get(user__username="kim")

    page = client.post(f"/office/{admin.office.slug}/staff/{kim.pk}/password/").content.decode()

    assert Client().login(username="kim", password=password_on(page))
    assert not Client().login(username="kim", password=old)


def test_password_of_an_account_with_another_office_cannot_be_renewed(
    client: Client, admin: Staff
) -> None:
    member = factories.staff(admin.office)
    factories.staff(user=member.user, role=Role.ADMIN)

    response = client.post(f"/office/{admin.office.slug}/staff/{member.pk}/password/")

    assert response.status_code == 409
    assert Client().login(username=member.user.username, password=factories.PASSWORD)


def test_dismissed_staff_cannot_log_in_any_more(client: Client, admin: Staff) -> None:
    member = factories.staff(admin.office)

    client.post(f"/office/{admin.office.slug}/staff/{member.pk}/dismiss/")

    assert not Client().login(username=member.user.username, password=factories.PASSWORD)


def test_dismissed_staff_keep_their_role_in_another_office(client: Client, admin: Staff) -> None:
    member = factories.staff(admin.office)
    factories.staff(user=member.user)

    client.post(f"/office/{admin.office.slug}/staff/{member.pk}/dismiss/")

    assert Client().login(username=member.user.username, password=factories.PASSWORD)


def test_last_administration_cannot_be_dismissed(client: Client, admin: Staff) -> None:
    response = client.post(f"/office/{admin.office.slug}/staff/{admin.pk}/dismiss/")

    assert response.status_code == 409
    assert Staff.objects.filter(pk=admin.pk).exists()


def test_staff_of_another_office_cannot_be_dismissed(client: Client, admin: Staff) -> None:
    stranger = factories.staff()

    response = client.post(f"/office/{admin.office.slug}/staff/{stranger.pk}/dismiss/")

    assert response.status_code == 404
    assert Staff.objects.filter(pk=stranger.pk).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_staff_list_takes_the_same_queries_for_any_number(
    client: Client, admin: Staff, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        factories.staff(admin.office)

    with django_assert_num_queries(3):
        client.get(f"/office/{admin.office.slug}/staff/")


def test_first_office_is_set_up_by_the_operators_account(client: Client) -> None:
    operator = factories.user(is_superuser=True)
    client.force_login(operator)
    first_page = client.get("/start/")["Location"]

    client.post(
        first_page,
        settings_of(
            Office(
                name="Neustadt",
                slug="neustadt",
                display_phone_number="+49784280221",
                phone_number_id="1",
            )
        ),
    )

    staff = Staff.objects.get(office__slug="neustadt")
    assert (staff.user, staff.role) == (operator, Role.ADMIN)


def test_office_cannot_be_set_up_by_others(client: Client, admin: Staff) -> None:
    response = client.get("/office/new/")

    assert response.status_code == 403


def person(**changed: str) -> dict[str, str]:
    given = {"first_name": "Kim", "last_name": "Neu", "email": "kim@stadt.example", "role": "clerk"}
    return given | changed


def test_name_address_and_role_are_changed(client: Client, admin: Staff) -> None:
    member = factories.staff(admin.office)

    client.post(f"/office/{admin.office.slug}/staff/{member.pk}/", person())

    member = Staff.objects.select_related("user").get(pk=member.pk)
    assert (str(member), member.user.email, member.role) == (
        "Kim Neu",
        "kim@stadt.example",
        Role.CLERK,
    )


def test_last_administration_keeps_its_role(client: Client, admin: Staff) -> None:
    response = client.post(f"/office/{admin.office.slug}/staff/{admin.pk}/", person())

    assert response.status_code == 422
    assert Staff.objects.get(pk=admin.pk).role == Role.ADMIN


def test_shared_account_keeps_its_name(client: Client, admin: Staff) -> None:
    member = factories.staff(admin.office, first_name="Robin", last_name="Alt")
    factories.staff(user=member.user)

    response = client.post(f"/office/{admin.office.slug}/staff/{member.pk}/", person())

    assert response.status_code == 422
    assert str(Staff.objects.get(pk=member.pk)) == "Robin Alt"


def test_role_of_a_shared_account_is_changed(client: Client, admin: Staff) -> None:
    member = factories.staff(admin.office, first_name="Robin", last_name="Alt")
    factories.staff(user=member.user)
    form = person(first_name="Robin", last_name="Alt", email="", role="auditor")

    client.post(f"/office/{admin.office.slug}/staff/{member.pk}/", form)

    assert Staff.objects.get(pk=member.pk).role == Role.AUDITOR


def test_person_with_a_broken_address_is_refused(client: Client, admin: Staff) -> None:
    member = factories.staff(admin.office)

    response = client.post(f"/office/{admin.office.slug}/staff/{member.pk}/", person(email="kim@"))

    assert response.status_code == 422
    assert Staff.objects.get(pk=member.pk).role == Role.HOST


def test_person_of_another_office_cannot_be_changed(client: Client, admin: Staff) -> None:
    stranger = factories.staff()

    response = client.post(f"/office/{admin.office.slug}/staff/{stranger.pk}/", person())

    assert response.status_code == 404
    assert Staff.objects.get(pk=stranger.pk).role == Role.HOST
