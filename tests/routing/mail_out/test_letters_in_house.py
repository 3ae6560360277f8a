"""Every mail to departments and the mayor's office, whole; none holds anything of the citizen."""

from email import message_from_bytes

import pytest

from routing.enums import ConsentState, MailKind, TicketState
from routing.mail import compose
from routing.mail.addresses import Purpose, reply_address
from routing.models import Correspondence, Question, Ticket
from routing.services.links import mailboxes
from sessions_app.enums import Role
from tests import factories as base
from tests.routing import factories
from tests.routing.mail_out import rows
from tests.routing.mail_out.composed import NOW, PORTAL, UID, letter, sent, text, whole

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailbox")]

_DUE = (
    "Die Frist ist erreicht. Bitte beantworten Sie die Rückfrage oder geben Sie sie mit "
    "Begründung zurück."
)


def test_notification(ticket: Ticket) -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION, ticket, uid=UID)
    message = sent(mail)

    thread = f"<sprechstunde.{ticket.uid.hex}@musterstadt.example>"
    assert dict(message.items()) == {
        "Content-Type": f'multipart/alternative; boundary="texts-{UID.hex}"',
        "MIME-Version": "1.0",
        "Message-ID": f"<sprechstunde.{UID.hex}@musterstadt.example>",
        "Date": "Thu, 19 Nov 2026 15:04:30 +0000",
        "From": "Musterstadt <sprechstunde@musterstadt.example>",
        "To": "bauamt@musterstadt.example",
        "Reply-To": reply_address(Purpose.DEPARTMENT, ticket.pk, now=NOW),
        "Subject": "Neue Rückfrage 2026-0012 für Bauamt",
        "In-Reply-To": thread,
        "References": thread,
        "Content-Language": "de",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    assert text(mail) == whole(
        f"""
        Neue Rückfrage 2026-0012

        In der Sprechstunde von Musterstadt wurde eine Frage gestellt. Bitte beantworten Sie sie.

        Nummer: 2026-0012
        Fachamt: Bauamt (federführend)
        Fällig: 26. November 2026

        Rückfrage öffnen:
        {PORTAL}/tickets/{ticket.pk}/

        Sie können auch einfach auf diese E-Mail antworten: Was Sie über das Zitat schreiben, geht als Ihre Antwort an die Bürgerin oder den Bürger.

        Mit freundlichen Grüßen
        Musterstadt
        """  # noqa: E501 (the mail as it is)
    )


def test_notification_says_what_release_and_missing_consent_mean(ticket: Ticket) -> None:
    mail = rows.of_ticket(MailKind.NOTIFICATION, ticket)
    ticket.department.needs_release = True
    ticket.department.save()
    assert "Das Bürgermeisterbüro gibt sie frei, bevor sie gesendet wird.\n" in text(mail)

    Question.objects.update(consent=ConsentState.ANONYMOUS)
    words = text(mail)

    assert (
        "Eine Antwort per E-Mail wurde nicht gewünscht: Ihre Antwort bleibt im Portal.\n" in words
    )
    assert "einfach auf diese E-Mail antworten" not in words


@pytest.mark.parametrize(
    ("kind", "state", "subject", "title", "says"),
    [
        (
            MailKind.REMINDER,
            TicketState.ACCEPTED,
            "Erinnerung: Rückfrage 2026-0012 für Bauamt",
            "Rückfrage 2026-0012 ist noch offen",
            _DUE,
        ),
        (
            MailKind.REOPENED,
            TicketState.FORWARDED,
            "Es wurde zurückgeschrieben: Rückfrage 2026-0012",
            "Zur Rückfrage 2026-0012 wurde zurückgeschrieben",
            "Bitte lesen und beantworten Sie, was zurückgeschrieben wurde.",
        ),
        (
            MailKind.REJECTED,
            TicketState.ACCEPTED,
            "Antwort nicht freigegeben: Rückfrage 2026-0012",
            "Ihre Antwort auf die Rückfrage 2026-0012 wurde nicht freigegeben",
            "Die Begründung steht bei der Rückfrage. Bitte überarbeiten Sie die Antwort.",
        ),
        (
            MailKind.ASKED,
            TicketState.ACCEPTED,
            "Interne Frage an Bauamt zur Rückfrage 2026-0012",
            "Interne Frage zur Rückfrage 2026-0012",
            "Jemand aus dem Haus fragt Sie etwas. Es steht bei der Rückfrage als interner Vermerk.",
        ),
        (
            MailKind.ESCALATION,
            TicketState.ACCEPTED,
            "Rückfrage 2026-0012 braucht das Bürgermeisterbüro",
            "Rückfrage 2026-0012 braucht Sie",
            "Die Rückfrage wurde nicht fristgerecht beantwortet.",
        ),
        (
            MailKind.ESCALATION,
            TicketState.UNDELIVERABLE,
            "Rückfrage 2026-0012 braucht das Bürgermeisterbüro",
            "Rückfrage 2026-0012 braucht Sie",
            "Die Antwort konnte nicht zugestellt werden.",
        ),
        (
            MailKind.ESCALATION,
            TicketState.RETURNED,
            "Rückfrage 2026-0012 braucht das Bürgermeisterbüro",
            "Rückfrage 2026-0012 braucht Sie",
            "Das Fachamt hat die Rückfrage zurückgegeben; niemand bearbeitet sie gerade.",
        ),
        (
            MailKind.ESCALATION,
            TicketState.IN_RELEASE,
            "Rückfrage 2026-0012 braucht das Bürgermeisterbüro",
            "Rückfrage 2026-0012 braucht Sie",
            "Die Antwort wartet auf ihre Freigabe.",
        ),
    ],
)
def test_other_mails_inside_the_house(
    ticket: Ticket, kind: MailKind, state: TicketState, subject: str, title: str, says: str
) -> None:
    Ticket.objects.filter(pk=ticket.pk).update(state=state)
    Correspondence.objects.create(
        office=ticket.office, escalation_mailbox="buero@musterstadt.example"
    )
    mail = rows.of_ticket(kind, ticket)

    answering = (
        "Sie können auch einfach auf diese E-Mail antworten: Was Sie über das Zitat schreiben, geht "
        "als Ihre Antwort an die Bürgerin oder den Bürger.\n\n"
    )
    hints = {
        MailKind.REMINDER: answering,
        MailKind.REOPENED: answering,
        MailKind.ASKED: "Bitte antworten Sie dort mit einem Vermerk: Eine Antwort auf diese E-Mail "
        "kommt nicht an.\n\n",
    }
    assert letter(mail).subject == subject
    assert letter(mail).is_automatic
    assert text(mail) == (
        f"{title}\n\n{says}\n\n"
        "Nummer: 2026-0012\nFachamt: Bauamt (federführend)\nFällig: 26. November 2026\n\n"
        f"Rückfrage öffnen:\n{PORTAL}/tickets/{ticket.pk}/\n\n"
        f"{hints.get(kind, '')}"
        "Mit freundlichen Grüßen\nMusterstadt\n"
    )


def test_escalation_goes_to_the_mayors_office(ticket: Ticket) -> None:
    host = base.staff(ticket.office, Role.HOST, email="maria@musterstadt.example")
    base.staff(ticket.office, Role.ASSISTANT, email="anton@musterstadt.example")
    base.staff(ticket.office, Role.ADMIN, email="technik@musterstadt.example")
    mail = rows.of_ticket(MailKind.ESCALATION, ticket)
    assert letter(mail).recipients == ["anton@musterstadt.example", host.user.email]
    assert letter(mail).reply_to == ""

    Correspondence.objects.create(
        office=ticket.office, escalation_mailbox="buero@musterstadt.example"
    )

    assert letter(mail).recipients == ["buero@musterstadt.example"]


def test_mailbox_round_trip(question: Question) -> None:
    department = factories.department(
        question.office, name="Bauamt", mailbox="neu@musterstadt.example", mailbox_confirmed_at=None
    )
    mail = mailboxes.ask(department)

    assert letter(mail).subject == "Bitte Postfach bestätigen: Bauamt"
    assert letter(mail).recipients == ["neu@musterstadt.example"]
    assert text(mail) == whole(
        f"""
        Postfach bestätigen

        Dieses Postfach wurde für die Sprechstunde von Musterstadt eingetragen: Bauamt. Hier werden neue Rückfragen angekündigt, jeweils mit einem Link und ohne ihren Inhalt.

        Bitte bestätigen Sie, dass es Ihr Postfach ist:

        Postfach bestätigen:
        {PORTAL}/mail/mailbox/{mailboxes.token(department, now=NOW)}/

        Der Link gilt 48 Stunden.

        Wenn Sie nicht wissen, worum es geht, müssen Sie nichts tun.

        Mit freundlichen Grüßen
        Musterstadt
        """  # noqa: E501 (the mail as it is)
    )


@pytest.mark.parametrize(
    "kind",
    [
        MailKind.NOTIFICATION,
        MailKind.REMINDER,
        MailKind.REOPENED,
        MailKind.REJECTED,
        MailKind.ASKED,
        MailKind.ESCALATION,
    ],
)
def test_no_mail_inside_the_house_holds_anything_of_the_citizen(
    ticket: Ticket, question: Question, kind: MailKind
) -> None:
    base.staff(ticket.office, Role.HOST, email="maria@musterstadt.example")
    raw = compose.envelope(letter(rows.of_ticket(kind, ticket))).content
    parts = [part.get_payload(decode=True) for part in message_from_bytes(raw).walk()]
    everything = raw + b"".join(part for part in parts if isinstance(part, bytes))

    for secret in (question.text, question.name, question.address):
        assert str(secret).encode() not in everything
