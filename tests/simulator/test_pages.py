"""The phone pages in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from tests.services import chromium
from tests.simulator.control import Control, Phone, eventually
from tests.simulator.graph_api import GraphApi
from tests.simulator.process import Simulator

pytestmark = pytest.mark.browser
SMALL = ViewportSize(width=390, height=844)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.browser() as running:
        yield running


@pytest.fixture
def page(browser: Browser, simulator: Simulator) -> Iterator[Page]:
    """A page on a small screen; whatever it complains about fails the test."""
    complaints: list[str] = []
    context = browser.new_context(viewport=SMALL, base_url=simulator.base_url, locale="de-DE")
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def open_phone(page: Page, phone: Phone) -> None:
    page.goto(f"/phones/{phone.id}")
    expect(page.locator("#presence")).to_contain_text("+49")


def test_one_click_makes_a_phone_that_can_write(page: Page, control: Control) -> None:
    page.goto("/")
    page.get_by_role("button", name="Neues Telefon mit Nummer").click()
    page.get_by_label("Nachricht", exact=True).fill("Guten Tag")
    page.get_by_role("button", name="Senden", exact=True).click()

    expect(page.get_by_role("article")).to_contain_text("Guten Tag")
    [citizen] = control.citizens()
    assert [bubble.text for bubble in citizen.inbox()] == ["Guten Tag"]


def test_answer_appears_by_itself_and_counts_as_read(
    page: Page, api: GraphApi, anna: Phone
) -> None:
    open_phone(page, anna)

    api.text(anna, "Guten Tag, Frau Süß")

    expect(page.get_by_role("article").last).to_contain_text("Guten Tag, Frau Süß")
    eventually(lambda: anna.received()[0].status == "read")


def test_ticks_turn_blue_when_the_office_has_read(page: Page, api: GraphApi, anna: Phone) -> None:
    open_phone(page, anna)
    expect(page.get_by_role("img", name="zugestellt")).to_be_visible()

    order = {"messaging_product": "whatsapp", "status": "read"}
    order["message_id"] = anna.inbox()[0].wamid
    api.number("POST", "/messages", json={**order, "typing_indicator": {"type": "text"}})

    expect(page.get_by_role("img", name="gelesen")).to_be_visible()
    expect(page.locator("#presence")).to_have_text("schreibt …")


def test_pressed_button_is_answered(page: Page, api: GraphApi, anna: Phone) -> None:
    api.buttons(anna, "Per E-Mail?", {"yes": "Ja, gern", "no": "Nein"})
    open_phone(page, anna)

    page.get_by_role("button", name="Ja, gern").click()

    expect(page.get_by_role("button", name="Ja, gern")).to_have_attribute("aria-pressed", "true")
    assert anna.inbox()[-1].text == "Ja, gern"


def test_message_can_be_quoted_edited_and_reacted_to(
    page: Page, api: GraphApi, anna: Phone
) -> None:
    api.text(anna, "Welche Straße?")
    open_phone(page, anna)
    of_office = page.get_by_role("article").nth(1)

    of_office.get_by_label("Mehr zu dieser Nachricht").click()
    of_office.get_by_role("button", name="Mit 👍 reagieren").click()
    expect(of_office.get_by_role("img", name="Reaktionen")).to_be_visible()
    of_office.get_by_label("Mehr zu dieser Nachricht").click()
    of_office.get_by_role("button", name="Antworten").click()
    page.keyboard.type("Hauptstraße")
    page.keyboard.press("Enter")
    own = page.get_by_role("article").nth(2)
    expect(own.locator("blockquote")).to_contain_text("Welche Straße?")
    own.get_by_label("Mehr zu dieser Nachricht").click()
    own.get_by_role("button", name="Bearbeiten").click()
    page.get_by_label("Nachricht", exact=True).fill("Hauptstraße 7")
    page.keyboard.press("Enter")

    expect(own).to_contain_text("Bearbeitet")
    assert anna.inbox()[-1].text == "Hauptstraße 7"
    assert anna.inbox()[1].reactions == {"citizen": "👍"}


@pytest.mark.parametrize("name", ["Beispielbild", "Standort", "Kontakt", "Dokument", "Sticker"])
def test_attachment_is_sent_with_two_clicks(page: Page, anna: Phone, name: str) -> None:
    open_phone(page, anna)

    page.get_by_label("Etwas anhängen").click()
    page.get_by_role("button", name=name).click()

    expect(page.get_by_role("article")).to_have_count(2)


def test_own_picture_is_sent_with_caption(page: Page, anna: Phone) -> None:
    open_phone(page, anna)
    png = b"\x89PNG\r\n\x1a\n"
    picture = FilePayload(name="loch.png", mimeType="image/png", buffer=png)

    page.get_by_label("Nachricht", exact=True).fill("Das Loch")
    page.locator("#file").set_input_files([picture])

    eventually(lambda: anna.inbox()[-1].text == "Das Loch")
    assert anna.inbox()[-1].type == "image"


def test_call_rings_until_hung_up(page: Page, anna: Phone) -> None:
    open_phone(page, anna)

    page.get_by_role("button", name="Anrufen").click()
    page.get_by_role("button", name="Auflegen").click()

    expect(page.get_by_text("Es klingelt")).to_be_hidden()
    assert [call["state"] for call in anna.state()["calls"]] == ["ended"]


def test_number_can_be_changed_on_the_phone(page: Page, anna: Phone) -> None:
    open_phone(page, anna)

    page.get_by_label("Dieses Telefon").click()
    page.get_by_role("button", name="Nummer wechseln").click()

    eventually(lambda: anna.state()["phone"] != anna.phone)
    expect(page.locator("#identity")).not_to_contain_text(anna.phone)


def test_markup_of_a_citizen_stays_text(page: Page, control: Control) -> None:
    citizen = control.citizen("<b>Anna</b>")
    citizen.say("<img src=x onerror=alert(1)>")

    open_phone(page, citizen)

    expect(page.get_by_role("article")).to_contain_text("<img src=x onerror=alert(1)>")


def test_fault_panel_changes_faults_and_shows_them(page: Page, control: Control) -> None:
    page.goto("/faults")
    page.get_by_role("button", name="Feindseliges Meta").click()
    expect(page.get_by_label("Verbindung bricht ab, aber angenommen (%)")).to_have_value("30")

    page.get_by_label("Doppelt (%)").fill("12,5")
    page.get_by_label("Doppelt (%)").blur()

    eventually(lambda: control.get("/control/faults")["webhook_duplicate"] == 0.125)
    assert control.get("/control/faults")["cut_after"] == 0.3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_free_of_axe_violations(
    page: Page, api: GraphApi, anna: Phone, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    anna.album(2, "So sieht es aus")
    api.buttons(anna, "Per E-Mail?", {"yes": "Ja", "no": "Nein"})
    found = []

    for path in ("/", f"/phones/{anna.id}", "/faults"):
        page.goto(path)
        page.locator("article, .cards li, fieldset").first.wait_for()
        found += [(path, item["id"]) for item in Axe().run(page).response["violations"]]

    assert found == []
