"""Two browsers at one desk: everything shows by itself, nothing is sent twice, nothing typed is lost."""

import re
import signal
import time
from uuid import uuid4

import pytest
from playwright.sync_api import Page, Route, expect

from sessions_app.enums import DeliveryState, Direction, Role
from sessions_app.models import ConsultationSession, Conversation, Message, Staff
from sessions_app.services import messages, sessions
from sprechstunde.live.events import announce
from tests import factories
from tests.browser import desks
from tests.browser.desks import SOON, address, hears, shows, writes
from tests.live import server as web
from tests.simulator.control import eventually

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


@pytest.fixture
def host(session: ConsultationSession) -> Staff:
    return factories.staff(session.office, first_name="Maria", last_name="Muster")


@pytest.fixture
def assistant(session: ConsultationSession) -> Staff:
    return factories.staff(session.office, Role.ASSISTANT, first_name="Jonas", last_name="Beispiel")


@pytest.fixture
def erika(session: ConsultationSession) -> Conversation:
    conversation = factories.conversation(session, name="Erika Mustermann")
    factories.message(conversation, "Guten Tag")
    return conversation


def send(page: Page, text: str) -> None:
    page.fill("#reply-text", text)
    page.press("#reply-text", "Enter")


def sent(conversation: Conversation) -> list[str]:
    rows = conversation.messages.filter(direction=Direction.OUT).order_by("sent_at", "pk")
    return [row.content["text"] for row in rows]


def test_new_message_shows_in_the_queue_and_in_the_open_conversation(
    open_desk: desks.Opener, host: Staff, assistant: Staff, erika: Conversation
) -> None:
    in_talk = open_desk(host, address(erika))
    at_list = open_desk(assistant, address(erika.session))
    hears(in_talk)
    hears(at_list)

    writes(erika, "Wann kommt der Bus?")

    shows(in_talk, "#thread .bubble:last-child", "Wann kommt der Bus?")
    shows(at_list, f"#row-{erika.pk}", "Wann kommt der Bus?")


def test_new_citizen_stands_behind_who_waits_longer(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika.session))
    hears(page)

    writes(factories.conversation(erika.session, name="Neu Angekommen"), "Hallo")

    expect(page.locator(".row")).to_have_count(2, timeout=SOON)
    assert page.locator(".row__title").all_inner_texts() == ["Erika Mustermann", "Neu Angekommen"]


def test_reply_shows_to_the_colleague_and_leaves_the_box_ready(
    open_desk: desks.Opener, host: Staff, assistant: Staff, erika: Conversation
) -> None:
    mine = open_desk(host, address(erika))
    theirs = open_desk(assistant, address(erika))
    hears(theirs)

    send(mine, "Um halb vier.\nAm Rathaus.")

    shows(theirs, "#thread .bubble:last-child", "Um halb vier.")
    expect(mine.locator("#reply-text")).to_have_value("")
    expect(mine.locator("#reply-text")).to_be_focused()
    expect(mine.locator("#pending .bubble")).to_have_count(0, timeout=SOON)
    assert sent(erika) == ["Um halb vier.\nAm Rathaus."]


def test_two_presses_send_one_message(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika))
    page.fill("#reply-text", "Einmal")

    page.dblclick("#composer [type=submit]")

    shows(page, "#thread .bubble:last-child", "Einmal")
    assert sent(erika) == ["Einmal"]


def test_quick_messages_arrive_in_the_order_typed(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika))

    for text in ("eins", "zwei", "drei"):
        send(page, text)

    shows(page, "#thread", "drei")
    expect(page.locator("#pending .bubble")).to_have_count(0, timeout=SOON)
    assert sent(erika) == ["eins", "zwei", "drei"]


