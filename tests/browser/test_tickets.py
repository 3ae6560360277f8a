"""A clerk's way in a real browser: list, ticket, a draft that saves itself, preview, sent; accessible."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from routing.enums import AnswerState, TicketState
from routing.models import Answer, Department, Note, Reply, Snippet, Ticket
from routing.services.work.live import announce_office
from sessions_app.models import Staff
from tests import factories
from tests.browser import desks
from tests.browser.desks import SOON
from tests.browser.test_desk_accessible import LOOKS, overflows, violations
from tests.routing import factories as make

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUESTION = "Wann wird der Gehweg in der Hauptstraße repariert? Dort stolpern viele."


@pytest.fixture
def department() -> Department:
    return make.department(factories.office(name="Musterstadt"), name="Bauamt")


@pytest.fixture
def clerk(department: Department) -> Staff:
    return make.clerk(department, first_name="Kim", last_name="Klerk")


@pytest.fixture
def ticket(department: Department) -> Ticket:
    return make.ticket(make.question(department.office, text=QUESTION), department)


def saved(page: Page) -> None:
    """Wait until the page says that the draft is saved."""
    expect(page.locator("#draft-state")).to_contain_text("Entwurf gespeichert um", timeout=SOON)


def test_clerk_answers_from_the_list(
    open_desk: desks.Opener, clerk: Staff, department: Department, ticket: Ticket
) -> None:
    Snippet.objects.create(department=department, title="Gruß", text="Vielen Dank!")
    page = open_desk(clerk, "/tickets/")
    page.get_by_role("link", name=ticket.reference).click()
    page.locator("#text").press_sequentially("Im Mai. ")
    page.locator("#snippet").select_option(label="Gruß")
    saved(page)
    draft = Answer.objects.get()
    page.get_by_role("button", name="Vorschau").click()
    mail = page.frame_locator("iframe.preview")
    expect(mail.locator("body")).to_contain_text("Im Mai. Vielen Dank!")
    found = violations(page)
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.locator("#standing")).to_contain_text("beantwortet")

    answer = Answer.objects.get()
    assert draft.state == AnswerState.DRAFT
    assert (answer.text, answer.state) == ("Im Mai. Vielen Dank!", AnswerState.FINAL)
    assert found == []


def test_colleagues_see_each_other_and_no_text_is_lost(
    open_desk: desks.Opener, clerk: Staff, department: Department, ticket: Ticket
) -> None:
    toni = make.clerk(department, first_name="Toni", last_name="Tief")
    mine, theirs = (open_desk(each, f"/tickets/{ticket.pk}/") for each in (clerk, toni))
    theirs.locator("#text").fill("Tonis Text")
    saved(theirs)
    expect(mine.locator("#presence")).to_contain_text("Toni Tief", timeout=SOON)

    mine.locator("#text").fill("Kims Text")

    expect(mine.locator("#draft-state")).to_contain_text("Tonis Text", timeout=SOON)
    expect(mine.locator("#text")).to_have_value("Kims Text")
    assert Answer.objects.get().text == "Tonis Text"
    mine.locator("#text").press_sequentially("!")
    saved(mine)
    assert Answer.objects.get().text == "Kims Text!"


def test_counts_and_lines_are_live(
    open_desk: desks.Opener, clerk: Staff, department: Department, ticket: Ticket
) -> None:
    page = open_desk(clerk, "/tickets/")
    expect(page.locator(".line")).to_have_count(1)
    second = make.ticket(department=department)

    announce_office(department.office_id)

    expect(page.locator(".line")).to_have_count(2, timeout=SOON)
    expect(page.locator(".views [aria-current] .views__count")).to_have_text("2")
    assert page.get_by_role("link", name=second.reference).is_visible()


def test_open_ticket_says_that_it_changed(
    open_desk: desks.Opener, clerk: Staff, department: Department, ticket: Ticket
) -> None:
    page = open_desk(clerk, f"/tickets/{ticket.pk}/")
    expect(page.locator("#changed")).to_be_hidden()
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.ACCEPTED, clerk=clerk)

    announce_office(department.office_id)

    expect(page.locator("#changed")).to_be_visible(timeout=SOON)
    expect(page.locator("#standing")).to_contain_text("Kim Klerk")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_pages_are_free_of_violations(
    open_desk: desks.Opener,
    clerk: Staff,
    department: Department,
    ticket: Ticket,
    scheme: str,
    width: int,
) -> None:
    _fill(ticket, clerk)
    size = {"width": width, "height": 900}
    found = {}
    for path in ("/tickets/", f"/tickets/{ticket.pk}/", f"/tickets/snippets/{department.pk}/"):
        page = open_desk(clerk, path, viewport=size, color_scheme=scheme)
        for summary in page.locator("main summary").all():
            summary.click()
        found[path] = [*violations(page), *(["overflows"] if overflows(page) else [])]

    assert found == {path: [] for path in found}


def _fill(ticket: Ticket, clerk: Staff) -> None:
    """Give the list and the ticket everything that they can show."""
    today = timezone.localdate()
    now = timezone.now()
    for days, state in enumerate(TicketState, start=-3):
        if state not in {TicketState.WITHDRAWN, TicketState.ERASED}:
            make.ticket(
                make.question(ticket.office, text=QUESTION),
                ticket.department,
                state,
                due_on=today + timedelta(days=days),
                clerk=clerk,
                reopened=days % 2 * (days > 0),
            )
    consulted = make.department(ticket.office, name="Ordnungsamt")
    make.ticket(ticket.question, consulted)
    make.answer(ticket, author=clerk, state=AnswerState.REJECTED)
    make.answer(ticket, author=clerk, state=AnswerState.DRAFT, text="Entwurf")
    Reply.objects.create(
        ticket=ticket, key_id=ticket.key_id, text="Danke, aber wann genau?", original=b"x", at=now
    )
    assert ticket.question
    Note.objects.create(
        question=ticket.question,
        key_id=ticket.question.key_id,
        text="Wisst ihr mehr?",
        author=clerk,
        department=ticket.department,
        asked=consulted,
        at=now,
    )
    Snippet.objects.create(department=ticket.department, title="Gruß", text="Vielen Dank!")
