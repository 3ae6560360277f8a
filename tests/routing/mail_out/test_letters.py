"""Every mail to citizens, whole: envelope, headers, text and HTML."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from routing.enums import MailKind, TicketState
from routing.mail import compose
from routing.mail.addresses import Purpose, reply_address
from routing.models import AnswerFile, Correspondence, OutgoingMail, Question, Ticket
from routing.services.links import confirmation
from routing.services.mail_out import letters
from routing.services.work import sealed_files
from tests.routing import factories
from tests.routing.mail_out import rows
from tests.routing.mail_out.composed import (
    NOW,
    PORTAL,
    UID,
    Outline,
    letter,
    sent,
    text,
    whole,
    withdraw_link,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("mailbox")]


@pytest.fixture
def answered(ticket: Ticket) -> OutgoingMail:
    Ticket.objects.filter(pk=ticket.pk).update(state=TicketState.ANSWERED)
    return rows.answer("Der Gehweg wird im Mai repariert.\n\nIhr Bauamt", ticket=ticket, uid=UID)


def in_english(question: Question) -> None:
    question.language = "en"
    question.save(update_fields=["language"])


def test_answer_to_the_last_header(
    answered: OutgoingMail, question: Question, ticket: Ticket
) -> None:
    mail = sent(answered)

    citizen = reply_address(Purpose.CITIZEN, ticket.pk, now=NOW)
    thread = f"<sprechstunde.{question.uid.hex}@musterstadt.example>"
    assert dict(mail.items()) == {
        "Content-Type": f'multipart/alternative; boundary="texts-{UID.hex}"',
        "MIME-Version": "1.0",
        "Message-ID": f"<sprechstunde.{UID.hex}@musterstadt.example>",
        "Date": "Thu, 19 Nov 2026 15:04:30 +0000",
        "From": "Musterstadt <sprechstunde@musterstadt.example>",
        "To": "erika@example.org",
        "Reply-To": citizen,
        "Subject": "Antwort auf Ihre Frage 2026-0012",
        "In-Reply-To": thread,
        "References": thread,
        "Content-Language": "de",
    }


def test_answer_text(answered: OutgoingMail, question: Question) -> None:
    assert text(answered) == whole(
        f"""
        Antwort auf Ihre Frage 2026-0012

        Guten Tag Erika Mustermann,

        auf Ihre Frage aus der Sprechstunde bekommen Sie hier die Antwort (Bauamt):

        Antwort:

        Der Gehweg wird im Mai repariert.

        Ihr Bauamt

        Ihre Frage:

        Wann wird der Gehweg in der Hauptstraße repariert?

        Wenn noch etwas offen ist, antworten Sie einfach auf diese E-Mail.

        Ihre Frage und diese Antwort löschen wir bei uns nach 14 Tagen.

        Mit freundlichen Grüßen
        Musterstadt

        -- 
        Frage zurückziehen:
        {withdraw_link(question)}
        """  # noqa: W291 (the mail as it is)
    )


def test_answer_html_has_the_same_words_and_a_structure(answered: OutgoingMail) -> None:
    page = Outline()
    page.feed(letter(answered).html)

    assert page.language == "de"
    assert page.headings == [
        ("h1", "Antwort auf Ihre Frage 2026-0012"),
        ("h2", "Antwort"),
        ("h2", "Ihre Frage"),
    ]
    assert page.links == [withdraw_link(Question.objects.get())]
    assert page.tags.isdisjoint({"img", "table", "script", "style", "link", "iframe", "form"})
    spoken = " ".join(page.words.split())
    for line in filter(None, letter(answered).text.splitlines()):
        plain = line.strip(":- ")
        assert plain in spoken or plain.startswith("https://"), line


def test_answer_in_english(answered: OutgoingMail, question: Question) -> None:
    in_english(question)

    assert text(answered) == whole(
        f"""
        Answer to your question 2026-0012

        Hello Erika Mustermann,

        Bauamt answers your question from the consultation hour:

        Answer:

        Der Gehweg wird im Mai repariert.

        Ihr Bauamt

        Your question:

        Wann wird der Gehweg in der Hauptstraße repariert?

        If something is still open, just reply to this e-mail.

        We erase your question and this answer here after 14 days.

        Kind regards
        Musterstadt

        -- 
        Withdraw the question:
        {withdraw_link(question)}
        """  # noqa: W291 (the mail as it is)
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "löschen wir bei uns, sobald diese E-Mail abgeschickt ist."),
        (1, "löschen wir bei uns nach einem Tag."),
        (14, "löschen wir bei uns nach 14 Tagen."),
    ],
)
def test_answer_says_how_long_it_is_kept(
    answered: OutgoingMail, question: Question, days: int, words: str
) -> None:
    Correspondence.objects.create(office=question.office, retention_days=days)

    assert words in letter(answered).text


def test_answer_with_letterhead_closing_sender_and_files(
    answered: OutgoingMail, question: Question
) -> None:
    Correspondence.objects.create(
        office=question.office,
        sender_name="Bürgermeisterin Müller",
        letterhead="Musterstadt\nRathausplatz 1",
        closing="Ihre Bürgermeisterin\nMaria Müller",
        retention_days=7,
    )
    assert answered.answer is not None
    row = AnswerFile.objects.create(
        answer=answered.answer,
        key_id=answered.answer.key_id,
        name="Lageplan Straße.pdf",
        media_type="application/pdf",
        size=4,
    )
    sealed_files.write(row, b"%PDF")

    mail = sent(answered)
    (attached,) = mail.iter_attachments()

    words = text(answered)
    assert words.startswith("Musterstadt\nRathausplatz 1\n\nAntwort auf Ihre Frage 2026-0012\n")
    assert "\n\nIhre Bürgermeisterin\nMaria Müller\n\n-- \n" in words
    assert "nach 7 Tagen" in words
    assert mail["From"] == "Bürgermeisterin Müller <sprechstunde@musterstadt.example>"
    assert (attached.get_filename(), attached.get_content_type(), attached.get_content()) == (
        "Lageplan Straße.pdf",
        "application/pdf",
        b"%PDF",
    )


def test_html_escapes_what_people_write(ticket: Ticket) -> None:
    mail = rows.answer("<script>alert(1)</script> & mehr", ticket=ticket)

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; mehr" in letter(mail).html
    assert "<script>alert(1)</script> & mehr" in text(mail)


def test_nobody_writes_headers_of_their_own(answered: OutgoingMail, question: Question) -> None:
    Correspondence.objects.create(
        office=question.office, sender_name="Stadt\r\nBcc: jemand@example.org"
    )

    mail = sent(answered)

    assert mail["Bcc"] is None
    assert mail["From"].addresses[0].display_name == "Stadt Bcc: jemand@example.org"


def test_confirmation_holds_neither_name_nor_question(ticket: Ticket, question: Question) -> None:
    question.address_confirmed_at = None
    question.address_expires_at = NOW + timedelta(hours=48)
    question.save()
    mail = rows.of_question(MailKind.CONFIRMATION, question)

    assert letter(mail).subject == "Bitte bestätigen Sie Ihre E-Mail-Adresse"
    assert text(mail) == whole(
        f"""
        E-Mail-Adresse bestätigen

        Guten Tag,

        in der Sprechstunde von Musterstadt wurde diese Adresse für die Antwort auf eine Frage angegeben. Wenn Sie das waren, bestätigen Sie sie bitte:

        Adresse bestätigen:
        {PORTAL}/mail/confirm/{confirmation.token(question, now=NOW)}/

        Der Link gilt bis 21. November 2026 16:04. Danach löschen wir die Adresse.

        Falls Sie das nicht waren, müssen Sie nichts tun.

        Mit freundlichen Grüßen
        Musterstadt

        -- 
        Ich möchte keine Antwort per E-Mail:
        {withdraw_link(question)}
        """  # noqa: E501, W291 (the mail as it is)
    )


def test_acknowledgement(ticket: Ticket, question: Question) -> None:
    second = factories.department(question.office, name="Ordnungsamt")
    factories.ticket(question, second, due_on=date(2026, 11, 30))
    mail = rows.of_question(MailKind.ACKNOWLEDGEMENT, question)

    assert letter(mail).subject == "Ihre Frage 2026-0012 an Musterstadt"
    assert text(mail) == whole(
        f"""
        Wir haben Ihre Frage weitergegeben

        Guten Tag Erika Mustermann,

        vielen Dank für Ihre Frage. Sie liegt jetzt bei denen, die sie beantworten können; die Antwort kommt an diese Adresse.

        Nummer: 2026-0012
        Liegt bei: Bauamt, Ordnungsamt
        Antwort voraussichtlich bis: 30. November 2026

        Nichts hiervon ersetzt einen förmlichen Antrag oder wahrt eine Frist.

        Mit freundlichen Grüßen
        Musterstadt

        -- 
        Frage zurückziehen:
        {withdraw_link(question)}
        """  # noqa: E501, W291 (the mail as it is)
    )


def test_withdrawal_confirmed(ticket: Ticket, question: Question) -> None:
    mail = rows.of_question(MailKind.WITHDRAWN, question)
    Question.objects.update(withdrawn_at=NOW)

    assert letter(mail).subject == "Ihre Frage 2026-0012 wurde zurückgezogen"
    assert text(mail) == whole(
        """
        Ihre Frage wurde zurückgezogen

        Guten Tag Erika Mustermann,

        wie gewünscht bearbeitet niemand mehr Ihre Frage 2026-0012. Innerhalb einer Stunde löschen wir die Frage, Ihre Adresse und alle Antworten. Dies ist unsere letzte E-Mail.

        Mit freundlichen Grüßen
        Musterstadt
        """  # noqa: E501 (the mail as it is)
    )


def test_lines_and_dots_survive(ticket: Ticket) -> None:
    words = "Eins\n.\n..\nFrom hier an\n" + "x" * 2000 + "\n– Ende"
    mail = rows.answer(words, ticket=ticket)

    raw = compose.envelope(letter(mail)).content

    assert words in text(mail)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998  # RFC 5322, 2.1.1
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_preview_is_the_mail_without_its_link(answered: OutgoingMail, ticket: Ticket) -> None:
    assert answered.answer is not None
    ticket.refresh_from_db()

    subject, words, page = letters.preview(ticket, answered.answer.text)

    genuine = letter(answered)
    link = withdraw_link(Question.objects.get())
    assert subject == genuine.subject
    assert words == genuine.text.replace(link, PORTAL)
    assert page == genuine.html.replace(link, PORTAL)


def test_expired_confirmation_is_pointless(ticket: Ticket, question: Question) -> None:
    Question.objects.update(address_confirmed_at=None, address_expires_at=NOW)
    mail = rows.of_question(MailKind.CONFIRMATION, question)

    with pytest.raises(letters.Pointless):
        letter(mail)


@pytest.mark.parametrize("mails", [1, 3])
def test_mails_are_loaded_in_few_queries(
    mails: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    posted = [rows.answer() for _ in range(mails)]

    with django_assert_num_queries(3):
        for mail in letters.rows([each.pk for each in posted]):
            letters.letter(mail, now=timezone.now())
