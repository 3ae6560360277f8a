"""Carries mails between mailboxes as a mail server does: modes, reports, automatic replies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate

from sprechstunde.simulator.clock import Clock
from sprechstunde.simulator.live import OVERVIEW, Hub
from sprechstunde.simulator.mail import automatic
from sprechstunde.simulator.mail.mailboxes import Mail, Mailbox, Mailboxes, Mode, base

HOST = "mail.simulator.example"
LATER = frozenset({Mode.BOUNCES, Mode.FULL})
STATUS = {Mode.BOUNCES: "5.1.1", Mode.FULL: "5.2.2"}
MOST_HOPS = 20  # automatic mails that one mail may cause: two broken robots end here

Append = Callable[[str, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of the envelope, and of what the sender wants to hear (RFC 3461)."""

    address: str
    notify: frozenset[str] = frozenset()


class Refused(Exception):
    """What the server says to the sender; the first word is the SMTP code."""


class Post:
    """The mail server of everybody. `append` puts a mail where IMAP clients read it."""

    def __init__(self, clock: Clock, hub: Hub, append: Append) -> None:
        self.mailboxes = Mailboxes()
        self._clock = clock
        self._hub = hub
        self._append = append

    def check(self, address: str) -> None:
        """Say while the sender is on the line whether this recipient is taken. Raises Refused."""
        if self.mailboxes.of(address).mode is Mode.REFUSES:
            raise Refused("550 5.1.1 <user unknown>")

    def check_again(self, addresses: list[str], raw: bytes) -> None:
        """Refuse for now what is greylisted and seen for the first time. Raises Refused."""
        mail_id = automatic.message_id(raw)
        for mailbox in map(self.mailboxes.of, addresses):
            if mailbox.mode is Mode.GREYLISTED and mail_id not in mailbox.seen:
                mailbox.seen.add(mail_id)
                raise Refused("451 4.7.1 Greylisted, please try again")

    async def deliver(
        self,
        sender: str,
        recipients: list[Recipient],
        raw: bytes,
        *,
        envelope_id: str = "",
        hops: int = 0,
    ) -> None:
        """Deliver to each recipient, with the reports and automatic replies that follow from it."""
        for recipient in recipients:
            await self._deliver(sender, recipient, raw, envelope_id, hops)

    async def _deliver(
        self, sender: str, recipient: Recipient, raw: bytes, envelope_id: str, hops: int
    ) -> None:
        mailbox = self.mailboxes.of(recipient.address)
        if mailbox.mode in LATER:
            status = STATUS[mailbox.mode]
            await self._report(sender, recipient, raw, envelope_id, "failed", status)
            return
        mail = await self._keep(sender, recipient.address, raw)
        if "SUCCESS" in recipient.notify:
            await self._report(sender, recipient, raw, envelope_id, "delivered", "2.0.0")
        if hops < MOST_HOPS:
            await self._reply(mailbox, mail, hops + 1)

    async def _keep(self, sender: str, recipient: str, raw: bytes) -> Mail:
        now = self._clock.now()
        received = (
            f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n"
            f"Received: from {HOST} by {HOST};\r\n\t{formatdate(now)}\r\n"
        )
        whole = received.encode("utf-8", "surrogateescape") + raw
        mail = self.mailboxes.keep(whole, sender=sender, recipient=recipient, at=now)
        await self._append(base(recipient), whole)
        self._hub.publish(OVERVIEW)
        return mail

    async def _report(
        self,
        sender: str,
        recipient: Recipient,
        raw: bytes,
        envelope_id: str,
        action: str,
        status: str,
    ) -> None:
        """Tell the sender; nobody is told about a mail that has no sender (RFC 5321, 4.5.5)."""
        if not sender or (recipient.notify and _wanted(action) not in recipient.notify):
            return
        report = automatic.report(
            HOST, sender, recipient.address, raw, action=action, status=status,
            envelope_id=envelope_id, at=self._clock.now(),
        )  # fmt: skip
        await self._keep("", sender, report)

    async def _reply(self, mailbox: Mailbox, mail: Mail, hops: int) -> None:
        reply = self._automatic(mailbox, mail)
        if reply is not None:
            envelope_sender = mailbox.address if mailbox.mode is Mode.ROBOT else ""
            await self.deliver(envelope_sender, [Recipient(mail.sender)], reply, hops=hops)

    def _automatic(self, mailbox: Mailbox, mail: Mail) -> bytes | None:
        now = self._clock.now()
        if not mail.sender:
            return None
        if mailbox.mode is Mode.ROBOT:
            return automatic.robot(mailbox.address, mail, at=now)
        if mailbox.mode not in (Mode.AWAY, Mode.AWAY_EN) or automatic.is_automatic(mail.raw):
            return None
        if mail.sender in mailbox.told:
            return None
        mailbox.told.add(mail.sender)
        language = "en" if mailbox.mode is Mode.AWAY_EN else "de"
        return automatic.away(mailbox.address, mail, language=language, at=now)


def _wanted(action: str) -> str:
    return "SUCCESS" if action == "delivered" else "FAILURE"
