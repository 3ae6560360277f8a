"""A mail server whose mailboxes lie in Dovecot: what SMTP takes, IMAP shows."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default

from tests.services import dovecot, smtp_server
from tests.services.smtp_server import MailServer, Taken
from tests.simulator.control import eventually


@dataclass(frozen=True)
class PostOffice:
    """SMTP in, Dovecot's mailboxes behind it. What stands after a plus belongs to the mailbox before."""

    smtp: MailServer
    imap: dovecot.Server

    def settings(self, mailbox: str) -> dict[str, str]:
        """What a demo needs to use it, with its own inbox."""
        return {"DEMO_EMAIL_URL": self.smtp.url(), "DEMO_INBOX_URL": self.imap.url(mailbox)}

    def send(self, mail: EmailMessage) -> None:
        """Hand a mail in, as a mail program does."""
        with smtplib.SMTP("127.0.0.1", self.smtp.port) as client:
            client.sendmail(str(mail["From"]), [str(mail["To"])], mail.as_bytes(policy=SMTP))

    def mails(self, user: str) -> list[EmailMessage]:
        """All mails of a mailbox, oldest first."""
        with self.imap.client(user) as client:
            client.select("INBOX", readonly=True)
            _, found = client.search(None, "ALL")
            parts = [client.fetch(number, "(RFC822)")[1][0] for number in found[0].split()]
        return [
            message_from_bytes(part[1], policy=default) for part in parts if isinstance(part, tuple)
        ]

    def wait_for(self, user: str, subject: str, *, count: int = 1) -> EmailMessage:
        """The `count`th mail with these words in its subject; raises NotInTime."""

        def look() -> list[EmailMessage]:
            found = [mail for mail in self.mails(user) if subject in str(mail["Subject"])]
            return found[count - 1 : count]

        return eventually(look, f"{user} got no mail {subject!r}", seconds=180)[0]


@contextmanager
def running() -> Iterator[PostOffice]:
    """Both servers, for as long as the block runs."""
    with dovecot.running() as imap, smtp_server.running() as smtp:
        smtp.does.when_taken = lambda: _deliver(imap, smtp.taken[-1])
        yield PostOffice(smtp, imap)


def _deliver(imap: dovecot.Server, taken: Taken) -> None:
    for recipient in taken.recipients:
        local, _, domain = recipient.partition("@")
        head = f"Return-Path: <{taken.sender}>\r\nDelivered-To: {recipient}\r\n".encode()
        imap.deliver(f"{local.partition('+')[0]}@{domain}", head + taken.raw)
