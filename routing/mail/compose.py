"""A mail as bytes: text and HTML side by side, files behind them, our own headers.

Written line by line: the standard library's messages parse and fold every header that they write,
which costs more than all the rest of sending a mail.
"""

import quopri
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime, formataddr
from typing import Final
from uuid import UUID

from django.conf import settings

from routing.mail import message_ids

# Not folded: some programs read no Message-ID that begins on the second line.
_POLICY: Final = compat32.clone(linesep="\r\n", mangle_from_=False, max_line_length=None)
_FOLD: Final = "\r\n "
_UTF8: Final = Charset("utf-8")
_UTF8.header_encoding = QP


@dataclass(frozen=True, slots=True, repr=False)
class Attached:
    """A file that goes with a mail."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """All that a mail says, before it is one."""

    uid: UUID  # its name everywhere
    thread: UUID  # what all mails to these people about this matter share
    sender_name: str
    recipients: Sequence[str]
    reply_to: str
    bounces_to: str
    subject: str
    text: str
    html: str
    language: str
    is_automatic: bool
    at: datetime
    files: Sequence[Attached] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Envelope:
    """A mail as the server gets it; `name` comes back in its reports (ENVID)."""

    name: str
    sender: str
    recipients: Sequence[str]
    content: bytes


def envelope(letter: Letter) -> Envelope:
    """Return the mail as it is handed to the server, lines ending in CRLF."""
    recipients = [_mailable(recipient) for recipient in letter.recipients]
    content = _head([("MIME-Version", "1.0"), *_headers(letter, recipients)]) + _body(letter)
    return Envelope(letter.uid.hex, letter.bounces_to, recipients, content)


def _head(headers: Sequence[tuple[str, str]]) -> bytes:
    """Return the headers as lines; raises ValueError if a value would begin another header."""
    for name, value in headers:
        if set(value.replace(_FOLD, "")) & {"\r", "\n"}:
            raise ValueError(name)
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode()


def _headers(letter: Letter, recipients: Sequence[str]) -> list[tuple[str, str]]:
    thread = message_ids.message_id(letter.thread)
    from_address = message_ids.own_address(settings.DEFAULT_FROM_EMAIL)
    headers: list[tuple[str, str]] = [
        ("Message-ID", message_ids.message_id(letter.uid)),
        ("Date", format_datetime(letter.at)),
        ("From", formataddr((_one_line(letter.sender_name), from_address), _UTF8)),
        ("To", ", ".join(recipients)),
        ("Reply-To", letter.reply_to),
        ("Subject", _subject(letter.subject)),
        # All mails of a matter point to one that never was: clients show them together.
        ("In-Reply-To", thread),
        ("References", thread),
        ("Content-Language", letter.language),
    ]
    if letter.is_automatic:
        headers += [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")]
    return [(name, value) for name, value in headers if value]


def _subject(text: str) -> str:
    line = _one_line(text)
    return (
        line
        if line.isascii()
        else Header(line, _UTF8, header_name="Subject").encode(linesep="\r\n")
    )


def _body(letter: Letter) -> bytes:
    """Return the last headers, those that say how the mail is built, and everything below them."""
    texts = [_text("plain", letter.text), _text("html", letter.html)]
    both = _multipart("alternative", f"texts-{letter.uid.hex}", texts)
    if not letter.files:
        return both
    files = [_file(file) for file in letter.files]
    return _multipart("mixed", f"parts-{letter.uid.hex}", [both, *files])


def _multipart(subtype: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    head = _head([("Content-Type", f'multipart/{subtype}; boundary="{boundary}"')])
    line = f"--{boundary}".encode()
    inside = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
    return head + b"\r\n" + inside + line + b"--\r\n"


def _text(subtype: str, text: str) -> bytes:
    headers = [
        ("Content-Type", f'text/{subtype}; charset="utf-8"'),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ]
    encoded = quopri.encodestring("\n".join(text.splitlines()).encode() + b"\n")
    return _head(headers) + b"\r\n" + encoded.replace(b"\n", b"\r\n")


def _file(file: Attached) -> bytes:
    # The standard library knows how a name in any script is written (RFC 2231).
    head = Message(policy=_POLICY)
    head["Content-Type"] = file.media_type
    head["Content-Transfer-Encoding"] = "base64"
    name = _one_line(file.name)
    filename = name if name.isascii() else ("utf-8", "", name)
    head.add_header("Content-Disposition", "attachment", filename=filename)
    return head.as_bytes() + encodebytes(file.data).replace(b"\n", b"\r\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _mailable(address: str) -> str:
    """Write an international domain as servers know it; the local part stays."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{domain.encode('idna').decode('ascii')}"
