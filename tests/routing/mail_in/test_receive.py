"""Taking mails in: once, whole, sealed; and never an answer to a robot."""

import base64
from datetime import timedelta
from time import process_time

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from routing.enums import Doubt, MailKind, MailState, Outcome, TicketState
from routing.mail import addresses, message_ids
from routing.mail.addresses import Purpose
from routing.models import Answer, IncomingMail, OutgoingMail, Reply, Ticket
from routing.services.mail_in import incoming
from routing.services.mail_out import letters
from routing.services.work import actors, answers
from sprechstunde.vault.errors import KeystoreUnavailable
from sprechstunde.vault.keystore import keystore
from tests.at_once import at_once
from tests.routing.mail_in import corpus_mails
from tests.routing.mail_in.people import make_ticket, sent


def mail_to(ticket: Ticket, purpose: Purpose, text: str, *, sender: str, name: str = "m1") -> bytes:
    """A plain mail of a person, as small as mails get."""
    to = addresses.reply_address(purpose, ticket.pk, now=timezone.now())
    return (
        f"From: <{sender}>\nTo: <{to}>\nSubject: AW: x\nMessage-ID: <{name}@example.org>\n\n{text}\n"
    ).encode()


def answer_to(ticket: Ticket, text: str = "Im Mai.", name: str = "m1") -> bytes:
    """The department's answer."""
    sender = corpus_mails.DEPARTMENT
    return mail_to(ticket, Purpose.DEPARTMENT, text, sender=sender, name=name)


def reply_to(ticket: Ticket, text: str = "Danke.", name: str = "m2") -> bytes:
    """The citizen's reply."""
    return mail_to(ticket, Purpose.CITIZEN, text, sender=corpus_mails.CITIZEN, name=name)


def receive(raw: bytes) -> IncomingMail:
    """Take it in now."""
    return incoming.receive(raw, now=timezone.now())


def test_answer_leaves_no_second_copy(ticket: Ticket) -> None:
    raw = answer_to(ticket)

    row = receive(raw)

    answer = Answer.objects.get(ticket=ticket)
    assert bytes(answer.original or b"") == raw
    assert (row.key_id, row.raw, row.sender, row.subject) == (None, None, None, None)


def test_quarantined_mail_is_sealed_under_its_own_key(ticket: Ticket) -> None:
    row = receive(b"From: <a@example.net>\nSubject: Gewinn\n\nHallo\n")

    assert row.key_id is not None
    assert keystore().exists(row.key_id)
    assert IncomingMail.objects.get(pk=row.pk).sender == "a@example.net"
    with connection.cursor() as cursor:
        cursor.execute("SELECT raw, sender, subject FROM routing_incomingmail")
        assert b"Hallo" not in b"".join(bytes(value) for value in cursor.fetchone())


def test_refused_answer_leaves_the_draft_as_it_was(ticket: Ticket) -> None:
    answers.save_draft(ticket, by=actors.DEPARTMENT, text="Vielleicht im Juni.", version=0)
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.WITHDRAWN)

    row = receive(answer_to(ticket))

    assert (row.outcome, row.doubt) == (Outcome.QUARANTINED, Doubt.STATE)
    assert row.ticket == ticket
    assert [answer.text for answer in ticket.answers.all()] == ["Vielleicht im Juni."]
    assert row.key_id is not None


def test_mail_from_the_departments_mailbox_names_no_clerk(ticket: Ticket) -> None:
    User.objects.filter(email=corpus_mails.CLERK).update(email=corpus_mails.DEPARTMENT)

    receive(answer_to(ticket))

    assert Answer.objects.get(ticket=ticket).author is None


def test_same_mail_again_changes_nothing(ticket: Ticket) -> None:
    first = receive(answer_to(ticket))

    again = receive(b"Received: by another hop\n" + answer_to(ticket).replace(b"\n", b"\r\n"))

    assert again.pk == first.pk
    assert Answer.objects.filter(ticket=ticket).count() == 1


