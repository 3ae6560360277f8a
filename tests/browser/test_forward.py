"""From the open conversation to the consented question: a mayor at the desk, a citizen at the phone."""

import re
from collections.abc import Iterator
from io import BytesIO

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.staff import sign_in
from tests.services import chromium, demo
from tests.services.demo import Demo
from tests.simulator.control import Bubble, Phone, eventually

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

PATIENCE = 180.0  # seconds
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def running_demo() -> Iterator[Demo]:
    with demo.running() as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium.browser() as opened:
        yield opened


def test_question_leaves_the_chat_as_the_citizen_agrees(
    running_demo: Demo, browser: Browser
) -> None:
    mayor = sign_in(browser, running_demo, "host")
    erika = running_demo.control().citizen("Erika Probe")
    erika.say("Guten Tag, ich heiße Erika Probe")
    erika.say("In der Hauptstraße ist ein Schlagloch im Gehweg, Telefon 07842 80212")
    erika.picture(_jpeg())
    mayor.open("Erika Probe")
    mayor.sees("Schlagloch")

    _mark(mayor.page)
    _fill_in(mayor.page)
    _is_accessible(mayor.page)
    mayor.page.locator("#forward-form").get_by_role("button", name="Weiterleiten").last.click()

    question = mayor.page.locator("#questions .question").first
    expect(question).to_contain_text("gefragt, ob sie weitergegeben werden darf")
    _agree(erika)
    expect(question).to_contain_text("zugestimmt, Antwort per E-Mail")
    expect(question).to_contain_text("Adresse noch nicht bestätigt")
    row = mayor.page.locator(".row").filter(has_text="Erika Probe")
    expect(row).to_contain_text("beantwortet")
    _is_accessible(mayor.page)


def test_undecided_questions_stand_before_the_staff_in_the_end(
    running_demo: Demo, browser: Browser
) -> None:
    mayor = sign_in(browser, running_demo, "host")
    erika = running_demo.control().citizen("Erika Probe")
    erika.say("Der Gehweg ist kaputt")
    mayor.open("Erika Probe")
    _mark(mayor.page, last_only=True)
    mayor.page.get_by_role("radio", name="Bauamt").check()
    mayor.page.locator("#forward-form").get_by_role("button", name="Weiterleiten").last.click()
    erika.wait_for("Dürfen wir sie dorthin weitergeben?", seconds=PATIENCE)

    mayor.page.goto(re.sub(r"\d+/$", "", mayor.page.url))
    waiting = mayor.page.locator("#undecided li").filter(has_text="Erika Probe")
    expect(waiting).to_have_count(1)
    _is_accessible(mayor.page)
    waiting.get_by_label("Ohne Antwort:").select_option("anonymous")
    erika.press(_button(erika, "Nein"))

    expect(waiting).to_have_count(0, timeout=PATIENCE * 1000)
    erika.wait_for("wir geben Ihre Frage nicht weiter", seconds=PATIENCE)


def _mark(page: Page, *, last_only: bool = False) -> None:
    """Mark with the keyboard: the link, the boxes, and on."""
    page.get_by_role("link", name="Weiterleiten …").press("Enter")
    boxes = page.locator(".bubble__mark input")
    expect(boxes.last).to_be_focused()
    for box in [boxes.last] if last_only else boxes.all():
        box.press("Space")
        expect(box).to_be_checked()
    page.locator("#marks").get_by_role("button", name="Weiter").press("Enter")
    expect(page.locator("#forward-title")).to_be_focused()


def _fill_in(page: Page) -> None:
    text = page.locator("#forward-text")
    expect(text).to_have_value(re.compile("heiße Erika Probe\nIn der Hauptstraße"))
    found = page.locator(".finding")
    expect(found).to_have_count(2)
    found.filter(has_text="07842 80212").click()
    expect(text).to_have_value(re.compile(r"Telefon \[Telefonnummer\]"))
    expect(found).to_have_count(1)
    page.get_by_role("button", name="Alle entfernen").click()
    expect(text).to_have_value(re.compile(r"ich heiße \[Name\]"))
    department = page.get_by_role("radio", name="Bauamt")
    expect(department).not_to_be_checked()
    expect(department).to_have_accessible_description(re.compile("Stichwort „"))
    department.check()
    text.press_sequentially(" Wer ist zuständig?")
    expect(department).to_be_checked()
    page.locator(".picture input").check()


def _agree(erika: Phone) -> None:
    asked = erika.wait_for("Dürfen wir sie dorthin weitergeben?", seconds=PATIENCE)
    assert "[Telefonnummer]" in asked.text
    assert "07842" not in asked.text
    erika.press(_button(erika, "Ja, weitergeben"))
    erika.wait_for("Möchten Sie die Antwort per E-Mail bekommen?", seconds=PATIENCE)
    erika.press(_button(erika, "Ja, per E-Mail"))
    erika.wait_for("An welche E-Mail-Adresse", seconds=PATIENCE)
    erika.say("erika@")
    erika.wait_for("keine E-Mail-Adresse erkennen", seconds=PATIENCE)
    erika.say("erika.probe@gmial.com")
    erika.wait_for("Meinten Sie erika.probe@gmail.com?", seconds=PATIENCE)
    erika.press(_button(erika, "Andere Adresse"))
    eventually(lambda: _count(erika, "An welche E-Mail-Adresse") == 2, seconds=PATIENCE)
    erika.say("erika.probe@example.org")
    erika.wait_for("Ist diese Adresse richtig?", seconds=PATIENCE)
    erika.press(_button(erika, "Ja"))
    erika.wait_for("Vielen Dank. Ihre Frage ist unter der Nummer", seconds=PATIENCE)


def _count(phone: Phone, text: str) -> int:
    return sum(text in bubble.text for bubble in phone.received())


def _button(phone: Phone, title: str) -> str:
    """The id of the newest button with this title."""
    newest: list[Bubble] = [*reversed(phone.received())]
    return next(
        button["id"] for bubble in newest for button in bubble.buttons if button["title"] == title
    )


def _is_accessible(page: Page) -> None:
    """In light and dark, on a phone and on a screen."""
    size = page.viewport_size
    for scheme in ("light", "dark"):
        for width in (360, 1500):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 900})
            results = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
            assert results.violations_count == 0, results.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(color_scheme="light")
    if size:
        page.set_viewport_size(size)


def _jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (320, 240), "gray").save(out, "JPEG")
    return out.getvalue()
