"""One ticket's page: who may open it, what it shows and keeps back, what it costs."""

from datetime import timedelta
from email.message import EmailMessage
from http import HTTPStatus
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoAssertNumQueries

from routing.enums import Action, AnswerState, Channel, ConsentState, Party, TicketState
from routing.models import Department, Note, Question, Reply, Ticket, TicketEvent
from routing.queries import ticket as queries
from routing.services.work import notes
from sessions_app.enums import Role
from sessions_app.models import Staff
from sprechstunde.live import presence
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.routing import factories as make
from tests.routing.portal.conftest import browser_of

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def address(ticket: Ticket, part: str = "") -> str:
    return f"/tickets/{ticket.pk}/{part}"


def test_clerk_reads_the_question_and_finds_the_editor(browser: Client, ticket: Ticket) -> None:
    page = browser.get(address(ticket)).content.decode()

    assert "Wann wird der Gehweg in der Hauptstraße repariert?" in page
    assert f'action="/tickets/{ticket.pk}/answer/"' in page


@pytest.mark.parametrize("who", ["other department", "other office", "auditor", "admin"])
def test_nobody_else_can_open_it(
    browser: Client, department: Department, ticket: Ticket, who: str
) -> None:
    refused = browser_of(_stranger(department, who)).get(address(ticket))

    assert browser.get(address(ticket)).status_code == HTTPStatus.OK
    assert refused.status_code == HTTPStatus.NOT_FOUND


def test_deputy_is_a_member_like_others(department: Department, ticket: Ticket) -> None:
    deputy = make.clerk(department, is_deputy=True)

    response = browser_of(deputy).get(address(ticket))

    assert response.status_code == HTTPStatus.OK


def test_clerk_who_became_assistant_elsewhere_sees_each_as_what_they_are(
    clerk: Staff, ticket: Ticket
) -> None:
    elsewhere = make.ticket(make.question(), state=TicketState.RETURNED)
    factories.staff(elsewhere.office, Role.ASSISTANT, user=clerk.user)
    browser = browser_of(clerk)

    as_clerk = browser.get(address(ticket)).content.decode()
    as_assistant = browser.get(address(elsewhere)).content.decode()

    assert f"/tickets/{ticket.pk}/accept/" in as_clerk
    assert f"/tickets/{elsewhere.pk}/accept/" not in as_assistant
    assert f"/tickets/{elsewhere.pk}/answer/" in as_assistant


def test_ticket_before_consent_is_there_for_the_mayors_side_alone(
    browser: Client, host: Client, ticket: Ticket
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.WAITING)

    answers = [each.get(address(ticket)).status_code for each in (browser, host)]

    assert answers == [HTTPStatus.NOT_FOUND, HTTPStatus.OK]


@pytest.mark.parametrize("state", [TicketState.WITHDRAWN, TicketState.ERASED])
def test_what_is_gone_is_gone_for_everybody(
    browser: Client, host: Client, ticket: Ticket, state: TicketState
) -> None:
    erased_at = timezone.now() if state is TicketState.ERASED else None
    Ticket.objects.filter(pk=ticket.pk).update(state=state, erased_at=erased_at)

    pages = [each.get(address(ticket)) for each in (browser, host)]

    assert [page.status_code for page in pages] == [HTTPStatus.GONE] * 2
    assert not any("Gehweg" in page.content.decode() for page in pages)


def test_ticket_whose_key_was_destroyed_is_gone(browser: Client, ticket: Ticket) -> None:
    assert ticket.question
    keystore().destroy(ticket.question.key_id)

    response = browser.get(address(ticket))

    assert response.status_code == HTTPStatus.GONE


def test_impossible_ticket_is_not_found(browser: Client) -> None:
    assert browser.get(f"/tickets/{10**30}/").status_code == HTTPStatus.NOT_FOUND


def test_link_of_a_mail_opens_after_the_first_password_was_changed(
    client: Client, clerk: Staff, ticket: Ticket
) -> None:
    from sessions_app.services import staff as service

    password = service.renew_password(clerk)
    given = {"username": clerk.user.username, "password": password}
    client.post(f"/login/?next={address(ticket)}", given)
    held_back = client.get(address(ticket))
    own = {"new_password1": factories.PASSWORD, "new_password2": factories.PASSWORD}

    changed = client.post("/password/", {"old_password": password, **own})

    assert held_back["Location"] == "/password/"
    assert changed["Location"] == address(ticket)