def test_same_message_id_with_other_words_is_another_mail(ticket: Ticket) -> None:
    first = receive(b"From: <scan@example.net>\nMessage-ID: <same>\n\nSeite 1\n")

    second = receive(b"From: <scan@example.net>\nMessage-ID: <same>\n\nSeite 2\n")

    assert first.pk != second.pk


@pytest.mark.django_db(transaction=True)
def test_ten_deliveries_at_once_make_one_answer() -> None:
    ticket = make_ticket()
    raw = answer_to(ticket)

    rows = at_once(*[lambda: receive(raw).pk] * 10)

    assert len(set(rows)) == 1
    assert Answer.objects.filter(ticket=ticket).count() == 1
    assert list(IncomingMail.objects.values_list("outcome", flat=True)) == [Outcome.ANSWER]


def test_address_older_than_its_ticket_waits_for_a_person(ticket: Ticket) -> None:
    """After a restored backup numbers are given out again; an old reply must not meet a new ticket."""
    raw = answer_to(ticket)
    Ticket.objects.filter(pk=ticket.pk).update(created_at=timezone.now() + timedelta(days=1))

    mail = receive(raw)

    assert (mail.outcome, mail.doubt) == (Outcome.QUARANTINED, Doubt.NO_ADDRESS)
    assert not ticket.answers.exists()


def test_second_answer_waits_for_a_person(ticket: Ticket) -> None:
    receive(answer_to(ticket))

    row = receive(answer_to(ticket, "Doch erst im Juni.", "m3"))

    assert (row.outcome, row.doubt) == (Outcome.QUARANTINED, Doubt.STATE)
    assert row.ticket == ticket


def test_reply_reopens_the_ticket(db: None) -> None:
    ticket = make_ticket(TicketState.SENT)

    receive(reply_to(ticket, "Und die Seitenstraße?"))

    ticket.refresh_from_db()
    assert ticket.state == TicketState.FORWARDED
    assert Reply.objects.get(ticket=ticket).text == "Und die Seitenstraße?"


def test_robots_that_say_so_get_no_mail_at_all(ticket: Ticket) -> None:
    notice = answer_to(ticket).replace(b"Subject:", b"Auto-Submitted: auto-replied\nSubject:")

    row = receive(notice)

    assert (row.outcome, row.ticket) == (Outcome.AUTO_REPLY, ticket)
    assert not OutgoingMail.objects.exists()


def test_permanent_report_makes_the_answer_undeliverable(db: None) -> None:
    ticket = make_ticket(TicketState.SENT)
    mail = sent(ticket, MailKind.ANSWER)
    report = next(row for row in corpus_mails.table() if row.file == "dsn-postfix-unknown")

    row = receive(corpus_mails.filled(report.raw, ticket, mail, timezone.now()))

    ticket.refresh_from_db()
    assert (row.outcome, row.about) == (Outcome.BOUNCE, mail)
    assert ticket.state == TicketState.UNDELIVERABLE


def test_receipt_confirms_a_mail_that_was_perhaps_sent(db: None) -> None:
    ticket = make_ticket(TicketState.ANSWERED)
    mail = sent(ticket, MailKind.ANSWER)
    OutgoingMail.objects.filter(pk=mail.pk).update(
        state=MailState.UNCONFIRMED, sent_at=None, attempts=1
    )
    report = next(row for row in corpus_mails.table() if row.file == "dsn-postfix-relayed")

    receive(corpus_mails.filled(report.raw, ticket, mail, timezone.now()))

    mail.refresh_from_db()
    assert mail.state == MailState.SENT


