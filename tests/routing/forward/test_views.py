"""The pages of forwarding: what they show, take, refuse, and to whom they open."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from routing.enums import ConsentState, TicketState, Unanswered
from routing.models import Department, Question
from sessions_app.enums import AttachmentState, Role
from sessions_app.models import Attachment, ConsultationSession, Conversation, Staff
from sessions_app.services import attachments
from sprechstunde.vault.files import write_sealed
from tests import factories
from tests.routing import factories as routing
from tests.routing.forward.talk import citizen

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def mayor() -> Staff:
    return factories.staff()


@pytest.fixture
def talk(mayor: Staff) -> Conversation:
    return factories.conversation(factories.session(mayor.office))


@pytest.fixture
def lights(mayor: Staff) -> Department:
    return routing.department(mayor.office, name="Stadtwerke", keywords="Straßenlampe\nStrom")


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff.user)
    return client


def url(talk: Conversation, rest: str = "forward/") -> str:
    return f"/desk/{talk.session_id}/{talk.pk}/{rest}"


def entered(lead: Department, **fields: Any) -> dict[str, Any]:
    given = {
        "text": "Wann?",
        "lead": lead.pk,
        "way": "ask",
        "language": "de",
        "if_unanswered": "drop",
    }
    return given | fields


def picture(talk: Conversation, content: bytes = b"\x89PNG") -> Attachment:
    row = Attachment.objects.create(
        message=factories.message(talk),
        key_id=talk.key_id,
        state=AttachmentState.STORED,
        media_type="image/png",
    )
    write_sealed(row.path, row.key_id, attachments._context(row), content)
    return row


def test_form_sent_twice_makes_one_question(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    browser = signed_in(mayor)
    form = browser.get(url(talk)).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', form)
    assert token
    data = entered(lights, token=token[1])

    places = [browser.post(url(talk), data)["Location"] for _ in range(2)]

    assert places == [f"/desk/{talk.session_id}/{talk.pk}/"] * 2
    assert Question.objects.count() == 1


def test_form_begins_with_the_marked_messages(mayor: Staff, talk: Conversation) -> None:
    first, _between, last = (factories.message(talk, text) for text in ("Eins", "Zwei", "Drei"))

    page = signed_in(mayor).get(url(talk), {"m": [last.pk, first.pk]})

    assert page.context["text"] == "Eins\nDrei"


def test_messages_of_others_cannot_be_marked(mayor: Staff, talk: Conversation) -> None:
    other = factories.message(factories.conversation(talk.session), "Geheim")
    marked = [str(other.pk), "x", "9" * 40]

    page = signed_in(mayor).get(url(talk), {"m": marked})

    assert "Geheim" not in page.text
    assert page.context["text"] == ""


def test_suggested_department_stands_first_with_its_reason_and_is_not_chosen(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    routing.department(mayor.office, name="Archiv", keywords="Urkunde")
    message = factories.message(talk, "Unsere Straßenlampen sind kaputt")

    page = signed_in(mayor).get(url(talk), {"m": message.pk})

    offer = page.context["offers"][0]
    assert offer.department == lights
    assert "Straßenlampe" in offer.reasons[0]
    assert not any(each.is_lead for each in page.context["offers"])


def test_forwarding_asks_the_citizen(mayor: Staff, talk: Conversation, lights: Department) -> None:
    other = routing.department(mayor.office)
    data = entered(lights, consulted=[other.pk, lights.pk], note="Eilt", share_name="on")

    page = signed_in(mayor).post(url(talk), data, headers=HTMX)

    question = Question.objects.get()
    assert page.text == question.reference
    assert (question.consent, question.name) == (ConsentState.FORWARD, "Erika Mustermann")
    leads = question.tickets.order_by("pk").values_list("department", "is_lead", "state")
    assert list(leads) == [
        (lights.pk, True, TicketState.WAITING),
        (other.pk, False, TicketState.WAITING),
    ]
    assert question.notes.get().text == "Eilt"


def test_forwarding_without_script_leads_back(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    page = signed_in(mayor).post(url(talk), entered(lights))

    assert page.headers["Location"] == url(talk, "")


def test_anonymous_forwarding_asks_nobody(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    data = entered(lights, way="anonymous", share_name="on", due_on=str(timezone.localdate()))

    signed_in(mayor).post(url(talk), data, headers=HTMX)

    question = Question.objects.get()
    assert (question.consent, question.name) == (ConsentState.NOT_ASKED, None)
    assert question.tickets.get().state == TicketState.FORWARDED
    assert question.tickets.get().due_on == timezone.localdate()


def test_pictures_go_along_by_choice_only(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    _left, chosen = picture(talk), picture(talk, b"\x89PNG chosen")

    signed_in(mayor).post(url(talk), entered(lights, pictures=[chosen.pk]), headers=HTMX)

    file = Question.objects.get().files.get()
    assert (file.media_type, file.size) == ("image/png", len(b"\x89PNG chosen"))
    assert b"chosen" not in file.path.read_bytes()


def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    mayor: Staff, talk: Conversation
) -> None:
    data = {"text": "Wann?", "note": "Eilt", "due_on": "2001-01-01", "way": "ask", "language": "de"}

    page = signed_in(mayor).post(url(talk), data)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert set(page.context["form"].errors) == {"lead", "due_on"}
    assert "Eilt" in page.text
    assert not Question.objects.exists()


def test_foreign_department_and_picture_are_refused(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    foreign = routing.department()
    other = picture(factories.conversation(talk.session))

    page = signed_in(mayor).post(
        url(talk), entered(foreign, consulted=[foreign.pk], pictures=[other.pk])
    )

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert set(page.context["form"].errors) == {"lead", "consulted", "pictures"}


@pytest.mark.parametrize("which", ["one", "all"])
def test_findings_are_taken_out_by_one_press(
    mayor: Staff, talk: Conversation, lights: Department, which: str
) -> None:
    text = "Erika fragt:\r\nmein Telefon 07842 80212"
    start = text.replace("\r\n", "\n").index("07842")
    data = entered(lights, text=text, redact="all" if which == "all" else f"{start}-{start + 11}")

    page = signed_in(mayor).post(url(talk), data)

    assert "07842" not in page.context["text"]
    assert ("Erika" in page.context["text"]) == (which == "one")
    assert page.context["offers"][0].is_lead
    assert not Question.objects.exists()


def test_check_finds_while_typing_and_keeps_what_was_chosen(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    data = entered(lights, text="Ich heiße Max Meier, Strom weg")

    page = signed_in(mayor).post(url(talk, "forward/check/"), data, headers=HTMX)

    assert "Max Meier" in page.text
    assert re.search(rf'value="{lights.pk}"\s+required\s+checked', page.text)


def test_what_people_wrote_is_escaped(mayor: Staff, talk: Conversation) -> None:
    message = factories.message(talk, "</textarea><b>Ich heiße Max Meier</b>")

    page = signed_in(mayor).get(url(talk), {"m": message.pk})

    assert "<b>" not in page.text


def test_pane_shows_how_far_a_question_is() -> None:
    asked = citizen()
    asked.writes("Nein")

    page = signed_in(asked.mayor).get(url(asked.conversation, "questions/"), headers=HTMX)

    assert [line.is_asking for line in page.context["asked"]] == [False]
    assert asked.question.reference in page.text


def test_list_of_the_hour_shows_what_is_undecided() -> None:
    asked = citizen()
    session = asked.conversation.session_id

    page = signed_in(asked.mayor).get(f"/desk/{session}/questions/")

    assert [line.pk for line in page.context["asked"]] == [asked.question.pk]
    assert "Erika Mustermann" in page.text


def test_list_takes_as_many_queries_for_three_as_for_one() -> None:
    asked = citizen()
    client = signed_in(asked.mayor)
    address = f"/desk/{asked.conversation.session_id}/questions/"
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    for _more in range(2):
        asked.is_asked(lead=routing.department(asked.mayor.office))

    with CaptureQueriesContext(connection) as three:
        page = client.get(address)

    assert len(page.context["asked"]) == 3
    assert len(three) == len(one)


def test_decision_drop_and_reminder_change_the_question() -> None:
    asked = citizen()
    client = signed_in(asked.mayor)
    base = f"/desk/{asked.conversation.session_id}/questions/{asked.question.pk}"

    client.post(f"{base}/decide/", {"if_unanswered": "anonymous"}, headers=HTMX)
    client.post(f"{base}/remind/", headers=HTMX)
    decided, prompts = asked.question.if_unanswered, len(asked.prompts())
    client.post(f"{base}/drop/")
    late = client.post(f"{base}/drop/", headers=HTMX)

    assert (decided, prompts) == (Unanswered.ANONYMOUS, 2)
    assert asked.consent == ConsentState.UNANSWERED
    assert late.status_code == HTTPStatus.CONFLICT


def test_senseless_decision_is_refused() -> None:
    asked = citizen()
    base = f"/desk/{asked.conversation.session_id}/questions/{asked.question.pk}"

    page = signed_in(asked.mayor).post(f"{base}/decide/", {"if_unanswered": "perhaps"})

    assert page.status_code == HTTPStatus.NOT_FOUND
    assert asked.question.if_unanswered == Unanswered.DROP


@pytest.mark.parametrize("role", [Role.CLERK, Role.AUDITOR, Role.ADMIN])
def test_only_who_talks_may_forward(talk: Conversation, role: Role) -> None:
    allowed = factories.staff(talk.session.office, Role.ASSISTANT)
    other = factories.staff(talk.session.office, role)

    pages = [signed_in(staff).get(url(talk)).status_code for staff in (allowed, other)]

    assert pages == [HTTPStatus.OK, HTTPStatus.NOT_FOUND]


def test_question_of_another_hour_cannot_be_changed(mayor: Staff, talk: Conversation) -> None:
    foreign = citizen()

    page = signed_in(mayor).post(
        f"/desk/{talk.session_id}/questions/{foreign.question.pk}/drop/", headers=HTMX
    )

    assert page.status_code == HTTPStatus.NOT_FOUND
    assert foreign.consent == ConsentState.FORWARD


def test_after_the_hour_nothing_can_be_forwarded(
    mayor: Staff, talk: Conversation, lights: Department
) -> None:
    ConsultationSession.objects.update(ends_at=timezone.now(), closes_at=timezone.now())

    page = signed_in(mayor).post(url(talk), entered(lights), headers=HTMX)

    assert page.status_code == HTTPStatus.GONE
    assert not Question.objects.exists()
