"""From the chat to the answers in the citizen's mailbox and on to the erasure, with real mail."""

import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.staff import AtTheDesk, sign_in
from tests.services import chromium, demo, post_office
from tests.services.demo import Demo
from tests.services.post_office import PostOffice
from tests.simulator.control import Phone, eventually

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]

PATIENCE = 180.0  # seconds
PORTAL = "sprechstunde@musterstadt.example"
BUILDING, ORDER = "bauamt@musterstadt.example", "ordnungsamt@musterstadt.example"
CITIZEN = "erika.probe@example.org"
QUESTION = "Vor der Schule fehlt seit Wochen das Tempo-30-Schild, und der Gehweg ist aufgerissen."
FIRST = "Der Gehweg wird bis Ende des Monats wieder geschlossen."
SECOND = "Das Schild ist bestellt und wird nächste Woche aufgestellt."
REPLY = "Vielen Dank! Gilt das auch für die andere Straßenseite?"
THIRD = "Ja, beide Seiten werden gepflastert."
EXPECTED = Path(__file__).with_name("mails")


@pytest.fixture
def post() -> Iterator[PostOffice]:
    with post_office.running() as running:
        yield running


@pytest.fixture
def running_demo(post: PostOffice) -> Iterator[Demo]:
    with demo.running(None, **post.settings(PORTAL)) as running:
        yield running


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium.browser() as opened:
        yield opened


def test_question_goes_its_whole_way(
    running_demo: Demo, browser: Browser, post: PostOffice
) -> None:
    mayor = sign_in(browser, running_demo, "host")
    erika = running_demo.control().citizen("Erika Probe")
    number = _ask_and_forward(mayor, erika)
    _end_the_hour(running_demo)

    _answer_by_mail(post, number, FIRST)
    clerk = _sign_in(browser, running_demo, "ordnungsamt")
    _answer_in_the_portal(clerk, _link(post.wait_for(ORDER, number)), SECOND)
    _release(mayor.page, _link(post.wait_for(ORDER, number)))
    assert [str(mail["Subject"]) for mail in post.mails(CITIZEN)] == [
        "Bitte bestätigen Sie Ihre E-Mail-Adresse"
    ]
    _confirm(browser, post)
    answers = [_answer_with(post, words) for words in (FIRST, SECOND)]
    _is_as_expected("acknowledgement", post.wait_for(CITIZEN, f"Ihre Frage {number} an"), number)
    _is_as_expected("answer-by-mail", answers[0], number)
    _is_as_expected("answer-in-portal", answers[1], number)

    _keep_nothing_after_the_next_answer(mayor.page, running_demo)
    post.send(_reply_to(answers[0], CITIZEN, REPLY))
    again = post.wait_for(BUILDING, "Es wurde zurückgeschrieben")
    _is_as_expected("reopened", again, number)
    _sees_reply(_sign_in(browser, running_demo, "bauamt"), _link(again))
    post.send(_reply_to(again, BUILDING, THIRD))
    _is_as_expected("second-answer", _answer_with(post, THIRD), number)
    _is_erased(mayor.page, _link(again), running_demo)


def _ask_and_forward(mayor: AtTheDesk, erika: Phone) -> str:
    erika.say(QUESTION)
    mayor.open("Erika Probe")
    mayor.sees("Tempo-30")
    page = mayor.page
    page.get_by_role("link", name="Weiterleiten …").click()
    page.locator(".bubble__mark input").last.check()
    page.locator("#marks").get_by_role("button", name="Weiter").click()
    form = page.locator("#forward-form")
    form.get_by_role("radio", name="Bauamt").check()
    form.locator("#forward-consulted summary").click()
    form.get_by_role("checkbox", name="Ordnungsamt").check()
    form.get_by_role("button", name="Weiterleiten").last.click()
    told = _agree(erika)
    expect(page.locator("#questions .question").first).to_contain_text("zugestimmt")
    found = re.search(r"\d{4}-\d{4}", told)
    assert found
    return found[0]


def _agree(erika: Phone) -> str:
    erika.wait_for("Dürfen wir sie dorthin weitergeben?", seconds=PATIENCE)
    erika.say("Ja")
    erika.wait_for("Möchten Sie die Antwort per E-Mail bekommen?", seconds=PATIENCE)
    erika.say("ja bitte")
    erika.wait_for("An welche E-Mail-Adresse", seconds=PATIENCE)
    erika.say("erika.probe@")
    erika.wait_for("keine E-Mail-Adresse erkennen", seconds=PATIENCE)
    erika.say(CITIZEN)
    erika.wait_for("Ist diese Adresse richtig?", seconds=PATIENCE)
    erika.say("ja")
    return erika.wait_for("Ihre Frage ist unter der Nummer", seconds=PATIENCE).text