def test_thread_name_finds_the_ticket_when_the_mail_of_ours_is_forgotten(ticket: Ticket) -> None:
    thread = message_ids.message_id(ticket.uid)
    raw = (
        answer_to(ticket)
        .replace(b"To: <", b"To: <x")
        .replace(b"Subject:", f"References: {thread}\nSubject:".encode())
    )

    assert receive(raw).outcome == Outcome.ANSWER


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_reply_to_an_internal_query_never_becomes_the_answer(
    ticket: Ticket, *, is_forgotten: bool
) -> None:
    query = sent(ticket, MailKind.ASKED)
    letter = letters.letter(query, now=timezone.now())
    names = " ".join(message_ids.message_id(uid) for uid in (letter.thread, letter.uid))
    raw = (
        answer_to(ticket, "Wir zahlen, aber sag es ihr nicht.")
        .replace(b"To: <", b"To: <x")
        .replace(b"Subject:", f"References: {names}\nSubject:".encode())
    )
    if is_forgotten:
        query.delete()

    row = receive(raw)

    assert letter.reply_to == ""
    assert (row.outcome, row.doubt) == (Outcome.QUARANTINED, Doubt.NO_ADDRESS)


def test_mail_over_the_limit_is_stored_and_waits(ticket: Ticket, settings: Settings) -> None:
    settings.INBOX_MAX_BYTES = 1000
    raw = answer_to(ticket, "x" * 2000)

    row = receive(raw)

    assert (row.outcome, row.doubt, bytes(row.raw or b"")) == (
        Outcome.QUARANTINED,
        "too_large",
        raw,
    )


def test_mail_of_25_megabytes_is_a_reply_like_any_other(db: None) -> None:
    ticket = make_ticket(TicketState.SENT)
    head, _, text = reply_to(ticket, "Hier das Bild.").partition(b"\n\n")
    picture = base64.encodebytes(bytes(19_000_000))
    raw = head + (
        b'\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\n%b\n--b\nContent-Type: image/jpeg;'
        b' name="a.jpg"\nContent-Transfer-Encoding: base64\n\n%b\n--b--\n' % (text, picture)
    )

    row = receive(raw)

    assert len(raw) > 25_000_000
    assert row.outcome == Outcome.REPLY
    assert bytes(Reply.objects.get(ticket=ticket).original or b"") == raw


def test_text_that_nobody_can_have_written_waits_for_a_person(ticket: Ticket) -> None:
    begin = process_time()

    row = receive(answer_to(ticket, "Am Am schrieb Am schrieb\n" * 400_000))

    assert (row.outcome, row.doubt) == (Outcome.QUARANTINED, Doubt.TOO_LARGE)
    assert process_time() - begin < 60


@pytest.mark.parametrize("line", ["Am " * 40_000, "Von: " * 30_000, "> " * 60_000, "a@" * 60_000])
def test_long_lines_take_no_long_time(ticket: Ticket, line: str) -> None:
    begin = process_time()

    receive(answer_to(ticket, line))

    assert process_time() - begin < 60


def test_mail_that_breaks_us_is_kept(ticket: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = answer_to(ticket)

    def broken(*_: object) -> bool:
        raise ValueError("what nobody has thought of")

    monkeypatch.setattr("routing.mail.automatic.is_automatic", broken)
    row = receive(raw)

    assert (row.outcome, row.doubt) == (Outcome.QUARANTINED, Doubt.MALFORMED)
    assert bytes(row.raw or b"") == raw


def test_nothing_is_stored_while_the_keystore_is_away(
    ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise KeystoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(type(keystore()), "create", away)
        with pytest.raises(KeystoreUnavailable):
            receive(b"From: <a@example.net>\n\nHallo\n")

    assert not IncomingMail.objects.exists()


def test_old_mails_are_erased_with_their_keys(ticket: Ticket) -> None:
    row = receive(b"From: <a@example.net>\n\nHallo\n")
    assert row.key_id is not None

    incoming.forget_old(timezone.now() + timedelta(days=31))

    assert not IncomingMail.objects.exists()
    assert not keystore().exists(row.key_id)