def test_address_is_shown_to_nobody(browser: Client, host: Client, ticket: Ticket) -> None:
    pages = [each.get(address(ticket)).content.decode() for each in (browser, host)]

    assert not any("erika@example.org" in page for page in pages)
    assert all("bekannt und bestätigt" in page or "known and confirmed" in page for page in pages)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "The address is confirmed"),
        ({"address_confirmed_at": None}, "has not confirmed the address yet"),
        ({"address_failed_at": timezone.now()}, "refused our last e-mail"),
        ({"consent": ConsentState.ANONYMOUS, "address": None}, "stays in the portal"),
    ],
)
def test_page_says_whether_the_answer_reaches_the_citizen(
    browser: Client, department: Department, fields: dict[str, object], said: str
) -> None:
    ticket = make.ticket(make.question(department.office, **fields), department)

    page = browser.get(address(ticket), headers={"Accept-Language": "en"}).content.decode()

    assert said in page


def test_everything_that_happened_is_shown(
    browser: Client, host: Client, clerk: Staff, ticket: Ticket
) -> None:
    question = _full(ticket, clerk)
    notes.add(question, by=clerk, department=ticket.department, text="Interner Vermerk")

    pages = [each.get(address(ticket)).content.decode() for each in (browser, host)]

    for words in ("Alte Antwort", "Rückfrage der Bürgerin", "Interner Vermerk", "Nicht zuständig"):
        assert all(words in page for page in pages), words


def test_consulted_department_reads_notes_but_no_answers_of_the_other(
    browser: Client, clerk: Staff, department: Department, ticket: Ticket
) -> None:
    assert ticket.question
    second = make.department(department.office)
    consulted = make.ticket(ticket.question, second)
    make.answer(ticket, text="Antwort des Bauamts")
    notes.add(ticket.question, by=clerk, department=department, text="Wisst ihr das?", asked=second)

    page = browser_of(make.clerk(second)).get(address(consulted)).content.decode()

    assert "Wisst ihr das?" in page
    assert "Antwort des Bauamts" not in page


def test_markup_of_a_citizen_stays_text(browser: Client, department: Department) -> None:
    text = "<script>alert(1)</script> halb \ud83d"
    ticket = make.ticket(make.question(department.office, text=text, name=text), department)

    page = browser.get(address(ticket)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_original_mail_is_shown_as_text_without_its_sender(browser: Client, ticket: Ticket) -> None:
    raw = (
        b"From: Erika <erika@example.org>\r\nSubject: Noch etwas\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nDanke!\r\n\r\n> <b>Zitat</b>\r\n"
    )
    reply = Reply.objects.create(
        ticket=ticket, key_id=ticket.key_id, text="Danke!", original=raw, at=timezone.now()
    )

    page = browser.get(address(ticket, f"replies/{reply.pk}/original/")).content.decode()

    assert "Noch etwas" in page
    assert "&lt;b&gt;Zitat" in page
    assert "erika@example.org" not in page


def reply_with(ticket: Ticket, *files: tuple[str, bytes]) -> Reply:
    """A citizen's e-mail with these files."""
    mail = EmailMessage()
    mail.set_content("Anbei die Fotos.")
    for name, data in files:
        mail.add_attachment(data, "application", "octet-stream", filename=name)
    return Reply.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        text="Anbei",
        original=mail.as_bytes(),
        at=timezone.now(),
    )


def test_files_of_a_reply_are_handed_out_by_what_they_are(browser: Client, ticket: Ticket) -> None:
    picture = BytesIO()
    Image.new("RGB", (2, 2)).save(picture, "PNG")
    reply = reply_with(ticket, ("foto.exe", picture.getvalue()), ("plan.txt", b"Ein Plan"))

    page = browser.get(address(ticket, f"replies/{reply.pk}/original/")).content.decode()
    files = [browser.get(address(ticket, f"replies/{reply.pk}/files/{n}/")) for n in (1, 2)]

    assert "foto.exe.png" in page
    assert [file["Content-Type"] for file in files] == ["image/png", "text/plain"]
    assert files[0]["Content-Disposition"].startswith("inline")
    assert files[1]["Content-Disposition"] == 'attachment; filename="plan.txt"'
    assert files[1].content == b"Ein Plan"
    assert {file["Cache-Control"] for file in files} == {"no-store, private"}


