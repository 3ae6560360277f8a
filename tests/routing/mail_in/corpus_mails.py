"""The corpus of raw mails: reads its table and puts a test's own addresses into the mails."""

import tomllib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from routing.mail import addresses, message_ids
from routing.mail.addresses import Purpose
from routing.models import OutgoingMail, Ticket

HERE = Path(__file__).parent
DEPARTMENT, CLERK, CITIZEN = (
    "bauamt@musterstadt.example",
    "sabine.huber@musterstadt.example",
    "erika@example.org",
)


@dataclass(frozen=True)
class Expected:
    """One row of corpus.toml."""

    file: str
    is_: str
    outcome: str
    doubt: str = ""
    text: str | None = None
    files: list[str] = field(default_factory=list)
    status: str = ""
    permanent: bool | None = None

    @property
    def raw(self) -> bytes:
        """The mail as it lies in the corpus."""
        return (HERE / "corpus" / f"{self.file}.eml").read_bytes()


def table() -> list[Expected]:
    """All rows, in the table's order."""
    rows: list[dict[str, Any]] = tomllib.loads((HERE / "corpus.toml").read_text())["mail"]
    return [Expected(is_=row.pop("is"), **row) for row in rows]


def filled(raw: bytes, ticket: Ticket, sent: OutgoingMail, now: datetime) -> bytes:
    """Return the mail addressed to this ticket, about this mail of ours."""
    department = addresses.reply_address(Purpose.DEPARTMENT, ticket.pk, now=now)
    long_ago = now - timedelta(days=400)
    values = {
        "DEPARTMENT": department,
        "DEPARTMENT_UPPER": department.upper(),
        "DEPARTMENT_FORGED": _forged(department),
        "DEPARTMENT_EXPIRED": addresses.reply_address(Purpose.DEPARTMENT, ticket.pk, now=long_ago),
        "CITIZEN": addresses.reply_address(Purpose.CITIZEN, ticket.pk, now=now),
        "BOUNCE": (bounce := addresses.reply_address(Purpose.BOUNCE, sent.pk, now=now)),
        "BOUNCE_FORGED": _forged(bounce),
        "MAIL_ID": message_ids.message_id(sent.uid),
        "ENVELOPE": sent.uid.hex,
        "TO": department,
    }
    for name, value in values.items():
        raw = raw.replace(f"@@{name}@@".encode(), value.encode())
    return raw


def _forged(address: str) -> str:
    """Change one letter in the middle of the signed word."""
    name, _, domain = address.partition("@")
    at = name.index("+") + 8
    letter = "a" if name[at] != "a" else "b"
    return f"{name[:at]}{letter}{name[at + 1 :]}@{domain}"
