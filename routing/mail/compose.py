"""A mail as bytes: text and HTML side by side, files behind them, our own headers.

Built with the standard library's older interface: the newer one parses every header that it writes,
which costs more than all the rest of sending a mail.
"""

import quopri
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from io import BytesIO
from typing import Final
from uuid import UUID

from django.conf import settings

from routing.mail import message_ids

# Not folded: some programs read no Message-ID that begins on the second line.
_POLICY: Final = compat32.clone(linesep="\r\n", mangle_from_=False, max_line_length=None)
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
    message = _body(letter)
    for name, value in _headers(letter, recipients):
        message[name] = value
    written = BytesIO()
    BytesGenerator(written, policy=_POLICY).flatten(message)
    return Envelope(letter.uid.hex, letter.bounces_to, recipients, written.getvalue())


def _headers(letter: Letter, recipients: Sequence[str]) -> list[tuple[str, str]]:
    thread = message_ids.message_id(letter.thread)
    from_address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
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
    return line if line.isascii() else Header(line, _UTF8, header_name="Subject").encode()


def _body(letter: Letter) -> Message:
    both = MIMEMultipart("alternative", boundary=f"texts-{letter.uid.hex}")
    both.attach(_text("plain", letter.text))
    both.attach(_text("html", letter.html))
    if not letter.files:
        return both
    whole = MIMEMultipart("mixed", boundary=f"parts-{letter.uid.hex}")
    del both["MIME-Version"]
    whole.attach(both)
    for file in letter.files:
        whole.attach(_file(file))
    return whole


def _text(subtype: str, text: str) -> Message:
    part = Message()
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable"
    encoded = quopri.encodestring("\n".join(text.splitlines()).encode() + b"\n")
    part.set_payload(encoded.decode("ascii"))
    return part


def _file(file: Attached) -> Message:
    part = Message()
    part["Content-Type"] = file.media_type
    part["Content-Transfer-Encoding"] = "base64"
    name = _one_line(file.name)
    filename = name if name.isascii() else ("utf-8", "", name)
    part.add_header("Content-Disposition", "attachment", filename=filename)
    part.set_payload(encodebytes(file.data).decode("ascii"))
    return part


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _mailable(address: str) -> str:
    """Write an international domain as servers know it; the local part stays."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}@{domain.encode('idna').decode('ascii')}"