def test_second_answer_is_held_back_with_its_text_until_confirmed(
    open_desk: desks.Opener, host: Staff, assistant: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika))
    page.route("**/thread/**", lambda route: route.abort())  # the colleague's answer stays unseen
    page.goto(page.url)
    messages.reply(erika, by=assistant, text="Um vier.", token=uuid4(), last_seen=10**9)

    page.click("[data-quote]")
    send(page, "Um fünf.")

    shows(page, "#notice", "Jonas Beispiel")
    shows(page, "#notice", "Um vier.")
    expect(page.locator("#reply-text")).to_have_value("Um fünf.")
    assert sent(erika) == ["Um vier."]
    page.unroute("**/thread/**")
    page.click("#notice button")
    shows(page, "#thread .bubble:last-child", "Um fünf.")
    shows(page, "#thread .bubble:last-child .bubble__quote", "Guten Tag")
    assert sent(erika) == ["Um vier.", "Um fünf."]


def test_failed_message_is_sent_again_by_a_press(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    failed = factories.message(
        erika,
        "Kommt nicht an",
        direction=Direction.OUT,
        author=host,
        delivery=DeliveryState.FAILED,
        error_code=131026,
    )
    page = open_desk(host, address(erika))

    page.click(f"#m-{failed.pk} [formaction$='/again/']")

    expect(page.locator(f"#m-{failed.pk} .bubble__problem")).to_have_count(0, timeout=SOON)
    failed.refresh_from_db()
    assert failed.delivery == DeliveryState.QUEUED


def test_draft_survives_events_and_other_conversations(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    other = writes(factories.conversation(erika.session, name="Otto"), "Auch da").conversation
    page = open_desk(host, address(erika))
    hears(page)
    page.fill("#reply-text", "Noch nicht fertig")

    writes(erika, "Sind Sie noch da?")
    shows(page, "#thread", "Sind Sie noch da?")
    kept = page.input_value("#reply-text")
    page.click(f"#row-{other.pk} a")
    shows(page, "#pane-title", "Otto")
    elsewhere = page.input_value("#reply-text")
    page.go_back()
    shows(page, "#pane-title", "Erika Mustermann")

    assert (kept, elsewhere) == ("Noch nicht fertig", "")
    expect(page.locator("#reply-text")).to_have_value("Noch nicht fertig")


def test_of_three_quick_clicks_the_last_opens(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    others = [factories.conversation(erika.session, name=name) for name in ("Otto", "Anna")]
    page = open_desk(host, address(erika.session))
    hears(page)
    page.route(f"**{address(erika)}", lambda _: None)  # the first one's answer never comes

    for conversation in (erika, *others):
        page.click(f"#row-{conversation.pk} a")

    shows(page, "#pane-title", "Anna")
    page.wait_for_url(f"**{address(others[1])}")


def test_colleague_sees_who_types(
    open_desk: desks.Opener, host: Staff, assistant: Staff, erika: Conversation
) -> None:
    mine = open_desk(host, address(erika))
    theirs = open_desk(assistant, address(erika))
    hears(theirs)

    def is_seen() -> bool:
        mine.locator("#reply-text").press_sequentially("Ich ant", delay=50)
        return theirs.locator(".presence__types").count() == 1

    eventually(is_seen, "nobody sees who types", seconds=SOON / 1000)
    shows(theirs, "#presence", "Maria Muster")


def test_after_a_restart_of_the_server_the_page_shows_the_truth(
    open_desk: desks.Opener, server: web.Server, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika))
    hears(page)
    server.stop(signal.SIGKILL)
    writes(erika, "Während der Pause geschrieben")
    expect(page.locator("#offline")).not_to_be_empty(timeout=SOON)

    server.start()

    shows(page, "#thread .bubble:last-child", "Während der Pause geschrieben")
    expect(page.locator("#offline")).to_be_empty(timeout=SOON)


def test_reply_during_an_outage_is_kept_and_sent_once_on_retry(
    open_desk: desks.Opener, server: web.Server, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika))
    hears(page)
    server.stop(signal.SIGKILL)
    send(page, "Trotzdem")
    retry = page.locator("#pending [data-retry]")
    expect(retry).to_be_visible(timeout=SOON)

    server.start()
    retry.click()

    shows(page, "#thread .bubble:last-child", "Trotzdem")
    assert sent(erika) == ["Trotzdem"]


@pytest.mark.parametrize("late", ["hx-sse.min", "desk-stream", "desk-reply"])
def test_stream_connects_whichever_script_comes_late(
    open_desk: desks.Opener, host: Staff, erika: Conversation, late: str
) -> None:
    page = open_desk(host, "/desk/")

    def come_late(route: Route) -> None:
        time.sleep(0.5)
        route.continue_()

    page.route(f"**/{late}.*.js", come_late)
    page.goto(page.url)
    hears(page)
    writes(erika, "Jetzt aber")

    shows(page, f"#row-{erika.pk}", "Jetzt aber")


def test_first_connection_that_fails_is_tried_again(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, "/desk/")
    page.route("**/live/", lambda route: route.abort())
    page.goto(page.url)
    expect(page.locator("#offline")).not_to_be_empty(timeout=SOON)

    page.unroute("**/live/")
    hears(page)
    writes(erika, "Jetzt aber")

    shows(page, f"#row-{erika.pk}", "Jetzt aber")


def test_end_and_erase_leaves_nothing_on_any_screen(
    open_desk: desks.Opener, host: Staff, assistant: Staff, erika: Conversation
) -> None:
    mine = open_desk(host, address(erika))
    theirs = open_desk(assistant, address(erika))
    hears(theirs)

    mine.click(".clock summary")
    mine.click("[data-dialog]")
    mine.click("#erase-dialog [type=submit]")

    theirs.wait_for_url(re.compile(rf"{address(erika.session)}(\?gone)?$"))
    expect(theirs.locator("body")).not_to_contain_text("Erika", timeout=SOON)
    expect(mine.locator("body")).not_to_contain_text("Erika", timeout=SOON)


def test_conversation_erased_on_the_citizens_wish_leaves_the_screen(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika))
    hears(page)

    Conversation.objects.filter(pk=erika.pk).delete()
    announce(erika.session_id, "queue", f"conversation-{erika.pk}")

    page.wait_for_url("**?gone")
    expect(page.locator("body")).not_to_contain_text("Erika", timeout=SOON)
    expect(page.locator(".talk [role=status]")).to_have_count(1)


