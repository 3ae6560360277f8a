"""The pages to plan, cancel, end and extend sessions; the auditor's proofs."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.enums import ErasureTrigger, Role, SessionState
from sessions_app.models import ErasureRecord, NumberReveal, Staff
from tests import factories

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
FORM = {"day": "2099-12-03", "start": "15:00", "end": "16:00", "wrap_up_minutes": "15", "topic": ""}


@pytest.fixture
def assistant(client: Client) -> Staff:
    """An assistant whose browser is `client`, in German."""
    staff = factories.staff(role=Role.ADMIN)
    client.force_login(staff.user)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    return staff


def address(staff: Staff, rest: str = "") -> str:
    return f"/planning/{staff.office.slug}/{rest}"


def test_list_shows_what_runs_and_what_was(client: Client, assistant: Staff) -> None:
    factories.session(assistant.office)
    factories.session(assistant.office, starts_at=timezone.now() - timedelta(days=7))

    page = client.get(address(assistant)).content.decode()

    assert "läuft" in page
    assert "Vergangene" in page


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_for_any_number_of_sessions(
    client: Client, assistant: Staff, count: int, django_assert_num_queries: Any
) -> None:
    for day in range(count):
        later = timezone.now() + timedelta(days=day + 1)
        factories.session(assistant.office, starts_at=later)
        factories.session(assistant.office, starts_at=timezone.now() - timedelta(days=day + 1))

    with django_assert_num_queries(4):
        client.get(address(assistant))


def test_plan_takes_times_as_the_offices_clock_shows_them(client: Client, assistant: Staff) -> None:
    response = client.post(address(assistant, "new/"), FORM, follow=True)

    session = assistant.office.sessions.get()
    assert f"{session.starts_at.astimezone(BERLIN):%Y-%m-%d %H:%M}" == "2099-12-03 15:00"
    assert (
        "Geplant: Donnerstag, 3. Dezember 2099, 15:00 bis 16:00 Uhr." in response.content.decode()
    )


def test_plan_that_overlaps_is_refused_in_words(client: Client, assistant: Staff) -> None:
    client.post(address(assistant, "new/"), FORM)

    response = client.post(address(assistant, "new/"), FORM)

    assert response.status_code == 422
    assert "Zu dieser Zeit gibt es schon eine Sprechstunde." in response.content.decode()
    assert assistant.office.sessions.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": "14:00"},
        {"day": "2001-01-01"},
        {"day": ""},
        {"wrap_up_minutes": "61"},
        {"day": "2026-03-29", "start": "02:30"},
    ],
)
def test_plan_with_impossible_times_is_refused(
    client: Client, assistant: Staff, wrong: dict[str, str]
) -> None:
    response = client.post(address(assistant, "new/"), FORM | wrong)

    assert response.status_code == 422
    assert not assistant.office.sessions.exists()


def test_cancel_asks_for_a_reason_and_keeps_it(client: Client, assistant: Staff) -> None:
    session = factories.session(assistant.office, starts_at=timezone.now() + timedelta(days=1))
    page = address(assistant, f"{session.pk}/cancel/")
    asked = client.get(page).content.decode()

    client.post(page, {"reason": "Krankheit"})

    session.refresh_from_db()
    assert "Sprechstunde absagen?" in asked
    assert (session.cancel_reason, session.ended_by) == ("Krankheit", assistant)


@pytest.mark.parametrize("page", ["cancel", "end"])
def test_what_is_over_can_be_neither_cancelled_nor_ended(
    client: Client, assistant: Staff, page: str
) -> None:
    session = factories.session(assistant.office, starts_at=timezone.now() - timedelta(days=1))

    response = client.post(address(assistant, f"{session.pk}/{page}/"))

    assert response.status_code == 409
    assert "Das geht nicht mehr" in response.content.decode()


def test_end_asks_first_and_then_begins_the_wrap_up(client: Client, assistant: Staff) -> None:
    session = factories.session(assistant.office)
    page = address(assistant, f"{session.pk}/end/")
    asked = client.get(page).content.decode()

    client.post(page)

    session.refresh_from_db()
    assert "Sprechstunde jetzt beenden?" in asked
    assert session.state(timezone.now()) is SessionState.WRAP_UP


def test_extend_moves_the_end(client: Client, assistant: Staff) -> None:
    session = factories.session(assistant.office)
    before = session.ends_at

    client.post(address(assistant, f"{session.pk}/extend/"), {"minutes": "15"})

    session.refresh_from_db()
    assert session.ends_at == before + timedelta(minutes=15)


def test_extend_into_the_next_session_is_refused_in_words(client: Client, assistant: Staff) -> None:
    session = factories.session(assistant.office)
    factories.session(assistant.office, starts_at=session.closes_at)

    response = client.post(address(assistant, f"{session.pk}/extend/"), {"minutes": "15"})

    assert response.status_code == 422
    assert "Zu dieser Zeit gibt es schon eine Sprechstunde." in response.content.decode()


def test_extend_by_anything_else_is_refused(client: Client, assistant: Staff) -> None:
    session = factories.session(assistant.office)

    response = client.post(address(assistant, f"{session.pk}/extend/"), {"minutes": "500"})

    assert response.status_code == 422


def test_sessions_of_another_office_do_not_exist(client: Client, assistant: Staff) -> None:
    own = factories.session(assistant.office, starts_at=timezone.now() + timedelta(days=1))
    other = factories.session(starts_at=timezone.now() + timedelta(days=1))

    pages = [client.get(address(assistant, f"{one.pk}/cancel/")) for one in (own, other)]

    assert [page.status_code for page in pages] == [200, 404]


@pytest.mark.parametrize(
    ("role", "planning", "records"),
    [(Role.ADMIN, 200, 200), (Role.AUDITOR, 404, 200), (Role.HOST, 200, 404)],
)
def test_each_role_sees_its_own_pages(
    client: Client, role: Role, planning: int, records: int
) -> None:
    staff = factories.staff(role=role)
    client.force_login(staff.user)

    seen = [client.get(f"/{page}/{staff.office.slug}/") for page in ("planning", "records")]

    assert [response.status_code for response in seen] == [planning, records]


def test_staff_of_another_office_see_nothing(client: Client, assistant: Staff) -> None:
    stranger = factories.staff(role=Role.ADMIN)

    own, other = client.get(address(assistant)), client.get(address(stranger))

    assert (own.status_code, other.status_code) == (200, 404)


def test_without_a_login_every_page_leads_to_the_login(client: Client) -> None:
    office = factories.office()

    response = client.get(f"/planning/{office.slug}/")

    assert response["Location"] == f"/login/?next=/planning/{office.slug}/"


def test_without_a_login_htmx_is_sent_to_the_login_as_a_page(client: Client) -> None:
    office = factories.office()
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/desk/"}

    response = client.get(f"/planning/{office.slug}/", headers=headers)

    assert response["HX-Redirect"] == "/login/?next=/desk/"


def test_staff_pages_are_stored_nowhere(client: Client, assistant: Staff) -> None:
    response = client.get(address(assistant))

    assert response["Cache-Control"] == "no-store, private"


def test_records_show_counts_and_who_saw_a_number(client: Client, assistant: Staff) -> None:
    now = timezone.now()
    session = factories.session(assistant.office, starts_at=now - timedelta(days=1))
    ErasureRecord.objects.create(
        session=session,
        trigger=ErasureTrigger.END,
        software_version="1",
        started_at=now,
        finished_at=now,
        messages=4711,
        remaining=0,
    )
    host = factories.staff(assistant.office, first_name="Erika", last_name="Beispiel")
    NumberReveal.objects.create(session=session, staff=host, conversation_number=3, at=now)

    page = client.get(f"/records/{assistant.office.slug}/").content.decode()

    assert "4711" in page
    assert "Erika Beispiel" in page


@pytest.mark.parametrize("count", [1, 3])
def test_records_take_the_same_queries_for_any_number(
    client: Client, assistant: Staff, count: int, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    for day in range(count):
        session = factories.session(assistant.office, starts_at=now - timedelta(days=day + 1))
        ErasureRecord.objects.create(
            session=session, trigger=ErasureTrigger.END, software_version="1", started_at=now
        )
        NumberReveal.objects.create(session=session, staff=assistant, conversation_number=1, at=now)

    with django_assert_num_queries(4):
        client.get(f"/records/{assistant.office.slug}/")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_day_at_the_edge_of_the_calendar_is_refused(
    client: Client, assistant: Staff, day: str
) -> None:
    answer = client.post(address(assistant, "new/"), FORM | {"day": day, "start": "00:00"})

    assert (answer.status_code, "Jahr" in answer.content.decode()) == (422, True)
