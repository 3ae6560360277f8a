"""All mailboxes: any address has one from its first mail on; nothing is stored outside of memory."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import StrEnum

KEPT = 500  # mails a mailbox


class Mode(StrEnum):
    """How a mailbox treats what arrives."""

    NORMAL = "normal"
    REFUSES = "refuses"  # 550 while the sender is still on the line
    BOUNCES = "bounces"  # taken, then a report: no such user (5.1.1)
    FULL = "full"  # taken, then a report: mailbox full (5.2.2)
    GREYLISTED = "greylisted"  # 451 at the first try of each mail
    AWAY = "away"  # out of office in German, once a sender, not to robots (RFC 3834)
    AWAY_EN = "away_en"
    ROBOT = "robot"  # a broken automaton: answers every mail, without a mark


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it arrived. `raw` are all its bytes, `sender` the envelope's."""

    id: int
    raw: bytes = field(repr=False)
    sender: str
    recipient: str
    at: float  # Unix seconds


@dataclass(slots=True)
class Mailbox:
    """One address, its mails (newest last), and its mode."""

    address: str
    mode: Mode = Mode.NORMAL
    mails: list[Mail] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # who got the out-of-office already
    seen: set[str] = field(default_factory=set)  # Message-IDs that greylisting knows
    unread: int = 0

    def mail(self, mail_id: int) -> Mail | None:
        """Return one mail."""
        return next((mail for mail in self.mails if mail.id == mail_id), None)


def base(address: str) -> str:
    """Return the address of the mailbox: lower case, without what stands after a plus."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if local else domain


class Mailboxes:
    """The mailboxes by address."""

    def __init__(self) -> None:
        self.by_address: dict[str, Mailbox] = {}
        self._ids = itertools.count(1)

    def of(self, address: str) -> Mailbox:
        """Return the mailbox of an address, a new one if need be."""
        name = base(address)
        return self.by_address.setdefault(name, Mailbox(name))

    def keep(self, raw: bytes, *, sender: str, recipient: str, at: float) -> Mail:
        """Put a mail into the recipient's mailbox."""
        mailbox = self.of(recipient)
        mail = Mail(next(self._ids), raw, sender, recipient, at)
        mailbox.mails.append(mail)
        del mailbox.mails[:-KEPT]
        mailbox.unread += 1
        return mail
