"""The desk's pages: who may see them, what they show, and at what cost."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sessions_app.enums import DeliveryState, Direction, MessageKind, Notice, Role
from sessions_app.models import Attachment, ConsultationSession, Conversation, Staff
from tests import factories

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


@pytest.fixture
def host(session: ConsultationSession) -> Staff:
    return factories.staff(session.office, first_name="Maria", last_name="Muster")


@pytest.fixture
def browser(client: Client, host: Staff) -> Client:
    client.force_login(host.user)
    return client


def address(conversation: Conversation, part: str = "") -> str:
    return f"/desk/{conversation.session_id}/{conversation.pk}/{part}"


def test_desk_with_one_running_session_leads_there(
    browser: Client, session: ConsultationSession
) -> None:
    response = browser.get("/desk/")

    assert (response.status_code, response["Location"]) == (302, f"/desk/{session.pk}/")


def test_desk_without_session_names_the_next(client: Client) -> None:
    host = factories.staff()
    factories.session(host.office, starts_at=timezone.now() + timedelta(days=7), topic="Verkehr")
    client.force_login(host.user)

    page = client.get("/desk/").content.decode()

    assert "Verkehr" in page


def test_desk_shows_who_waits_longest_first(browser: Client, session: ConsultationSession) -> None:
    now = timezone.now()
    for name, minutes in (("Zwei", 2), ("Neun", 9), ("Fünf", 5)):
        since = now - timedelta(minutes=minutes)
        factories.message(factories.conversation(session, name=name, waiting_since=since))
    factories.conversation(session, name="Fertig", waiting_since=None)

    page = browser.get(f"/desk/{session.pk}/").content.decode()

    places = [page.index(name) for name in ("Neun", "Fünf", "Zwei", "Fertig")]
    assert places == sorted(places)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN])
def test_desk_is_no_page_for_other_roles(
    client: Client, session: ConsultationSession, role: Role
) -> None:
    client.force_login(factories.staff(session.office, role=role).user)

    assert client.get(f"/desk/{session.pk}/").status_code == HTTPStatus.NOT_FOUND


def test_desk_is_no_page_for_another_office(client: Client, session: ConsultationSession) -> None:
    client.force_login(factories.staff().user)

    assert client.get(f"/desk/{session.pk}/").status_code == HTTPStatus.NOT_FOUND


def test_conversation_after_the_close_is_gone_without_its_words(
    browser: Client, session: ConsultationSession
) -> None:
    message = factories.message(factories.conversation(session), "Geheimnis")
    shown = browser.get(address(message.conversation))
    ConsultationSession.objects.filter(pk=session.pk).update(
        ends_at=session.starts_at, closes_at=timezone.now()
    )

    closed = browser.get(address(message.conversation))

    assert "Geheimnis" in shown.content.decode()
    assert closed.status_code == HTTPStatus.GONE
    assert "Geheimnis" not in closed.content.decode()


def test_conversation_that_the_citizen_wants_erased_is_gone(
    browser: Client, session: ConsultationSession
) -> None:
    conversation = factories.conversation(session, erase_requested_at=timezone.now())

    response = browser.get(address(conversation))

    assert response.status_code == HTTPStatus.GONE


def test_opening_marks_as_read(browser: Client, session: ConsultationSession) -> None:
    conversation = factories.conversation(session, unread=3)

    browser.get(address(conversation))

    conversation.refresh_from_db()
    assert conversation.unread == 0


def test_looking_from_a_hidden_tab_leaves_unread(
    browser: Client, session: ConsultationSession
) -> None:
    conversation = factories.conversation(session, unread=3)

    browser.get(address(conversation, "thread/"), headers=HTMX)

    conversation.refresh_from_db()
    assert conversation.unread == 3


def test_number_is_hidden_until_asked_for(browser: Client, session: ConsultationSession) -> None:
    conversation = factories.conversation(session, phone="4915112345678")

    before = browser.get(address(conversation)).content.decode()
    after = browser.post(address(conversation, "number/"), headers=HTMX).content.decode()

    assert "4915112345678" not in before
    assert "+4915112345678" in after
    assert session.number_reveals.get().conversation_number == conversation.number


def test_queue_part_returns_only_the_rows_asked_for(
    browser: Client, session: ConsultationSession
) -> None:
    asked, other = (factories.conversation(session, name=name) for name in ("Anna", "Bert"))

    part = browser.get(f"/desk/{session.pk}/queue/?only={asked.pk},x", headers=HTMX)

    assert f"row-{asked.pk}" in part.content.decode()
    assert f"row-{other.pk}" not in part.content.decode()


def test_queue_shows_what_people_said_and_not_the_automatic_text(
    browser: Client, session: ConsultationSession
) -> None:
    conversation = factories.message(factories.conversation(session), "Meine Frage").conversation
    factories.message(conversation, "Willkommen", direction=Direction.OUT, notice=Notice.GREETING)

    page = browser.get(f"/desk/{session.pk}/").content.decode()

    assert "Meine Frage" in page
    assert "Willkommen" not in page


def test_half_a_surrogate_pair_does_not_break_the_page(
    browser: Client, session: ConsultationSession
) -> None:
    message = factories.message(factories.conversation(session), "halb \ud83d")

    assert browser.get(address(message.conversation)).status_code == HTTPStatus.OK


def test_markup_of_a_citizen_stays_text(browser: Client, session: ConsultationSession) -> None:
    message = factories.message(factories.conversation(session), "<script>alert(1)</script>")

    page = browser.get(address(message.conversation)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_failed_message_explains_itself_and_offers_a_choice(
    browser: Client, session: ConsultationSession
) -> None:
    conversation = factories.conversation(session)
    message = factories.message(
        conversation, direction=Direction.OUT, delivery=DeliveryState.FAILED, error_code=131026
    )

    page = browser.get(address(conversation)).content.decode()

    assert f"/desk/{session.pk}/messages/{message.pk}/again/" in page


@pytest.mark.parametrize("kind", MessageKind)
def test_every_kind_can_be_shown(
    browser: Client, session: ConsultationSession, kind: MessageKind
) -> None:
    content = {
        "text": "t",
        "buttons": [["a", "A"]],
        "cards": [{"name": "N"}],
        "answers": [["l", 1]],
    }
    message = factories.message(factories.conversation(session), kind=kind, content=content)

    response = browser.get(address(message.conversation))

    assert response.status_code == HTTPStatus.OK


@pytest.mark.parametrize("rows", [1, 3])
def test_page_with_open_conversation_has_constant_queries(
    browser: Client,
    session: ConsultationSession,
    django_assert_num_queries: DjangoAssertNumQueries,
    rows: int,
) -> None:
    for _ in range(rows):
        factories.message(factories.conversation(session))
    opened = factories.conversation(session)
    for _ in range(rows):
        factories.message(opened)
        factories.message(opened, direction=Direction.OUT)

    with django_assert_num_queries(7):
        browser.get(address(opened))


@pytest.mark.parametrize("rows", [1, 3])
def test_queue_part_has_constant_queries(
    browser: Client,
    session: ConsultationSession,
    django_assert_num_queries: DjangoAssertNumQueries,
    rows: int,
) -> None:
    found = [factories.message(factories.conversation(session)).conversation for _ in range(rows)]
    only = ",".join(str(conversation.pk) for conversation in found)

    with django_assert_num_queries(5):
        browser.get(f"/desk/{session.pk}/queue/?only={only}", headers=HTMX)


@pytest.mark.parametrize(("minutes", "alarmed"), [(2, True), (0, False)])
def test_desk_says_when_an_erasure_is_overdue(client: Client, minutes: int, alarmed: bool) -> None:
    host = factories.staff()
    closed = timezone.now() - timedelta(minutes=minutes)
    factories.session(host.office, starts_at=closed - timedelta(hours=1), wrap_up_minutes=0)
    client.force_login(host.user)

    page = client.get("/desk/").content.decode()

    assert ("kern-alert--danger" in page) is alarmed


def test_impossible_session_is_not_found(browser: Client) -> None:
    assert browser.get(f"/desk/{10**30}/").status_code == HTTPStatus.NOT_FOUND


def test_made_up_cookie_leads_to_the_login(client: Client) -> None:
    client.cookies["sessionid"] = '"aaaaaaaa\\000b"'

    assert client.get("/desk/").status_code == HTTPStatus.FOUND


def test_broken_address_of_the_page_leads_to_the_login(client: Client) -> None:
    answer = client.get("/desk/", headers={"HX-Request": "true", "HX-Current-URL": "http://[x"})

    assert answer.headers["HX-Redirect"].startswith("/login/")


def test_picture_that_is_being_erased_is_gone(
    browser: Client, session: ConsultationSession
) -> None:
    message = factories.message(factories.conversation(session), kind=MessageKind.IMAGE)
    row = Attachment.objects.create(
        message=message, key_id=message.key_id, state="stored", media_type="image/jpeg"
    )

    answer = browser.get(f"/desk/{session.pk}/attachments/{row.pk}/")

    assert answer.status_code == HTTPStatus.GONE
