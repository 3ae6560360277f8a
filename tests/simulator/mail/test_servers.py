"""The simulated mail server as ordinary mail programs see it: SMTP in, IMAP out, modes, reports."""

import imaplib
import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import pytest
from imap_tools import MailBoxUnencrypted, MailMessage

from tests.simulator.control import Control

CLERK, CITIZEN = "bauamt@stadt.example", "erika@example.org"


@pytest.fixture
def smtp(control: Control) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(*control.mail_servers()["smtp"]) as client:
        yield client


def inbox(control: Control, address: str) -> MailBoxUnencrypted:
    return MailBoxUnencrypted(*control.mail_servers()["imap"]).login(address, "any password")


def letter(to: str = CLERK, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = CITIZEN, to, "Grüße aus der Hauptstraße"
    mail["Message-ID"] = "<first@example.org>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Die Lampe ist kaputt.\n")
    return mail


def mails(control: Control, address: str) -> list[dict[str, Any]]:
    return control.mailbox(address).mails()


def fetched(control: Control, address: str) -> list[MailMessage]:
    with inbox(control, address) as mailbox:
        return list(mailbox.fetch())


def test_sent_mail_is_fetched_as_it_was(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.send_message(letter())

    (mail,) = fetched(control, CLERK)

    assert (mail.subject, mail.text.strip()) == (
        "Grüße aus der Hauptstraße",
        "Die Lampe ist kaputt.",
    )
    assert mail.headers["return-path"] == (f"<{CITIZEN}>",)


def test_mail_with_a_plus_lies_in_the_mailbox_before_it(
    control: Control, smtp: smtplib.SMTP
) -> None:
    smtp.send_message(letter("Bauamt+d.abc@stadt.example"))

    (mail,) = fetched(control, CLERK)

    assert mail.headers["delivered-to"] == ("Bauamt+d.abc@stadt.example",)


def test_deleted_mail_is_gone_and_uids_go_on(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.send_message(letter())
    with inbox(control, CLERK) as mailbox:
        (first,) = mailbox.uids()
        mailbox.delete([first])

    smtp.send_message(letter())
    with inbox(control, CLERK) as mailbox:
        (second,) = mailbox.uids()

    assert int(second) > int(first)


def test_idle_hears_of_a_new_mail(control: Control, smtp: smtplib.SMTP) -> None:
    with imaplib.IMAP4(*control.mail_servers()["imap"], timeout=60) as client:
        client.login(CLERK, "x")
        client.select("INBOX")
        client.send(b"IDLE1 IDLE\r\n")
        waits = client.readline()

        smtp.send_message(letter())
        told = client.readline()
        client.send(b"DONE\r\n")
        while not client.readline().startswith(b"IDLE1 "):
            pass

    assert (waits[:1], told) == (b"+", b"* 1 EXISTS\r\n")


def test_imaplib_finds_it_too(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.send_message(letter())

    with imaplib.IMAP4(*control.mail_servers()["imap"]) as client:
        client.login(CLERK, "x")
        client.select("INBOX")
        _, found = client.uid("SEARCH", "UNSEEN")

    assert len(found[0].split()) == 1


@pytest.mark.parametrize(("mode", "status"), [("bounces", "5.1.1"), ("full", "5.2.2")])
def test_mail_that_bounces_is_reported_to_the_envelope(
    control: Control, smtp: smtplib.SMTP, mode: str, status: str
) -> None:
    control.mailbox(CLERK).behave(mode)

    smtp.send_message(letter(), from_addr="verp+b.xyz@stadt.example")

    (report,) = fetched(control, "verp@stadt.example")
    parts = message_from_bytes(report.obj.as_bytes()).walk()
    kinds = [part.get_content_type() for part in parts]
    assert "message/delivery-status" in kinds
    assert f"Status: {status}" in report.obj.as_string()
    assert report.headers["return-path"] == ("<>",)


def test_refusing_mailbox_refuses_on_the_line(control: Control, smtp: smtplib.SMTP) -> None:
    control.mailbox(CLERK).behave("refuses")

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        smtp.send_message(letter())

    assert refused.value.recipients[CLERK][0] == 550


def test_greylisting_takes_the_second_try(control: Control, smtp: smtplib.SMTP) -> None:
    control.mailbox(CLERK).behave("greylisted")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        smtp.send_message(letter())

    smtp.send_message(letter())

    assert refused.value.smtp_code == 451
    assert len(mails(control, CLERK)) == 1


def test_receipt_is_sent_where_it_is_wanted(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.ehlo()
    asked = ["NOTIFY=SUCCESS,FAILURE"]

    smtp.sendmail(CITIZEN, CLERK, letter().as_bytes(), ["RET=HDRS", "ENVID=abc-1"], asked)

    (report,) = fetched(control, CITIZEN)
    assert smtp.has_extn("dsn")
    assert "Action: delivered" in report.obj.as_string()
    assert "Original-Envelope-Id: abc-1" in report.obj.as_string()


def test_nobody_is_told_who_did_not_ask(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.send_message(letter())

    assert mails(control, CITIZEN) == []


def test_out_of_office_answers_a_person_once(control: Control, smtp: smtplib.SMTP) -> None:
    control.mailbox(CLERK).behave("away")

    smtp.send_message(letter())
    smtp.send_message(letter())

    (reply,) = mails(control, CITIZEN)
    assert dict(reply["headers"])["Auto-Submitted"] == "auto-generated"
    assert reply["envelope_from"] == ""


def test_out_of_office_does_not_answer_a_machine(control: Control, smtp: smtplib.SMTP) -> None:
    control.mailbox(CLERK).behave("away")

    smtp.send_message(letter(Auto_Submitted="auto-generated"))

    assert mails(control, CITIZEN) == []


def test_two_broken_robots_end_after_a_while(control: Control, smtp: smtplib.SMTP) -> None:
    for address in (CLERK, CITIZEN):
        control.mailbox(address).behave("robot")

    smtp.send_message(letter())

    assert len(mails(control, CITIZEN)) == 10


@pytest.mark.parametrize("style", ["outlook", "thunderbird", "gmail", "apple", "none"])
def test_reply_goes_to_where_it_is_wanted(control: Control, smtp: smtplib.SMTP, style: str) -> None:
    smtp.send_message(letter(Reply_To="antwort+c.xyz@stadt.example"))
    (mail,) = mails(control, CLERK)

    control.mailbox(CLERK).reply(mail, "Wird erledigt.", style=style)

    (reply,) = mails(control, "antwort@stadt.example")
    assert reply["text"].startswith("Wird erledigt.")
    assert dict(reply["headers"])["In-Reply-To"] == "<first@example.org>"


def test_reply_carries_a_file(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.send_message(letter())
    (mail,) = mails(control, CLERK)
    file = {"name": "plan.pdf", "type": "application/pdf", "content": "JVBERi0="}

    control.mailbox(CLERK).reply(mail, "Siehe Plan.", attachment=file)

    (reply,) = mails(control, CITIZEN)
    assert reply["attachments"] == [{"name": "plan.pdf", "type": "application/pdf"}]


def test_reset_empties_every_mailbox(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.send_message(letter())

    control.reset()

    assert control.get("/control/mail")["mailboxes"] == []
    assert fetched(control, CLERK) == []


def test_umlauts_in_addresses_are_taken(control: Control, smtp: smtplib.SMTP) -> None:
    smtp.ehlo()

    smtp.sendmail(CITIZEN, "büro@stadt.example", letter().as_bytes(), ["SMTPUTF8"])

    assert len(mails(control, "büro@stadt.example")) == 1