def test_extension_shows_on_the_colleagues_clock(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika.session))
    hears(page)
    before = page.locator("[data-until]").get_attribute("data-until")

    sessions.extend(erika.session, minutes=10)

    expect(page.locator("[data-until]")).not_to_have_attribute(
        "data-until", before or "", timeout=SOON
    )


def test_quote_and_reaction_go_to_the_message_meant(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    question = factories.message(erika, "Wann kommt der Bus?")
    factories.message(erika, "Und noch etwas")
    page = open_desk(host, address(erika))

    page.click(f"#m-{question.pk} [data-quote]")
    send(page, "Um vier")
    shows(page, "#thread .bubble:last-child .bubble__quote", "Wann kommt der Bus?")
    page.click(f"#m-{question.pk} summary")
    page.click(f"#m-{question.pk} [name=emoji] >> nth=0")

    shows(page, f"#m-{question.pk} .bubble__reactions", "👍")
    quoting = Message.objects.get(kind="text", author=host)
    assert quoting.quoted_digest == question.wamid_digest


def test_without_script_everything_works_as_pages(
    open_desk: desks.Opener, host: Staff, erika: Conversation
) -> None:
    page = open_desk(host, address(erika.session), java_script_enabled=False)

    page.click(f"#row-{erika.pk} a")
    page.fill("#reply-text", "Ganz ohne Skript")
    page.click("#composer [type=submit]")

    shows(page, "#thread .bubble:last-child", "Ganz ohne Skript")
    assert sent(erika) == ["Ganz ohne Skript"]
