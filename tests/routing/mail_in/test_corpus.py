"""Every mail of the corpus: what becomes of it, and what exactly is cut out of it."""

import pytest
from django.utils import timezone

from routing.enums import Doubt, MailKind, Outcome, TicketState
from routing.mail import parsing, replies
from routing.models import Answer, AnswerFile, IncomingMail, Reply
from routing.services.mail_in import incoming
from tests.routing.mail_in import corpus_mails
from tests.routing.mail_in.corpus_mails import Expected
from tests.routing.mail_in.people import make_ticket, sent

TABLE = corpus_mails.table()
ENOUGH = 0.95
_REPORTS = ("bounce", "delay", "delivered")


@pytest.mark.django_db
@pytest.mark.sqlite_only  # how mails are read depends on no database
@pytest.mark.parametrize("expected", TABLE, ids=[row.file for row in TABLE])
def test_mail_of_the_corpus(expected: Expected) -> None:
    row, ticket_pk = _received(expected)

    assert (row.outcome, row.doubt) == (expected.outcome, expected.doubt)
    assert _text(row, ticket_pk) == expected.text
    assert _files(row, ticket_pk) == expected.files


@pytest.mark.parametrize("expected", [r for r in TABLE if r.status], ids=lambda r: r.file)
def test_status_of_a_report(expected: Expected) -> None:
    from routing.mail import reports

    report = reports.read(parsing.read(expected.raw).message)

    assert report is not None
    assert (report.status, report.permanent) == (expected.status, expected.permanent)


def test_nineteen_of_twenty_replies_are_cut_exactly() -> None:
    with_text = [row for row in TABLE if row.text is not None]

    exact = [row for row in with_text if _cut(row) == row.text]

    assert len(exact) >= ENOUGH * len(with_text)


def test_corpus_and_table_name_the_same_mails() -> None:
    files = {path.stem for path in (corpus_mails.HERE / "corpus").glob("*.eml")}

    assert {row.file for row in TABLE} == files
    assert {row.outcome for row in TABLE} <= set(Outcome.values)
    assert {row.doubt for row in TABLE if row.doubt} <= set(Doubt.values)


def _cut(row: Expected) -> str:
    mail = parsing.read(row.raw)
    return replies.cut(mail.text, sender_name=mail.sender_name)


def _received(expected: Expected) -> tuple[IncomingMail, int]:
    """Take the mail in as an answer to a notification, or as a reply or report about an answer."""
    about_answer = expected.outcome in {"reply", *_REPORTS} or b"@@CITIZEN@@" in expected.raw
    state = TicketState.SENT if about_answer else TicketState.FORWARDED
    ticket = make_ticket(state)
    about = sent(ticket, MailKind.ANSWER if about_answer else MailKind.NOTIFICATION)
    now = timezone.now()
    raw = corpus_mails.filled(expected.raw, ticket, about, now)
    return incoming.receive(raw, now=now), ticket.pk


def _text(row: IncomingMail, ticket_pk: int) -> str | None:
    if row.outcome == Outcome.ANSWER:
        return Answer.objects.get(ticket=ticket_pk).text
    return Reply.objects.get(ticket=ticket_pk).text if row.outcome == Outcome.REPLY else None


def _files(row: IncomingMail, ticket_pk: int) -> list[str]:
    files = AnswerFile.objects.filter(answer__ticket=ticket_pk).order_by("pk")
    return [file.name for file in files] if row.outcome == Outcome.ANSWER else []
