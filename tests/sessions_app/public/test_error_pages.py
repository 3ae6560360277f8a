"""Error pages are calm, German, and come even when the database is away."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path

from sessions_app.enums import Role
from sessions_app.urls import urlpatterns as ours
from sessions_app.views.access import desk_access
from sprechstunde.vault.errors import KeyUnavailable
from tests import factories

GERMAN = {"Accept-Language": "de"}


def breaks(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("Erika Mustermann")


@desk_access
def reads_erased_text(*_args: object) -> HttpResponse:
    raise KeyUnavailable


urlpatterns = [
    *ours,
    path("breaks/", breaks),
    path("reads/<int:session_id>/", reads_erased_text),
]


@pytest.fixture
def own_addresses() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.django_db
def test_unknown_address_is_explained_in_german(client: Client) -> None:
    response = client.get("/gibt-es-nicht/", headers=GERMAN)

    assert response.status_code == 404
    assert "Seite nicht gefunden" in response.content.decode()


@pytest.mark.usefixtures("own_addresses")
@pytest.mark.django_db
def test_broken_page_says_nothing_about_what_was_read() -> None:
    response = Client(raise_request_exception=False).get("/breaks/", headers=GERMAN)

    assert response.status_code == 500
    assert "Das hat nicht geklappt" in response.content.decode()
    assert "Erika" not in response.content.decode()


@pytest.mark.django_db
def test_refused_form_of_a_forged_page_is_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/login/", {"username": "x"}, headers=GERMAN)

    assert response.status_code == 403
    assert "Bitte laden Sie die Seite neu" in response.content.decode()


@pytest.mark.usefixtures("own_addresses")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("headers", "is_page"), [(GERMAN, True), ({**GERMAN, "HX-Request": "true"}, False)]
)
def test_destroyed_key_is_shown_as_no_longer_available(
    client: Client, headers: dict[str, str], is_page: bool
) -> None:
    session = factories.session()
    client.force_login(factories.staff(session.office, Role.HOST).user)

    response = client.get(f"/reads/{session.pk}/", headers=headers)

    content = response.content.decode()
    assert response.status_code == 410
    assert "Nicht mehr verfügbar" in content
    assert ("<html" in content) is is_page


@pytest.mark.usefixtures("own_addresses")
@pytest.mark.django_db
def test_desk_of_a_closed_session_is_not_even_asked(client: Client) -> None:
    session = factories.session(minutes=1, wrap_up_minutes=0)
    client.force_login(factories.staff(session.office, Role.HOST).user)

    response = client.get(f"/reads/{session.pk}/")

    assert response.status_code == 410


@pytest.mark.usefixtures("own_addresses")
@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUDITOR])
def test_desk_does_not_exist_for_other_roles(client: Client, role: Role) -> None:
    session = factories.session()
    client.force_login(factories.staff(session.office, role).user)

    assert client.get(f"/reads/{session.pk}/").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("address", ["/", "/desk/"])
def test_page_without_a_database_is_still_a_page(address: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "somebody"
    name = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = "/nowhere/at-all"

    try:
        response = client.get(address, headers=GERMAN)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name

    assert response.status_code == 500
    assert "Das hat nicht geklappt" in response.content.decode()
