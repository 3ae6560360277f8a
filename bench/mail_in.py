"""Incoming mails per second: departments' replies become answers; against parsing and one insert alone."""

import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid
from statistics import median

from django.db import connection, transaction
from django.utils import timezone

from bench import mailed
from bench.table import Row
from routing.enums import Outcome, TicketState
from routing.mail.addresses import Purpose, reply_address
from routing.models import Ticket
from routing.services.mail_in import incoming

ROUNDS = 3
EACH = 150
QUOTED = "\n\nAm 20.11.26 um 15:04 schrieb Sprechstunde:\n> Für Ihr Amt liegt eine Rückfrage im Portal.\n"


def rows(database: str) -> list[Row]:
    """Measure on `database` (a word for the table), one mail after the other."""
    department = mailed.department()
    tickets = mailed.tickets(department, ROUNDS * EACH, TicketState.FORWARDED)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_mail (id integer, subject text, body text)")
    pairs = []
    for first in range(0, len(tickets), EACH):
        raws = [_reply(ticket, department.mailbox) for ticket in tickets[first : first + EACH]]
        pairs.append((_rate(_receive, raws), _rate(_parse_and_insert, raws)))
    ours, bare = (median(rates) for rates in zip(*pairs, strict=True))
    return [
        Row(
            f"incoming mails per second, {database}",
            f"{ours:.0f}/s ({median(a / b for a, b in pairs):.0%} of the floor)",
            f"{bare:.0f}/s (parse and insert)",
            "above 65/s",
            ours > 65,
        )
    ]


def _reply(ticket: Ticket, mailbox: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = f"Bauamt <{mailbox}>"
    mail["To"] = reply_address(Purpose.DEPARTMENT, ticket.pk, now=timezone.now())
    mail["Subject"] = f"AW: Rückfrage {ticket.reference}"
    mail["Message-ID"] = make_msgid(domain="bench.example")
    mail["Date"] = timezone.now()
    mail.set_content(mailed.TEXT + QUOTED)
    return mail.as_bytes(policy=policy.SMTP)


def _rate(work: Callable[[bytes], None], raws: list[bytes]) -> float:
    begin = time.perf_counter()
    for raw in raws:
        work(raw)
    return len(raws) / (time.perf_counter() - begin)


def _receive(raw: bytes) -> None:
    mail = incoming.receive(raw, now=timezone.now())
    if mail.outcome != Outcome.ANSWER:
        raise RuntimeError(f"the mail became {mail.outcome}, not an answer")


def _parse_and_insert(raw: bytes) -> None:
    mail = message_from_bytes(raw, policy=policy.default)
    body = mail.get_body(("plain",))
    values = [1, str(mail["Subject"]), body.get_content() if body else ""]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_mail VALUES (%s, %s, %s)", values)
