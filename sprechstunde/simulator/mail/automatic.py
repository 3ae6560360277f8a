"""What machines write: delivery reports (RFC 3464), out-of-office (RFC 3834), a broken robot."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import formatdate, make_msgid

from sprechstunde.simulator.mail.mailboxes import Mail

POLICY = policy.SMTP.clone(max_line_length=200)
AWAY = {
    "de": (
        "Automatische Antwort: {subject}",
        (
            "Guten Tag,\n\nich bin derzeit nicht im Büro und lese Ihre Nachricht erst nach meiner "
            "Rückkehr. In dringenden Fällen hilft Ihnen die Zentrale weiter.\n\nMit freundlichen Grüßen\n"
        ),
    ),
    "en": (
        "Automatic reply: {subject}",
        (
            "Hello,\n\nI am out of the office and will read your message when I am back.\n\n"
            "Kind regards\n"
        ),
    ),
}


def message_id(raw: bytes) -> str:
    """Return the Message-ID of a mail, or nothing."""
    return str(_headers(raw).get("Message-ID", "")).strip()


def is_automatic(raw: bytes) -> bool:
    """Whether a mail says that a machine wrote it."""
    headers = _headers(raw)
    submitted = str(headers.get("Auto-Submitted", "no")).lower()
    suppressed = "all" in str(headers.get("X-Auto-Response-Suppress", "")).lower()
    return submitted != "no" or suppressed or "Precedence" in headers


def away(address: str, mail: Mail, *, language: str, at: float) -> bytes:
    """Return an out-of-office as Exchange writes it."""
    subject, text = AWAY[language]
    reply = _answer(address, mail, subject, at)
    reply["Auto-Submitted"] = "auto-generated"
    reply["X-Auto-Response-Suppress"] = "All"
    reply["X-MS-Exchange-Generated-Message-Source"] = "Mailbox Rules Agent"
    reply.set_content(text)
    return reply.as_bytes(policy=POLICY)


def robot(address: str, mail: Mail, *, at: float) -> bytes:
    """Return what an automaton sends that breaks every rule: no mark, and to where people reply."""
    reply = _answer(address, mail, "Ihre Nachricht ist eingegangen: {subject}", at)
    if asked := _headers(mail.raw).get("Reply-To"):
        reply.replace_header("To", str(asked))
    reply.set_content("Vielen Dank für Ihre Nachricht. Wir kümmern uns darum.\n")
    return reply.as_bytes(policy=POLICY)


def report(
    host: str,
    sender: str,
    recipient: str,
    raw: bytes,
    *,
    action: str,
    status: str,
    envelope_id: str,
    at: float,
) -> bytes:
    """Return a delivery status notification; `action` is failed, delayed, delivered or relayed."""
    mail = EmailMessage(policy=POLICY)
    mail["From"] = f"Mail Delivery System <mailer-daemon@{host}>"
    mail["To"] = sender
    mail["Subject"] = "Delivery Status Notification"
    mail["Date"] = formatdate(at)
    mail["Message-ID"] = make_msgid(domain=host)
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(f"Your message to {recipient}: {action} ({status}).\n")
    mail.make_mixed()
    mail.attach(_status(host, recipient, action, status, envelope_id))
    mail.attach(_original(raw))
    mail.set_param("report-type", "delivery-status")
    mail.replace_header("Content-Type", str(mail["Content-Type"]).replace("/mixed", "/report"))
    return mail.as_bytes(policy=POLICY)


def _status(host: str, recipient: str, action: str, status: str, envelope_id: str) -> EmailMessage:
    per_message, per_recipient = EmailMessage(policy=POLICY), EmailMessage(policy=POLICY)
    per_message["Reporting-MTA"] = f"dns; {host}"
    if envelope_id:
        per_message["Original-Envelope-Id"] = envelope_id
    per_recipient["Final-Recipient"] = f"rfc822; {recipient}"
    per_recipient["Action"] = action
    per_recipient["Status"] = status
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = "message/delivery-status"
    part.set_payload([per_message, per_recipient])
    return part


def _original(raw: bytes) -> EmailMessage:
    head = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = "text/rfc822-headers"
    part.set_payload(head.decode("ascii", "replace"))
    return part


def _answer(address: str, mail: Mail, subject: str, at: float) -> EmailMessage:
    headers = _headers(mail.raw)
    reply = EmailMessage(policy=POLICY)
    reply["From"] = address
    reply["To"] = mail.sender
    reply["Subject"] = subject.format(subject=headers.get("Subject", ""))
    reply["Date"] = formatdate(at)
    reply["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    if original := message_id(mail.raw):
        reply["In-Reply-To"] = original
        reply["References"] = original
    return reply


def _headers(raw: bytes) -> EmailMessage:
    return BytesHeaderParser(policy=policy.default).parsebytes(raw)
