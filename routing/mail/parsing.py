"""Reads a raw e-mail into what the domain needs; whatever is wrong with it, it comes out as a Mail."""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from routing.mail import bodies
from routing.mail.bodies import File
from routing.mail.header_text import (
    BAD_HEADER,
    HEADER_CHARACTERS,
    MailMessage,
    addresses,
    decoded,
    header,
)

TEXT_CHARACTERS = 200_000
# Where the address stands that a mail was delivered to, the most trustworthy first.
RECIPIENT_HEADERS = (
    "To",
    "Cc",
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "Resent-To",
    "Resent-Cc",
    "X-Forwarded-To",
    "Apparently-To",
)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,500}>")


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail. Addresses are lower-case; `text` is the whole text, quotes and signature included."""

    message: MailMessage = field(repr=False)
    message_id: str = ""
    sender: str = ""  # the first address of From
    sender_name: str = ""
    recipients: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # Message-IDs that it replies to, the nearest first
    subject: str = ""
    text: str = field(default="", repr=False)
    files: tuple[File, ...] = ()
    is_encrypted: bool = False
    is_invitation: bool = False
    is_damaged: bool = False
    is_long: bool = False  # more text than a person can have written


def read(raw: bytes) -> Mail:
    """Read the mail; one that cannot be taken apart is `is_damaged` and has its headers only."""
    try:
        message = email.message_from_bytes(raw)
        return _with_body(_with_headers(message), raw)
    except (RecursionError, *BAD_HEADER):
        return replace(read_headers(raw), is_damaged=True)


def read_headers(raw: bytes) -> Mail:
    """Read the headers alone, for a mail whose body is too large or past repair."""
    head = re.split(rb"\r?\n\r?\n", raw[: 4 * HEADER_CHARACTERS], maxsplit=1)[0]
    return _with_headers(email.message_from_bytes(head + b"\n\n"))


def _with_headers(message: MailMessage) -> Mail:
    name, sender = _sender(message)
    references = [
        *_MESSAGE_ID.findall(header(message, "In-Reply-To")),
        *reversed(_MESSAGE_ID.findall(header(message, "References"))),
    ]
    return Mail(
        message=message,
        message_id=_first_id(header(message, "Message-ID")),
        sender=sender,
        sender_name=name,
        recipients=tuple(dict.fromkeys(_recipients(message))),
        references=tuple(dict.fromkeys(references)),
        subject=header(message, "Subject"),
    )


def _with_body(mail: Mail, raw: bytes) -> Mail:
    body = bodies.read(mail.message)
    return replace(
        mail,
        text=body.text,
        files=tuple(body.files),
        is_encrypted=body.is_encrypted,
        is_invitation=body.is_invitation,
        is_damaged=_is_damaged(mail, raw),
        is_long=body.is_long or len(body.text) > TEXT_CHARACTERS,
    )


def _is_damaged(mail: Mail, raw: bytes) -> bool:
    """Whether the mail has no headers worth the name, or promises parts and then has none."""
    if not raw.strip() or not (mail.sender or mail.message_id):
        return True
    is_split = mail.message.get_content_maintype() == "multipart"
    return is_split and not mail.message.is_multipart()


def _sender(message: MailMessage) -> tuple[str, str]:
    value = str(message.get("From", ""))
    address = next(addresses([value]), "")
    name = decoded(value.partition("<")[0]) if "<" in value else ""
    return name.strip(" \"'"), address


def _recipients(message: MailMessage) -> Iterator[str]:
    for name in RECIPIENT_HEADERS:
        yield from addresses([str(value) for value in message.get_all(name, [])])


def _first_id(value: str) -> str:
    found = _MESSAGE_ID.search(value)
    return found[0] if found else value.strip()[:500]
