"""The answer: written, saved, previewed, sent, released; what is refused loses no word."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from routing.enums import AnswerState, MailKind, TicketState
from routing.models import Answer, AnswerFile, Department, OutgoingMail, Question, Ticket
from sessions_app.models import Staff
from tests.routing import factories as make
from tests.routing.portal.conftest import browser_of

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
PDF = b"%PDF-1.4\n%%EOF\n"
HTML = b"<html><script>alert(1)</script></html>"


def state_of(ticket: Ticket) -> TicketState:
    return TicketState(Ticket.objects.get(pk=ticket.pk).state)


def put(ticket: Ticket, state: TicketState) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state=state)


def file(name: str = "plan.pdf", data: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def write(browser: Client, ticket: Ticket, part: str, text: str, **more: Any) -> Any:
    given = {"text": text, "version": 0} | more
    return browser.post(f"/tickets/{ticket.pk}/{part}/", given)


def test_from_the_link_to_the_sent_answer_in_three_actions(
    browser: Client, clerk: Staff, ticket: Ticket
) -> None:
    page = browser.get(f"/tickets/{ticket.pk}/").content.decode()
    action = re.search(r'action="(/tickets/\d+/answer/)"', page)
    assert action

    response = browser.post(action[1], {"text": "Im Mai.\r\nGruß", "version": "0"})

    answer = Answer.objects.get()
    assert response["Location"] == f"/tickets/{ticket.pk}/"
    assert (answer.text, answer.state, answer.author) == ("Im Mai.\nGruß", "final", clerk)
    assert state_of(ticket) == TicketState.ANSWERED
    assert OutgoingMail.objects.get().kind == MailKind.ANSWER


def test_same_press_twice_is_one_answer(browser: Client, ticket: Ticket) -> None:
    answers = [write(browser, ticket, "answer", "Im Mai.").status_code for _ in range(2)]

    assert answers == [HTTPStatus.FOUND] * 2
    assert Answer.objects.count() == OutgoingMail.objects.count() == 1


def test_answer_to_what_a_colleague_answered_is_refused_and_kept(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    write(browser_of(make.clerk(department)), ticket, "answer", "Im Juni.")

    response = write(browser, ticket, "answer", "Im Mai.")

    assert response.status_code == HTTPStatus.CONFLICT
    assert "Im Mai." in response.content.decode()
    assert Answer.objects.get().text == "Im Juni."


def test_empty_answer_is_refused(browser: Client, ticket: Ticket) -> None:
    response = write(browser, ticket, "answer", " \n")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert state_of(ticket) == TicketState.FORWARDED


@pytest.mark.parametrize("text", ["x" * 20_001, "Null\0zeichen"])
def test_text_that_cannot_be_saved_comes_back(browser: Client, ticket: Ticket, text: str) -> None:
    response = write(browser, ticket, "answer", text)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert text[:4] in response.content.decode()
    assert not Answer.objects.exists()


def test_answer_of_a_department_with_release_waits_for_it(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    Department.objects.update(needs_release=True)

    write(browser, ticket, "answer", "Im Mai.")

    assert state_of(ticket) == TicketState.IN_RELEASE
    assert not OutgoingMail.objects.exists()


def test_answer_without_address_stays_and_says_so(browser: Client, department: Department) -> None:
    question = make.question(department.office, consent="anonymous", address=None)
    ticket = make.ticket(question, department)

    response = browser.post(
        f"/tickets/{ticket.pk}/answer/",
        {"text": "Im Mai."},
        follow=True,
        headers={"Accept-Language": "en"},
    )

    assert "does not reach the citizen" in response.content.decode()
    assert not OutgoingMail.objects.exists()


def test_mayors_side_answers_what_was_returned(host: Client, ticket: Ticket) -> None:
    put(ticket, TicketState.RETURNED)

    response = write(host, ticket, "answer", "Vom Rathaus.")

    assert response.status_code == HTTPStatus.FOUND
    assert state_of(ticket) == TicketState.ANSWERED


def test_mayors_side_does_not_answer_for_the_department(host: Client, ticket: Ticket) -> None:
    response = write(host, ticket, "answer", "Vom Rathaus.")

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert "Vom Rathaus." in response.content.decode()
    assert not Answer.objects.exists()


def test_draft_saves_itself_and_names_its_version(browser: Client, ticket: Ticket) -> None:
    address = f"/tickets/{ticket.pk}/draft/"
    first = browser.post(address, {"text": "Im M", "version": 0}, headers=HTMX).content.decode()
    second = browser.post(address, {"text": "Im Mai", "version": 1}, headers=HTMX).content.decode()

    assert 'data-version="1"' in first
    assert 'data-version="2"' in second
    assert "<html" not in first
    assert Answer.objects.get().text == "Im Mai"


def test_draft_that_a_colleague_changed_shows_their_text_and_keeps_mine(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    colleague = make.clerk(department, first_name="Toni", last_name="Tief")
    write(browser, ticket, "draft", "Meins")
    write(browser_of(colleague), ticket, "draft", "Tonis Text", version=1)

    part = browser.post(
        f"/tickets/{ticket.pk}/draft/", {"text": "Meins, länger", "version": 1}, headers=HTMX
    )
    page = write(browser, ticket, "draft", "Meins, länger", version=1)

    assert (part.status_code, page.status_code) == (HTTPStatus.CONFLICT,) * 2
    for shown in (part.content.decode(), page.content.decode()):
        assert "Toni Tief" in shown
        assert "Tonis Text" in shown
        assert 'data-version="2"' in shown
    assert ">Meins, länger</textarea>" in page.content.decode()
    assert 'name="version" id="version" value="2"' in page.content.decode()
    assert Answer.objects.get().text == "Tonis Text"


def test_saving_once_more_after_a_collision_replaces_the_text(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    write(browser_of(make.clerk(department)), ticket, "draft", "Fremd")
    refused = write(browser, ticket, "draft", "Meins")

    done = write(browser, ticket, "draft", "Meins", version=1)

    assert (refused.status_code, done.status_code) == (HTTPStatus.CONFLICT, HTTPStatus.FOUND)
    assert Answer.objects.get().text == "Meins"


def test_sending_over_a_colleagues_draft_is_refused(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    write(browser_of(make.clerk(department)), ticket, "draft", "Fremd")

    response = write(browser, ticket, "answer", "Meins")

    assert response.status_code == HTTPStatus.CONFLICT
    assert state_of(ticket) == TicketState.FORWARDED


def test_preview_is_the_mail_that_is_sent(browser: Client, ticket: Ticket) -> None:
    saved = write(browser, ticket, "preview", "Im Mai.")

    page = browser.get(saved["Location"])
    html = browser.get(f"/tickets/{ticket.pk}/preview/html/")

    assert saved["Location"] == f"/tickets/{ticket.pk}/preview/"
    assert "Im Mai." in page.content.decode()
    assert "Im Mai." in html.content.decode()
    assert "sandbox" in html["Content-Security-Policy"]
    assert html["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src 'self'" in page["Content-Security-Policy"]


def test_preview_without_draft_leads_back(browser: Client, ticket: Ticket) -> None:
    page = browser.get(f"/tickets/{ticket.pk}/preview/")
    html = browser.get(f"/tickets/{ticket.pk}/preview/html/")

    assert page["Location"] == f"/tickets/{ticket.pk}/"
    assert html.status_code == HTTPStatus.NO_CONTENT


def test_mayors_side_previews_and_releases(browser: Client, host: Client, ticket: Ticket) -> None:
    Department.objects.update(needs_release=True)
    write(browser, ticket, "answer", "Im Mai.")

    preview = host.get(f"/tickets/{ticket.pk}/preview/").content.decode()
    released = host.post(f"/tickets/{ticket.pk}/release/")

    assert "Im Mai." in preview
    assert released.status_code == HTTPStatus.FOUND
    assert state_of(ticket) == TicketState.ANSWERED


def test_clerk_cannot_release(browser: Client, ticket: Ticket) -> None:
    Department.objects.update(needs_release=True)
    write(browser, ticket, "answer", "Im Mai.")

    response = browser.post(f"/tickets/{ticket.pk}/release/")

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert state_of(ticket) == TicketState.IN_RELEASE


def test_releasing_what_waits_for_no_release_is_refused(host: Client, ticket: Ticket) -> None:
    response = host.post(f"/tickets/{ticket.pk}/release/")

    assert response.status_code == HTTPStatus.CONFLICT


def test_rejected_answer_is_in_the_editor_again_with_the_reason(
    browser: Client, host: Client, ticket: Ticket
) -> None:
    Department.objects.update(needs_release=True)
    write(browser, ticket, "answer", "Im Mai.")

    refused = host.post(f"/tickets/{ticket.pk}/reject/", {"reject-reason": ""})
    done = host.post(f"/tickets/{ticket.pk}/reject/", {"reject-reason": "Welcher Mai?"})

    page = browser.get(f"/tickets/{ticket.pk}/").content.decode()
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert done.status_code == HTTPStatus.FOUND
    assert ">Im Mai.</textarea>" in page
    assert "Welcher Mai?" in page


def test_files_go_with_the_answer(browser: Client, ticket: Ticket) -> None:
    write(browser, ticket, "answer", "Im Anhang.", files=[file("a.pdf"), file("b.pdf")])

    answer = Answer.objects.get()
    assert answer.state == AnswerState.FINAL
    assert sorted(each.name for each in answer.files.all()) == ["a.pdf", "b.pdf"]


def test_refused_file_stops_the_sending_and_loses_nothing(browser: Client, ticket: Ticket) -> None:
    chosen = [file("gut.pdf"), file("boese.html", HTML)]

    response = write(browser, ticket, "answer", "Im Anhang.", files=chosen)

    page = response.content.decode()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "boese.html" in page
    assert ">Im Anhang.</textarea>" in page
    assert [each.name for each in AnswerFile.objects.all()] == ["gut.pdf"]
    assert state_of(ticket) == TicketState.FORWARDED


def test_files_larger_than_memory_are_refused_by_name_of_the_limit(
    browser: Client, ticket: Ticket, settings: Settings
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000

    response = write(browser, ticket, "answer", "Im Anhang.", files=[file(data=PDF * 200)])

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "10 MB" in response.content.decode()
    assert Answer.objects.get().state == AnswerState.DRAFT


def test_file_is_a_download_that_never_runs(browser: Client, ticket: Ticket) -> None:
    write(browser, ticket, "files", "Text", files=[file("plan.pdf")])
    found = AnswerFile.objects.get()

    response = browser.get(f"/tickets/{ticket.pk}/files/{found.pk}/")

    assert response.content == PDF
    assert response["Content-Disposition"] == 'attachment; filename="plan.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]


def test_file_is_taken_from_the_draft(browser: Client, ticket: Ticket) -> None:
    write(browser, ticket, "files", "Text", files=[file("plan.pdf")])
    found = AnswerFile.objects.get()

    response = browser.post(f"/tickets/{ticket.pk}/files/{found.pk}/remove/")

    assert response["Location"] == f"/tickets/{ticket.pk}/#editor"
    assert not AnswerFile.objects.exists()


def test_file_of_a_sent_answer_stays(browser: Client, ticket: Ticket) -> None:
    write(browser, ticket, "answer", "Text", files=[file("plan.pdf")])
    found = AnswerFile.objects.get()

    response = browser.post(f"/tickets/{ticket.pk}/files/{found.pk}/remove/")

    assert response.status_code == HTTPStatus.CONFLICT
    assert AnswerFile.objects.exists()


def test_mayors_side_takes_nothing_from_a_departments_draft(
    browser: Client, host: Client, ticket: Ticket
) -> None:
    write(browser, ticket, "files", "Text", files=[file("plan.pdf")])
    found = AnswerFile.objects.get()

    response = host.post(f"/tickets/{ticket.pk}/files/{found.pk}/remove/")

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert AnswerFile.objects.exists()


def test_file_of_another_ticket_is_not_found(
    browser: Client, department: Department, ticket: Ticket
) -> None:
    other = make.department(department.office)
    foreign = make.ticket(department=other)
    write(browser_of(make.clerk(other)), foreign, "files", "Text", files=[file("plan.pdf")])
    found = AnswerFile.objects.get()

    answers = [
        browser.get(f"/tickets/{pk}/files/{found.pk}/").status_code
        for pk in (ticket.pk, foreign.pk)
    ]

    assert answers == [HTTPStatus.NOT_FOUND] * 2


def test_withdrawn_question_takes_no_answer(browser: Client, ticket: Ticket) -> None:
    from routing.services.work import tickets
    from routing.services.work.actors import CITIZEN

    tickets.withdraw(Question.objects.get(), by=CITIZEN)

    response = write(browser, ticket, "answer", "Im Mai.")

    assert response.status_code == HTTPStatus.GONE
    assert not Answer.objects.exists()
