"""What a mail says, as the pages and tests see it."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from typing import Any

from sprechstunde.simulator.mail.mailboxes import Mail, Mailbox


def parsed(mail: Mail) -> EmailMessage:
    """Return the mail with its parts."""
    return BytesParser(policy=policy.default).parsebytes(mail.raw)


def text(message: EmailMessage) -> str:
    """Return the text part, else what the HTML part shows is left to a browser."""
    return _content(message.get_body(("plain",)))


def html(message: EmailMessage) -> str:
    """Return the HTML part, or nothing."""
    return _content(message.get_body(("html",)))


def line(mailbox: Mailbox) -> dict[str, Any]:
    """Return one line of the list of mailboxes."""
    last = summary(mailbox.mails[-1]) if mailbox.mails else None
    return {
        "address": mailbox.address,
        "mode": mailbox.mode,
        "unread": mailbox.unread,
        "count": len(mailbox.mails),
        "last": last,
    }


def summary(mail: Mail) -> dict[str, Any]:
    """Return what a list of mails shows."""
    message = parsed(mail)
    return {
        "id": mail.id,
        "from": str(message["From"] or mail.sender),
        "to": str(message["To"] or mail.recipient),
        "subject": str(message["Subject"] or ""),
        "at": mail.at,
    }


def whole(mail: Mail) -> dict[str, Any]:
    """Return everything but the bytes."""
    message = parsed(mail)
    return {
        **summary(mail),
        "envelope_from": mail.sender,
        "envelope_to": mail.recipient,
        "headers": [[name, str(value)] for name, value in message.items()],
        "text": text(message),
        "has_html": bool(html(message)),
        "attachments": [_attachment(part) for part in message.iter_attachments()],
    }


def _attachment(part: MIMEPart) -> dict[str, str]:
    return {"name": part.get_filename() or "", "type": part.get_content_type()}


def _content(part: MIMEPart | None) -> str:
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (LookupError, UnicodeError):  # a charset that nobody knows
        return str(part.get_payload(decode=False))
