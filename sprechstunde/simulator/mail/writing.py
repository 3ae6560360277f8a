"""What people write: replies that quote as their programs do, and new mails."""

from __future__ import annotations

import base64
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from sprechstunde.simulator.mail.mailboxes import Mail
from sprechstunde.simulator.mail.reading import parsed, text

POLICY = policy.SMTP.clone(max_line_length=200)
BERLIN = ZoneInfo("Europe/Berlin")
DAYS = ("Mo.", "Di.", "Mi.", "Do.", "Fr.", "Sa.", "So.")
MONTHS = [
    "Jan.",
    "Feb.",
    "März",
    "Apr.",
    "Mai",
    "Juni",
    "Juli",
    "Aug.",
    "Sept.",
    "Okt.",
    "Nov.",
    "Dez.",
]
AGENTS = {
    "outlook": "Microsoft Outlook 16.0",
    "thunderbird": "Mozilla Thunderbird",
    "gmail": "",
    "apple": "Apple Mail (2.3826)",
    "none": "",
}


def reply(
    address: str,
    mail: Mail,
    *,
    words: str,
    style: str,
    attachment: dict[str, str] | None,
    at: float,
) -> tuple[str, bytes]:
    """Return the recipient and the bytes of a reply to `mail`; `style` is a key of AGENTS."""
    original = parsed(mail)
    to = str(original["Reply-To"] or original["From"] or mail.sender)
    subject = str(original["Subject"] or "")
    mark = "AW: " if style == "outlook" else "Re: "
    message = _new(address, to, subject if subject.startswith(mark) else mark + subject, at)
    if name := original["Message-ID"]:
        message["In-Reply-To"] = str(name)
        message["References"] = f"{original['References'] or ''} {name}".strip()
    if AGENTS[style]:
        message["X-Mailer"] = AGENTS[style]
    message.set_content(f"{words.rstrip()}\n{_quote(original, mail, style)}")
    _attach(message, attachment)
    return parseaddr(to)[1], message.as_bytes(policy=POLICY)


def letter(
    address: str,
    *,
    to: str,
    subject: str,
    words: str,
    at: float,
    headers: dict[str, str] | None = None,
    attachment: dict[str, str] | None = None,
) -> tuple[str, bytes]:
    """Return the recipient and the bytes of a new mail, with further `headers`."""
    message = _new(address, to, subject, at)
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(words)
    _attach(message, attachment)
    return parseaddr(to)[1], message.as_bytes(policy=POLICY)


def _new(address: str, to: str, subject: str, at: float) -> EmailMessage:
    message = EmailMessage(policy=POLICY)
    message["From"] = address
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate(at)
    message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    return message


def _attach(message: EmailMessage, attachment: dict[str, Any] | None) -> None:
    if attachment:
        main, _, sub = str(attachment.get("type") or "application/octet-stream").partition("/")
        content = base64.b64decode(attachment["content"])
        message.add_attachment(content, maintype=main, subtype=sub, filename=attachment["name"])


def _quote(original: EmailMessage, mail: Mail, style: str) -> str:
    when = datetime.fromtimestamp(mail.at, BERLIN)
    who, body = str(original["From"]), text(original)
    if style == "none":
        return ""
    if style == "outlook":
        return (
            f"\nVon: {who}\nGesendet: {when:%d.%m.%Y %H:%M}\nAn: {original['To']}\n"
            f"Betreff: {original['Subject']}\n\n{body}"
        )
    return f"\n{_introduction(style, who, when)}\n\n{_marked(body)}"


def _introduction(style: str, who: str, when: datetime) -> str:
    if style == "gmail":
        day = f"{DAYS[when.weekday()]}, {when.day}. {MONTHS[when.month - 1]} {when.year}"
        return f"Am {day} um {when:%H:%M} Uhr schrieb {who}:"
    if style == "apple":
        return f"Am {when:%d.%m.%Y} um {when:%H:%M} schrieb {who}:"
    return f"Am {when:%d.%m.%y} um {when:%H:%M} schrieb {parseaddr(who)[0] or who}:"


def _marked(body: str) -> str:
    return "".join(f"> {each}\n" for each in body.splitlines())
