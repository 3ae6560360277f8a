"""Public, planning and office pages in a real browser: no barrier, nothing cut off, keyboard only."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from routing.services.links import confirmation, withdrawal
from sessions_app.enums import ErasureTrigger, Role
from sessions_app.models import ErasureRecord, NumberReveal, Staff
from tests import factories
from tests.live.server import Server, login_cookie, running
from tests.routing import factories as routing
from tests.services.chromium import browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = (("light", 320), ("dark", 1280))  # colours and widths do not depend on each other


def an_office_in_its_hour() -> Staff:
    """An administration whose office has a running, a planned, a cancelled and an erased session."""
    admin = factories.staff(
        factories.office(contact_email="sprechstunde@kleinkleckersdorf-am-langen-see.example"),
        Role.ADMIN,
        first_name="Alex",
        last_name="Winter",
    )
    now = timezone.now()
    factories.staff(admin.office)
    factories.session(admin.office, topic="Verkehr")
    factories.session(admin.office, starts_at=now + timedelta(days=7))
    factories.session(admin.office, starts_at=now + timedelta(days=8), cancelled_at=now)
    past = factories.session(admin.office, starts_at=now - timedelta(days=7), erased_at=now)
    NumberReveal.objects.create(session=past, staff=admin, conversation_number=1, at=now)
    ErasureRecord.objects.create(
        session=past,
        trigger=ErasureTrigger.END,
        software_version="1",
        started_at=now,
        finished_at=now,
        remaining=0,
    )
    return admin


def pages_of(admin: Staff) -> list[str]:
    slug = admin.office.slug
    planned = admin.office.sessions.upcoming(timezone.now()).get()
    department = routing.department(admin.office, mailbox_confirmed_at=None)
    routing.clerk(department, first_name="Kim", last_name="Muster")
    now = timezone.now()
    ends = {"address_confirmed_at": None, "address_expires_at": now + timedelta(days=1)}
    question = routing.question(admin.office, **ends)
    routing.ticket(question, department)
    return [
        "/",
        f"/privacy/{slug}/",
        f"/planning/{slug}/",
        f"/planning/{slug}/new/",
        f"/planning/{slug}/{planned.pk}/cancel/",
        f"/office/{slug}/",
        f"/office/{slug}/staff/",
        f"/office/{slug}/staff/{admin.pk}/",
        f"/departments/{slug}/",
        f"/departments/{slug}/new/",
        f"/departments/{slug}/{department.pk}/",
        f"/departments/{slug}/import/",
        f"/correspondence/{slug}/",
        f"/records/{slug}/",
        f"/mail/confirm/{confirmation.token(question, now=now)}/",
        f"/mail/withdraw/{withdrawal.token(question, now=now)}/",
        "/mail/withdraw/forged/",
        "/password/",
        "/nowhere/",
    ]


@contextmanager
def at_the_portal(cookie: str | None = None) -> Iterator[tuple[Server, BrowserContext]]:
    """A running portal and a German browser, logged in with `cookie`."""
    with running() as server, browser() as chromium:
        context = chromium.new_context(locale="de-DE", reduced_motion="reduce")
        if cookie:
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": server.url}])
        yield server, context


def barriers(page: Page) -> list[str]:
    """What axe objects to, and whether the page has to be scrolled sideways."""
    found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [rule["id"] for rule in found] + (["scrolls sideways"] if wide else [])


def test_pages_have_no_barrier_in_any_look() -> None:
    admin = an_office_in_its_hour()
    addresses, cookie = pages_of(admin), login_cookie(admin)
    found = {}

    with at_the_portal(cookie) as (server, context):
        page = context.new_page()
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            for address in addresses:
                page.goto(server.url + address)
                if objections := barriers(page):
                    found[address, scheme, width] = objections

    assert found == {}


def test_login_and_its_refusal_have_no_barrier() -> None:
    factories.office()
    found = {}

    with at_the_portal() as (server, context):
        page = context.new_page()
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(f"{server.url}/login/")
            before = barriers(page)
            page.get_by_role("button", name="Anmelden").click()
            expect(page.get_by_role("alert")).to_be_visible()
            if objections := before + barriers(page):
                found[scheme, width] = objections

    assert found == {}


def test_public_page_needs_no_script_sets_no_cookie_and_asks_nobody_else() -> None:
    factories.session()
    asked: list[str] = []
    complaints: list[str] = []

    with at_the_portal() as (server, context):
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{server.url}/")
        scripts, cookies = page.locator("script").count(), context.cookies()
        elsewhere = [
            url for url in asked if not url.startswith((f"{server.url}/", "data:image/svg"))
        ]

    assert (scripts, cookies) == (0, [])
    assert elsewhere == complaints == []


def test_session_is_planned_with_the_keyboard_alone() -> None:
    admin = factories.staff(role=Role.ADMIN)
    # The portal under test runs with Django's own hashers, not with the fast one of the tests.
    admin.user.password = PBKDF2PasswordHasher().encode(factories.PASSWORD, "salt")
    admin.user.save()
    username, slug = admin.user.username, admin.office.slug

    with at_the_portal() as (server, context):
        page = context.new_page()
        page.goto(f"{server.url}/planning/{slug}/new/")
        page.get_by_label("Benutzername").focus()
        page.keyboard.type(username)
        page.keyboard.press("Tab")
        page.keyboard.type(factories.PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_label("Tag").fill("2099-12-03")
        page.get_by_label("Beginn").fill("15:00")
        page.get_by_label("Ende").fill("16:00")
        page.get_by_label("Thema").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("15:00 bis 16:00 Uhr")

    assert admin.office.sessions.count() == 1


def test_skip_link_is_the_first_stop_and_becomes_visible() -> None:
    factories.office()

    with at_the_portal() as (server, context):
        page = context.new_page()
        page.goto(f"{server.url}/")
        page.keyboard.press("Tab")
        link = page.get_by_role("link", name="Zum Inhalt springen")
        expect(link).to_be_focused()
        expect(link).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator("#content")).to_be_focused()
