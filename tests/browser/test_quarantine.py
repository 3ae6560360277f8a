"""The quarantine in a real browser: no barrier, nothing cut off; a mail is given to its question."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from routing.mail.addresses import Purpose
from routing.models import Answer, Ticket
from routing.services.mail_in import incoming
from sessions_app.enums import Role
from sessions_app.models import Staff
from tests import factories
from tests.browser.test_public_and_office_pages import LOOKS, at_the_portal, barriers
from tests.live.server import login_cookie
from tests.routing.mail_in.people import make_ticket
from tests.routing.mail_in.test_receive import mail_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Straßenverkehrsbehördlichenanordnungen" * 4


def a_mail_from_a_stranger() -> tuple[Staff, Ticket, int]:
    """A mayor, a ticket, and a mail to it whose sender nobody knows."""
    ticket = make_ticket()
    now = timezone.now()
    text = f"Der Gehweg wird im Mai erneuert.\n\n{LONG}\n\nMit freundlichen Grüßen\nFremd"
    raw = mail_to(ticket, Purpose.DEPARTMENT, text, sender="fremd@example.net")
    row = incoming.receive(raw, now=now)
    incoming.receive(b"Auto-Submitted: auto-replied\n" + raw + b"x", now=now)
    return factories.staff(ticket.office, Role.HOST), ticket, row.pk


def test_quarantine_has_no_barrier_and_a_mail_finds_its_question() -> None:
    host, ticket, mail = a_mail_from_a_stranger()
    pages = f"/quarantine/{host.office.slug}/", f"/quarantine/{host.office.slug}/{mail}/"
    found = {}

    with at_the_portal(login_cookie(host)) as (server, context):
        page = context.new_page()
        for scheme, width in LOOKS:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": width, "height": 800})
            for address in pages:
                page.goto(server.url + address)
                if objections := barriers(page):
                    found[address, scheme] = objections
        give(page)

    assert found == {}
    assert Answer.objects.get(ticket=ticket).text == "Erst im Juni."


def give(page: Page) -> None:
    """Change the text and give the open mail to the question that it was written for."""
    page.get_by_label("Text", exact=True).fill("Erst im Juni.")
    page.get_by_role("button", name="Dieser Rückfrage zuordnen").click()
    expect(page.get_by_text("Die E-Mail gehört jetzt zu dieser Rückfrage.")).to_be_visible()
