"""The departments' texts, and the proofs of erasure for data protection."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone

from routing.enums import Party, TicketState
from routing.models import Department, Snippet, Ticket, TicketErasure
from sessions_app.enums import Role
from tests import factories
from tests.routing import factories as make
from tests.routing.portal.conftest import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def snippet(department: Department) -> Snippet:
    return Snippet.objects.create(department=department, title="Zuständig", text="Wir kümmern uns.")


def test_editor_offers_the_departments_texts(
    browser: Client, ticket: Ticket, snippet: Snippet
) -> None:
    page = browser.get(f"/tickets/{ticket.pk}/").content.decode()

    assert '<option value="Wir kümmern uns.">Zuständig</option>' in page


def test_text_is_added_changed_and_removed(browser: Client, department: Department) -> None:
    page = f"/tickets/snippets/{department.pk}/"

    browser.post(page, {"title": "Gruß", "text": "Viele Grüße"})
    added = Snippet.objects.get()
    browser.post(f"{page}{added.pk}/", {"title": "Gruß", "text": "Beste Grüße"})
    changed = Snippet.objects.get()
    browser.post(f"{page}{added.pk}/remove/")

    assert (added.text, changed.text) == ("Viele Grüße", "Beste Grüße")
    assert not Snippet.objects.exists()


@pytest.mark.parametrize("title", ["", "ZUSTÄNDIG".capitalize(), "x" * 81])
def test_text_that_cannot_be_saved_comes_back(
    browser: Client, department: Department, snippet: Snippet, title: str
) -> None:
    response = browser.post(
        f"/tickets/snippets/{department.pk}/", {"title": title, "text": "Mein Text"}
    )

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Mein Text" in response.content.decode()
    assert Snippet.objects.count() == 1


def test_text_of_another_department_is_not_found(browser: Client, snippet: Snippet) -> None:
    other = make.department(snippet.department.office)
    theirs = Snippet.objects.create(department=other, title="Fremd", text="x")
    ours = f"/tickets/snippets/{snippet.department_id}/"

    answers = [
        browser.get(f"/tickets/snippets/{other.pk}/"),
        browser.post(f"{ours}{theirs.pk}/remove/"),
        browser.get(f"{ours}{theirs.pk}/"),
        browser.get(f"{ours}{10**30}/"),
    ]

    assert [answer.status_code for answer in answers] == [HTTPStatus.NOT_FOUND] * 4
    assert Snippet.objects.count() == 2


def test_mayors_side_keeps_texts_too(host: Client, snippet: Snippet) -> None:
    response = host.get(f"/tickets/snippets/{snippet.department_id}/")

    assert response.status_code == HTTPStatus.OK


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_proofs_of_erasure_are_counts_only(department: Department, role: Role) -> None:
    now = timezone.now()
    ticket = make.ticket(department=department, state=TicketState.ERASED)
    TicketErasure.objects.create(
        ticket=ticket,
        party=Party.SYSTEM,
        software_version="1",
        started_at=now,
        finished_at=now,
        rows=7,
        remaining=0,
    )
    theirs = browser_of(factories.staff(department.office, role))

    page = theirs.get(f"/tickets/erasures/{department.office.slug}/").content.decode()

    assert ticket.reference in page
    assert "Gehweg" not in page


@pytest.mark.parametrize("role", [Role.HOST, Role.ASSISTANT, Role.CLERK])
def test_proofs_of_erasure_are_for_data_protection(department: Department, role: Role) -> None:
    theirs = browser_of(factories.staff(department.office, role))

    response = theirs.get(f"/tickets/erasures/{department.office.slug}/")

    assert response.status_code == HTTPStatus.NOT_FOUND
