"""The desk without a mouse, for a screen reader, in light and dark, large and small."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from sessions_app.enums import DeliveryState, Direction, MessageKind, Notice, Role
from sessions_app.models import ConsultationSession, Conversation, Staff
from tests import factories
from tests.browser import desks
from tests.browser.desks import SOON, address, hears, shows, writes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (320, 1280)]


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session(topic="Verkehr in der Ortsmitte")


@pytest.fixture
def host(session: ConsultationSession) -> Staff:
    return factories.staff(session.office, first_name="Maria", last_name="Muster")


@pytest.fixture
def talk(session: ConsultationSession, host: Staff) -> Conversation:
    """A conversation in which everything has happened that can be shown."""
    conversation = factories.conversation(session, name="Erika Mustermann", unread=1)
    asked = factories.message(conversation, "Wann kommt der Bus?")
    for kind in MessageKind:
        if kind not in {MessageKind.TEXT, MessageKind.REACTION}:
            factories.message(conversation, kind=kind, content=_content())
    for state in DeliveryState:
        _say(conversation, f"Antwort {state.label}", delivery=state, author=host)
    _say(conversation, "Willkommen", notice=Notice.GREETING)
    _say(conversation, "Zitat", author=host, quoted_digest=asked.wamid_digest)
    factories.message(
        conversation,
        kind=MessageKind.REACTION,
        content={"emoji": "👍"},
        quoted_digest=asked.wamid_digest,
    )
    return conversation


def _content() -> dict[str, Any]:
    return {
        "text": "Text",
        "buttons": [["ja", "Ja"]],
        "cards": [{"name": "Otto", "phones": ["+49 1"], "emails": []}],
        "answers": [["Straße", "Hauptstraße"]],
        "latitude": 48.5,
        "longitude": 8.1,
    }


def _say(conversation: Conversation, text: str, **fields: Any) -> None:
    attempted = timezone.now() - timedelta(minutes=5)
    factories.message(conversation, text, direction=Direction.OUT, attempted_at=attempted, **fields)


def violations(page: Page) -> list[str]:
    """What axe finds: rule and element, one a line."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


def overflows(page: Page) -> bool:
    """Whether one would have to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_desk_is_free_of_violations(
    open_desk: desks.Opener, host: Staff, talk: Conversation, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 800}
    page = open_desk(host, address(talk.session), viewport=size, color_scheme=scheme)
    hears(page)
    found = {"list": violations(page)}
    page.click(f"#row-{talk.pk} a")
    shows(page, "#thread", "Zitat")
    found["talk"] = violations(page)
    page.click(".bubble--theirs summary >> nth=0")
    found["emoji"] = violations(page)
    page.click(".clock summary")
    page.click("[data-dialog]")
    found["dialog"] = violations(page)

    assert found == {"list": [], "talk": [], "emoji": [], "dialog": []}
    assert not overflows(page)


@pytest.mark.parametrize("path", ["/desk/", "/desk/{}/erase/"])
def test_pages_beside_the_desk_are_free_of_violations(
    open_desk: desks.Opener, host: Staff, session: ConsultationSession, path: str
) -> None:
    ended = path == "/desk/"
    if ended:
        now = timezone.now()
        ConsultationSession.objects.update(ends_at=now, closes_at=now)
        factories.session(session.office, starts_at=now + timedelta(days=7))
    page = open_desk(host, path.format(session.pk))

    assert violations(page) == []


def test_whole_answer_with_the_keyboard_alone(
    open_desk: desks.Opener, host: Staff, session: ConsultationSession
) -> None:
    writes(factories.conversation(session, name="Erika Mustermann"), "Guten Tag")
    page = open_desk(host, address(session))
    hears(page)

    tab_until(page, ".row a")
    page.keyboard.press("Enter")
    expect(page.locator("#reply-text")).to_be_focused(timeout=SOON)
    page.keyboard.type("Guten Tag, Frau Mustermann")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Gern.")
    page.keyboard.press("Enter")

    shows(page, "#thread .bubble:last-child", "Gern.")
    expect(page.locator("#reply-text")).to_be_focused()


def test_arrow_with_alt_leads_to_the_next_conversation(
    open_desk: desks.Opener, host: Staff, session: ConsultationSession
) -> None:
    for name in ("Anna", "Bert"):
        writes(factories.conversation(session, name=name), "Hallo")
    page = open_desk(host, address(session))
    hears(page)

    page.keyboard.press("Alt+ArrowDown")
    shows(page, "#pane-title", "Anna")
    page.keyboard.press("Alt+ArrowDown")

    shows(page, "#pane-title", "Bert")


def test_arrow_with_alt_pressed_twice_leads_two_conversations_further(
    open_desk: desks.Opener, host: Staff, session: ConsultationSession
) -> None:
    for name in ("Anna", "Bert", "Cara"):
        writes(factories.conversation(session, name=name), "Hallo")
    page = open_desk(host, address(session))
    hears(page)

    for _ in range(3):
        page.keyboard.press("Alt+ArrowDown")

    shows(page, "#pane-title", "Cara")
    expect(page.locator("#rows a[aria-current]")).to_contain_text("Cara")


def test_new_message_steals_no_focus_and_adds_only_itself_to_the_log(
    open_desk: desks.Opener, host: Staff, talk: Conversation
) -> None:
    page = open_desk(host, address(talk))
    hears(page)
    writes(talk, "Eine Frage")
    shows(page, "#thread", "Eine Frage")
    page.focus(".head__actions button")
    page.evaluate(
        """() => {
            window.added = [];
            new MutationObserver((changes) => {
                for (const change of changes) for (const node of change.addedNodes)
                    if (node.nodeType === 1) window.added.push(node.id);
            }).observe(document.getElementById("log"), { childList: true, subtree: true });
        }"""
    )

    message = writes(talk, "Noch eine Frage")

    shows(page, "#thread", "Noch eine Frage")
    assert page.evaluate("window.added") == [f"m-{message.pk}"]
    expect(page.locator(".head__actions button").first).to_be_focused()


def test_focused_row_keeps_the_focus_when_it_changes(
    open_desk: desks.Opener, host: Staff, session: ConsultationSession
) -> None:
    conversation = factories.conversation(session, name="Anna")
    page = open_desk(host, address(session))
    hears(page)
    page.focus(f"#row-{conversation.pk} a")

    writes(conversation, "Neue Zeile")

    shows(page, f"#row-{conversation.pk}", "Neue Zeile")
    expect(page.locator(f"#row-{conversation.pk} a")).to_be_focused()


def test_wrap_up_says_so_and_leads_to_who_still_waits(
    open_desk: desks.Opener, host: Staff, talk: Conversation
) -> None:
    ConsultationSession.objects.update(
        ends_at=timezone.now(), closes_at=timezone.now() + timedelta(minutes=10)
    )
    page = open_desk(host, address(talk.session))
    hears(page)

    page.click("[data-next]")

    shows(page, "#pane-title", "Erika Mustermann")
    expect(page.locator(".clock .tag--wrap_up")).to_have_count(1)


def test_assistant_of_another_office_gets_no_desk(
    open_desk: desks.Opener, talk: Conversation
) -> None:
    stranger = factories.staff(role=Role.ASSISTANT)

    page = open_desk(stranger, address(talk))

    expect(page.locator("body")).not_to_contain_text("Erika")


def tab_until(page: Page, selector: str) -> None:
    """Press Tab until the focus is on `selector`; each stop must be visible."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{selector} cannot be reached with Tab")
