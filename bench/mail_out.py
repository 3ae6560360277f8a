"""Outgoing mails per second from one worker, against a bare smtplib loop on one connection; medians."""

import smtplib
import time
from statistics import median

import requests
from django.conf import settings
from django.utils import timezone

from bench import machine, mailed
from bench.table import Row
from routing.enums import MailKind, MailState, TicketState
from routing.models import OutgoingMail, Ticket
from sprechstunde.celery import app

ROUNDS = 5
EACH = 300
PATIENCE = 60.0  # seconds
LOOK_EVERY = 0.03  # seconds; each look takes time from worker and server, and counts for us


def rows(database: str) -> list[Row]:
    """Measure on `database` (a word for the table): answers to citizens, composed and sealed as ever."""
    department = mailed.department()
    tickets = mailed.tickets(department, ROUNDS * EACH + 1, TicketState.ANSWERED)
    mailed.answers(tickets)
    with machine.simulator(int(settings.WHATSAPP_API_URL.rsplit(":", 1)[1])), machine.worker():
        _send(tickets[-1:])  # the worker is up, and there is a mail to repeat
        raw = _raw(tickets[-1])
        pairs = [
            (_send(tickets[first : first + EACH]), _loop(raw))
            for first in range(0, ROUNDS * EACH, EACH)
        ]
    ours, bare = (median(rates) for rates in zip(*pairs, strict=True))
    share = median(ours / floor for ours, floor in pairs)
    return [
        Row(
            f"outgoing mails per second, one worker, {database}",
            f"{ours:.0f}/s ({share:.0%} of the floor)",
            f"{bare:.0f}/s (smtplib loop, one connection)",
            "≥ 70 % of the floor",
            share >= 0.7,
        )
    ]


def _send(tickets: list[Ticket]) -> float:
    OutgoingMail.objects.bulk_create(_mail(ticket) for ticket in tickets)
    begin = time.perf_counter()
    app.send_task("routing.send_due_mail", ignore_result=True)
    deadline = time.monotonic() + PATIENCE
    while OutgoingMail.objects.exclude(state=MailState.SENT).exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the worker did not send everything")
        time.sleep(LOOK_EVERY)
    return len(tickets) / (time.perf_counter() - begin)


def _mail(ticket: Ticket) -> OutgoingMail:
    return OutgoingMail(
        office_id=ticket.office_id,
        kind=MailKind.ANSWER,
        department_id=ticket.department_id,
        question_id=ticket.question_id,
        ticket=ticket,
        answer=ticket.answers.get(),
        created_at=timezone.now(),
    )


def _raw(ticket: Ticket) -> bytes:
    """Return the bytes of a mail as the server got it."""
    address = ticket.question.address if ticket.question else ""
    folder = f"{settings.WHATSAPP_API_URL}/control/mail/{address}"
    newest = requests.get(folder, timeout=5).json()["mails"][-1]
    return requests.get(f"{folder}/{newest['id']}/raw", timeout=5).content


def _loop(raw: bytes) -> float:
    host, _, port = settings.EMAIL_URL.rpartition("/")[2].partition(":")
    with smtplib.SMTP(host, int(port)) as smtp:
        smtp.ehlo()
        begin = time.perf_counter()
        for number in range(EACH):
            smtp.sendmail("bench@bench.example", f"loop-{number}@bench.example", raw)
        return EACH / (time.perf_counter() - begin)
