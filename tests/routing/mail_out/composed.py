"""Mails as those get them to whom they are sent; all at one moment, from one office."""

import html.parser
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from textwrap import dedent
from uuid import UUID

from routing.mail import compose
from routing.models import OutgoingMail, Question
from routing.services.links import withdrawal
from routing.services.mail_out import letters

NOW = datetime(2026, 11, 19, 15, 4, 30, tzinfo=UTC)
UID = UUID("0123456789abcdef0123456789abcdef")
PORTAL = "https://sprechstunde.musterstadt.example"


def letter(mail: OutgoingMail) -> compose.Letter:
    return letters.letter(letters.rows([mail.pk])[0], now=NOW)


def sent(mail: OutgoingMail) -> EmailMessage:
    """The mail as whoever gets it reads it."""
    raw = compose.envelope(letter(mail)).content
    return message_from_bytes(raw, policy=default)


def withdraw_link(question: Question) -> str:
    return f"{PORTAL}/mail/withdraw/{withdrawal.token(question, now=NOW)}/"


def text(mail: OutgoingMail) -> str:
    part = sent(mail).get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def whole(expected: str) -> str:
    return dedent(expected).lstrip("\n")


@dataclass
class Outline(html.parser.HTMLParser):
    """What a screen reader would tell about a page."""

    language: str = ""
    headings: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    words: str = ""
    _open: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self._open = tag
        if tag == "html":
            self.language = given.get("lang") or ""
        if tag == "a":
            self.links.append(given.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._open in {"h1", "h2"}:
            self.headings.append((self._open, data))