def _end_the_hour(running_demo: Demo) -> None:
    session = re.search(r'"id": ?(\d+)', running_demo.manage("list_sessions").stdout)
    assert session
    ended = running_demo.manage("end_session", session[1], "--erase")
    assert ended.returncode == 0, ended.stderr

    def verified() -> bool:
        return running_demo.manage("verify_erasure", session[1]).returncode == 0

    eventually(verified, "the chat was not erased", seconds=PATIENCE)


def _answer_by_mail(post: PostOffice, number: str, words: str) -> None:
    told = post.wait_for(BUILDING, number)
    _is_as_expected("notification", told, number)
    post.send(_reply_to(told, BUILDING, words))


def _reply_to(mail: EmailMessage, sender: str, words: str) -> EmailMessage:
    """A reply as Outlook writes it: above, with a signature and the whole mail below."""
    reply = EmailMessage()
    reply["From"], reply["To"] = sender, str(mail["Reply-To"] or mail["From"])
    reply["Subject"] = f"AW: {mail['Subject']}"
    reply["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    reply["In-Reply-To"] = reply["References"] = str(mail["Message-ID"])
    quoted = f"Von: {mail['From']}\nGesendet: Montag, 23. November 2026 09:12\nAn: {mail['To']}"
    reply.set_content(f"{words}\n\n{quoted}\nBetreff: {mail['Subject']}\n\n{_text(mail)}")
    return reply


def _sign_in(browser: Browser, running_demo: Demo, username: str) -> Page:
    login = next(each for each in running_demo.facts["logins"] if each["username"] == username)
    page = browser.new_context(locale="de-DE").new_page()
    page.goto(f"{running_demo.portal}/login/")
    page.get_by_label("Benutzername").fill(username)
    page.get_by_label("Passwort").fill(login["password"])
    page.get_by_role("button", name="Anmelden").click()
    expect(page).to_have_url(re.compile(r"/tickets/$"))
    return page


def _answer_in_the_portal(page: Page, link: str, words: str) -> None:
    """Three actions from the notification: open, write, hand in."""
    page.goto(link)
    page.locator("#answer textarea").fill(words)
    page.locator("#answer .kern-btn--primary").click()
    expect(page.locator("#answer")).to_have_count(0)


def _release(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.locator("main")).to_contain_text(SECOND)
    page.locator("form[action$='/release/'] button").click()
    expect(page.locator("form[action$='/release/']")).to_have_count(0)


def _confirm(browser: Browser, post: PostOffice) -> None:
    mail = post.wait_for(CITIZEN, "Bitte bestätigen Sie Ihre E-Mail-Adresse")
    _is_as_expected("confirmation", mail, "")
    page = browser.new_context(locale="de-DE").new_page()
    page.goto(_link(mail))
    page.get_by_role("button").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vielen Dank")


def _answer_with(post: PostOffice, words: str) -> EmailMessage:
    def look() -> list[EmailMessage]:
        return [mail for mail in post.mails(CITIZEN) if words in _text(mail)]

    return eventually(look, f"no answer says {words!r}", seconds=PATIENCE)[0]


def _keep_nothing_after_the_next_answer(page: Page, running_demo: Demo) -> None:
    page.goto(f"{running_demo.portal}/correspondence/musterstadt/")
    page.locator("input[name=retention_days]").fill("0")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("status").first).to_contain_text("Gespeichert")


def _sees_reply(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.locator("main")).to_contain_text(REPLY)
    expect(page.locator("main")).not_to_contain_text("Gesendet: Montag")


def _is_erased(page: Page, link: str, running_demo: Demo) -> None:
    def gone() -> bool:
        answer = page.goto(link)
        return answer is not None and answer.status == 410

    eventually(gone, "the ticket was not erased when it was due", seconds=PATIENCE)

    def verified() -> bool:
        return running_demo.manage("verify_erasure").returncode == 0

    eventually(verified, "something was due or left", seconds=PATIENCE)


def _link(mail: EmailMessage) -> str:
    found = re.search(r"https?://\S+", _text(mail))
    assert found
    return found[0]


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def _is_as_expected(name: str, mail: EmailMessage, number: str) -> None:
    """The whole mail, with what differs from run to run named instead of shown."""
    shown = (
        "".join(f"{key}: {mail[key]}\n" for key in ("From", "To", "Subject")) + "\n" + _text(mail)
    )
    shown = re.sub(r"https?://\S+", "LINK", shown.replace(number, "NUMMER") if number else shown)
    shown = re.sub(r"\d{1,2}\. \w+ \d{4}( um)?(, \d\d:\d\d| \d\d:\d\d)?", "TAG", shown)
    shown = re.sub(r"\d\d\.\d\d\.\d{4}( \d\d:\d\d)?", "TAG", shown)
    assert shown == (EXPECTED / f"{name}.txt").read_text()
