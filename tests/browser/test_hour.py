"""The hour as it is held: twenty citizens, a mayor and an assistant at two browsers, then nothing."""

import json
from collections.abc import Iterator
from itertools import cycle

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.staff import AtTheDesk, sign_in
from tests.services import chromium, demo
from tests.services.demo import Demo
from tests.simulator.control import Phone, eventually

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

CITIZENS = 20
WITHOUT_NUMBER = 5
ROUNDS = 4
PATIENCE = 180.0  # seconds


@pytest.fixture
def running_demo() -> Iterator[Demo]:
    with demo.running() as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium.browser() as opened:
        yield opened


def test_hour_with_twenty_citizens_arrives_in_order_and_leaves_nothing(
    running_demo: Demo, browser: Browser
) -> None:
    mayor = sign_in(browser, running_demo, "host")
    assistant = sign_in(browser, running_demo, "assistant")
    phones = _citizens(running_demo)
    desks = [desk for desk, _ in zip(cycle((mayor, assistant)), phones, strict=False)]

    for number in range(1, ROUNDS + 1):
        _ask(phones, number)
        for desk, phone in zip(desks, phones, strict=True):
            desk.answer(phone.name, _answer(phone, number))

    for desk, phone in zip(desks, phones, strict=True):
        _every_answer_came_once_in_order(phone)
        phone.look()
        _desk_shows_all_in_order(desk, phone)
    _special_messages_were_understood(mayor, assistant, phones)
    _end(mayor, assistant)
    for phone in phones:
        phone.wait_for("ist zu Ende. Vielen Dank, dass Sie geschrieben haben", seconds=PATIENCE)
    _nothing_remains(running_demo)


def _citizens(running_demo: Demo) -> list[Phone]:
    control = running_demo.control()
    return [
        control.citizen(
            f"Probe {number:02}", username=f"probe.{number}" if number < WITHOUT_NUMBER else None
        )
        for number in range(CITIZENS)
    ]


def _ask(phones: list[Phone], number: int) -> None:
    for phone in phones:
        phone.say(_question(phone, number))
    if number == 1:
        phones[3].album(3, caption="Drei Bilder vom Spielplatz")
        phones[5].send("voice")
    if number == 2:
        wamid = phones[7].say("Das schreibe ich gleich um")
        phones[7].edit(wamid, "Umgeschrieben")
    if number == 3:
        phones[9].change_number()


def _question(phone: Phone, number: int) -> str:
    return f"Frage {number} von {phone.name}"


def _answer(phone: Phone, number: int) -> str:
    return f"Antwort {number} für {phone.name}"


def _every_answer_came_once_in_order(phone: Phone) -> None:
    expected = [_answer(phone, number) for number in range(1, ROUNDS + 1)]

    def answers() -> list[str]:
        return [bubble.text for bubble in phone.received() if "Antwort" in bubble.text]

    eventually(
        lambda: len(answers()) >= ROUNDS, f"{phone.name} waits for answers", seconds=PATIENCE
    )
    assert answers() == expected


def _desk_shows_all_in_order(desk: AtTheDesk, phone: Phone) -> None:
    desk.open(phone.name)
    talk = [text(phone, number) for number in range(1, ROUNDS + 1) for text in (_question, _answer)]
    shown = [text for text in desk.texts() if text in talk]
    assert shown == talk
    read = (
        desk.page.locator("li.bubble--ours[id]")
        .filter(has_text=f"für {phone.name}")
        .filter(has_text="gelesen")
    )
    expect(read).to_have_count(ROUNDS, timeout=PATIENCE * 1000)


def _special_messages_were_understood(
    mayor: AtTheDesk, assistant: AtTheDesk, phones: list[Phone]
) -> None:
    phones[5].wait_for(
        "Sprachnachrichten und Videos können wir hier nicht annehmen", seconds=PATIENCE
    )
    assistant.open(phones[3].name)
    expect(assistant.page.locator("li.bubble--theirs img")).to_have_count(3)
    assistant.open(phones[7].name)
    assistant.sees("bearbeitet")
    assistant.open(phones[9].name)
    assistant.sees("Nummer")
    rows = mayor.page.locator(".row__link").filter(has_text="Probe")
    expect(rows).to_have_count(CITIZENS)


def _end(mayor: AtTheDesk, assistant: AtTheDesk) -> None:
    mayor.page.get_by_text("Verlängern oder beenden").click()
    mayor.page.locator("a[data-dialog=erase-dialog]").click()
    mayor.page.get_by_role("button", name="Beenden und alles löschen").click()
    ended = ((mayor, "Zurzeit läuft keine Sprechstunde"), (assistant, "nicht mehr verfügbar"))
    for desk, words in ended:
        expect(desk.page.get_by_text(words).first).to_be_visible(timeout=PATIENCE * 1000)


def _nothing_remains(running_demo: Demo) -> None:
    def erased() -> bool:
        lines = running_demo.manage("list_sessions").stdout.splitlines()
        return any(json.loads(line)["state"] == "erased" for line in lines)

    eventually(erased, "the session was not erased", seconds=PATIENCE)
    checked = running_demo.manage("verify_erasure")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for path in running_demo.var_dir.rglob("*"):
        if path.is_file():
            assert b"Probe 0" not in path.read_bytes(), path