def test_harmful_files_of_a_reply_are_named_but_stay_closed(
    browser: Client, ticket: Ticket
) -> None:
    script = b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>endobj\n%%EOF\n"
    reply = reply_with(ticket, ("rechnung.pdf", script), ("lauf.exe", b"MZ\x90\0" * 9))

    page = browser.get(address(ticket, f"replies/{reply.pk}/original/")).content.decode()
    answers = [
        browser.get(address(ticket, f"replies/{reply.pk}/files/{n}/")).status_code
        for n in (0, 1, 2, 3, 10**30)
    ]

    assert "rechnung.pdf" in page
    assert "Das Dokument enthält Skripte" in page
    assert "lauf.exe" in page
    assert "Das ist kein Bild" in page
    assert "/files/" not in page
    assert answers == [HTTPStatus.NOT_FOUND] * 5


def test_original_of_another_ticket_is_not_found(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    other = make.ticket(department=make.department(department.office))
    answer = make.answer(other, original=b"Subject: x\r\n\r\nGeheim", channel=Channel.MAIL)

    answers = [
        browser.get(address(ticket, f"answers/{pk}/original/")).status_code
        for pk in (answer.pk, 10**30)
    ]

    assert answers == [HTTPStatus.NOT_FOUND] * 2


def test_status_changes_when_somebody_did_something(
    browser: Client, clerk: Staff, ticket: Ticket
) -> None:
    before = browser.get(address(ticket, "status/"), headers=HTMX).content
    same = browser.get(address(ticket, "status/"), headers=HTMX).content
    assert ticket.question

    notes.add(ticket.question, by=clerk, department=ticket.department, text="Vermerk")

    after = browser.get(address(ticket, "status/"), headers=HTMX).content
    assert before == same != after


def test_page_that_was_overtaken_while_it_was_read_is_told_apart(ticket: Ticket) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.ACCEPTED)

    assert queries.stamp(ticket) != queries.stamp(Ticket.objects.get(pk=ticket.pk))


def test_colleague_who_writes_is_named(
    browser: Client, clerk: Staff, department: Department, ticket: Ticket
) -> None:
    colleague = browser_of(make.clerk(department))

    told = browser.post(address(ticket, "presence/"), {"doing": presence.Doing.TYPES})

    seen = colleague.get(address(ticket, "presence/"), headers=HTMX).content.decode()
    own = browser.get(address(ticket, "presence/"), headers=HTMX).content.decode()
    assert told.status_code == HTTPStatus.NO_CONTENT
    assert "Kim Klerk" in seen
    assert "Kim Klerk" not in own


@pytest.mark.parametrize("rows", [1, 3])
def test_page_has_constant_queries(
    browser: Client,
    clerk: Staff,
    ticket: Ticket,
    django_assert_num_queries: DjangoAssertNumQueries,
    rows: int,
) -> None:
    for _ in range(rows):
        _full(ticket, clerk)

    with django_assert_num_queries(15):
        browser.get(address(ticket))


def _stranger(department: Department, who: str) -> Staff:
    if who == "other department":
        return make.clerk(make.department(department.office))
    if who == "other office":
        return factories.staff()
    return factories.staff(department.office, Role(who))


def _full(ticket: Ticket, clerk: Staff) -> Question:
    """Let everything happen to a ticket that its page can show."""
    assert ticket.question
    now = timezone.now()
    make.answer(ticket, text="Alte Antwort", author=clerk, state=AnswerState.REJECTED)
    Reply.objects.create(ticket=ticket, key_id=ticket.key_id, text="Rückfrage der Bürgerin", at=now)
    TicketEvent.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        action=Action.RETURN,
        party=Party.CLERK,
        staff=clerk,
        department=ticket.department,
        state=TicketState.RETURNED,
        reason="Nicht zuständig",
        at=now - timedelta(hours=1),
    )
    Note.objects.create(
        question=ticket.question,
        key_id=ticket.question.key_id,
        text="Notiz",
        author=clerk,
        department=ticket.department,
        at=now,
    )
    return ticket.question
