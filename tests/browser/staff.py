"""A member of staff at a real browser: signs in, opens conversations, answers."""

import re
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, expect

from tests.services.demo import Demo


@dataclass
class AtTheDesk:
    """One signed-in browser on the desk of the running session."""

    page: Page

    def open(self, name: str) -> None:
        """Open the conversation of the citizen called `name`."""
        self.page.locator(".row__link").filter(has_text=name).click()
        expect(self.page.locator("#pane-title")).to_have_text(name)

    def answer(self, name: str, words: str) -> None:
        """Open the conversation, type `words`, send, and see them in the thread."""
        self.open(name)
        self.page.locator("#reply-text").fill(words)
        self.page.locator("#reply-text").press("Enter")
        expect(self.bubble(words)).to_be_visible()

    def bubble(self, words: str) -> Locator:
        """The stored message in the open conversation that says `words`."""
        return self.page.locator("li.bubble[id]").filter(has_text=words)

    def sees(self, words: str) -> None:
        """Wait until the open conversation shows `words`."""
        expect(self.bubble(words).first).to_be_visible()

    def texts(self) -> list[str]:
        """All that the open conversation says, from top to bottom."""
        return self.page.locator("li.bubble[id] .bubble__text").all_inner_texts()


def sign_in(browser: Browser, demo: Demo, role: str) -> AtTheDesk:
    """Sign in as `role` in a browser of its own and go to the desk."""
    username, password = demo.login(role)
    page = browser.new_context(locale="de-DE").new_page()
    page.goto(f"{demo.portal}/desk/")
    page.get_by_label("Benutzername").fill(username)
    page.get_by_label("Passwort").fill(password)
    page.get_by_role("button", name="Anmelden").click()
    expect(page).to_have_url(re.compile(r"/desk/\d+/$"))
    return AtTheDesk(page)
