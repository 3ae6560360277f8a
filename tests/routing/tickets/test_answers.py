"""Drafts, collisions, release, files."""

import io
import zipfile
import zlib
from typing import Any

import pytest
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from routing.enums import AnswerState, Channel, MailKind, TicketState
from routing.models import Answer, AnswerFile, Note, OutgoingMail, Ticket
from routing.services.work import answer_files, answers, tickets
from routing.services.work.actors import DEPARTMENT, Actor, of
from routing.services.work.answer_files import Refusal
from sessions_app.enums import Role
from tests import factories as ground
from tests.routing import factories

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"


def at_work(**fields: Any) -> tuple[Ticket, Actor]:
    """A ticket and a clerk of its department."""
    department = factories.department(**fields)
    ticket = factories.ticket(department=department)
    return ticket, of(factories.clerk(department))


def in_release() -> tuple[Answer, Actor, Actor]:
    """An answer that waits for release, its clerk, and the mayor's assistant."""
    ticket, clerk = at_work(needs_release=True)
    answer = answers.submit(ticket, by=clerk, text="Im Mai.", files=[("plan.pdf", PDF)])
    return answer, clerk, of(ground.staff(ticket.office, Role.ASSISTANT))


def test_draft_grows_by_versions() -> None:
    ticket, clerk = at_work()

    first = answers.save_draft(ticket, by=clerk, text="Im", version=0)
    second = answers.save_draft(ticket, by=clerk, text="Im Mai.", version=first.version)

    assert (first.version, second.version, second.text) == (1, 2, "Im Mai.")
    assert Answer.objects.get().author == clerk.staff


def test_draft_saved_over_a_colleagues_collides() -> None:
    ticket, clerk = at_work()
    colleague = of(factories.clerk(ticket.department))
    seen = answers.save_draft(ticket, by=clerk, text="Im", version=0)
    answers.save_draft(ticket, by=colleague, text="Im Juni.", version=seen.version)

    with pytest.raises(answers.Collision) as collision:
        answers.save_draft(ticket, by=clerk, text="Im Mai.", version=seen.version)

    assert (collision.value.answer.text, collision.value.answer.author) == (
        "Im Juni.",
        colleague.staff,
    )


def test_draft_sent_twice_by_a_shaky_line_is_no_collision() -> None:
    ticket, clerk = at_work()
    first = answers.save_draft(ticket, by=clerk, text="Im Mai.", version=0)

    again = answers.save_draft(ticket, by=clerk, text="Im Mai.", version=0)

    assert (again.pk, again.version) == (first.pk, first.version)


def test_submit_turns_the_draft_into_the_answer() -> None:
    ticket, clerk = at_work()
    draft = answers.save_draft(ticket, by=clerk, text="Im", version=0)
    answers.add_file(draft, name="plan.pdf", data=PDF)

    answer = answers.submit(ticket, by=clerk, text="Im Mai.", version=draft.version)

    ticket.refresh_from_db()
    assert (answer.pk, answer.text, answer.state) == (draft.pk, "Im Mai.", AnswerState.FINAL)
    assert (ticket.state, ticket.clerk) == (TicketState.ANSWERED, clerk.staff)
    assert OutgoingMail.objects.get(kind=MailKind.ANSWER).answer == answer
    assert answer.files.count() == 1


def test_submit_over_a_colleagues_draft_collides() -> None:
    ticket, clerk = at_work()
    seen = answers.save_draft(ticket, by=clerk, text="Im", version=0)
    answers.save_draft(ticket, by=clerk, text="Im Juni.", version=seen.version)

    with pytest.raises(answers.Collision):
        answers.submit(ticket, by=clerk, text="Im Mai.", version=seen.version)

    ticket.refresh_from_db()
    assert ticket.state == TicketState.FORWARDED


def test_submit_without_text_is_refused() -> None:
    ticket, clerk = at_work()

    with pytest.raises(answers.TextMissing):
        answers.submit(ticket, by=clerk, text=" \n ")

    assert Answer.objects.count() == 0


def test_answer_by_mail_keeps_the_original_and_a_colleagues_draft() -> None:
    ticket, clerk = at_work()
    answers.save_draft(ticket, by=clerk, text="Entwurf", version=0)

    answer = answers.submit(
        ticket, by=DEPARTMENT, text="Im Mai.", channel=Channel.MAIL, original=b"Subject: Re"
    )

    answer.refresh_from_db()
    note = Note.objects.get()
    assert (answer.channel, answer.original, answer.author) == ("mail", b"Subject: Re", None)
    assert (note.text, note.author, note.department) == ("Entwurf", clerk.staff, ticket.department)
    assert list(ticket.answers.all()) == [answer]


def test_release_sends_the_answer() -> None:
    answer, _, assistant = in_release()
    waiting = OutgoingMail.objects.filter(kind=MailKind.ANSWER).count()

    released = answers.release(answer, by=assistant)

    answer.ticket.refresh_from_db()
    assert (waiting, OutgoingMail.objects.get(kind=MailKind.ANSWER).answer) == (0, released)
    assert (released.state, released.released_by) == (AnswerState.FINAL, assistant.staff)
    assert answer.ticket.state == TicketState.ANSWERED


def test_rejected_answer_comes_back_as_a_draft_with_its_files() -> None:
    answer, clerk, assistant = in_release()

    answers.reject(answer, by=assistant, reason="Bitte freundlicher")

    ticket = Ticket.objects.get()
    draft = ticket.answers.get(state=AnswerState.DRAFT)
    event = ticket.events.last()
    assert (draft.text, draft.author) == ("Im Mai.", clerk.staff)
    assert answers.read_file(draft.files.get()) == PDF
    assert event is not None
    assert (ticket.state, event.reason) == (TicketState.ACCEPTED, "Bitte freundlicher")
    assert OutgoingMail.objects.filter(kind=MailKind.REJECTED).count() == 1


def test_rejected_answer_by_mail_can_be_followed_by_another_mail() -> None:
    answer, _, assistant = in_release()
    answers.reject(answer, by=assistant, reason="Bitte freundlicher")

    second = answers.submit(answer.ticket, by=DEPARTMENT, text="Gern im Mai.", channel=Channel.MAIL)

    assert (second.state, Note.objects.count()) == (AnswerState.IN_RELEASE, 0)


def test_reject_needs_a_reason() -> None:
    answer, _, assistant = in_release()

    with pytest.raises(tickets.ReasonMissing):
        answers.reject(answer, by=assistant, reason=" ")


def test_released_twice_is_refused() -> None:
    answer, _, assistant = in_release()
    answers.release(answer, by=assistant)

    with pytest.raises(tickets.WrongState):
        answers.release(answer, by=assistant)


def test_the_mayors_staff_need_no_release() -> None:
    department = factories.department(needs_release=True)
    ticket = factories.ticket(department=department, state=TicketState.RETURNED)
    host = of(ground.staff(ticket.office, Role.HOST))

    answer = answers.submit(ticket, by=host, text="Im Mai.")

    assert answer.state == AnswerState.FINAL


def test_file_lies_sealed_on_disk() -> None:
    ticket, clerk = at_work()
    draft = answers.save_draft(ticket, by=clerk, text="Im Mai.", version=0)

    file = answers.add_file(draft, name="C:\\Akten\\plan.pdf", data=PDF)

    assert (file.name, file.media_type, answers.read_file(file)) == (
        "plan.pdf",
        "application/pdf",
        PDF,
    )
    assert PDF not in file.path.read_bytes()


def test_removed_file_is_gone(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    ticket, clerk = at_work()
    draft = answers.save_draft(ticket, by=clerk, text="Im Mai.", version=0)
    file = answers.add_file(draft, name="plan.pdf", data=PDF)
    path = file.path

    with django_capture_on_commit_callbacks(execute=True):
        answers.remove_file(file)

    assert (path.exists(), AnswerFile.objects.count()) == (False, 0)


@pytest.mark.django_db(transaction=True)
def test_refused_answer_by_mail_leaves_the_drafts_file_readable() -> None:
    ticket, clerk = at_work()
    draft = answers.save_draft(ticket, by=clerk, text="Im Mai.", version=0)
    file = answers.add_file(draft, name="plan.pdf", data=PDF)
    too_many = [(f"{number}.pdf", PDF) for number in range(11)]

    with pytest.raises(answers.FileRefused):
        answers.submit(ticket, by=DEPARTMENT, text="Im Juni.", channel=Channel.MAIL, files=too_many)

    assert answers.read_file(AnswerFile.objects.get()) == answers.read_file(file) == PDF


def test_files_of_a_final_answer_stay() -> None:
    ticket, clerk = at_work()
    answer = answers.submit(ticket, by=clerk, text="Im Mai.", files=[("plan.pdf", PDF)])

    with pytest.raises(tickets.WrongState):
        answers.add_file(answer, name="plan.pdf", data=PDF)
    with pytest.raises(tickets.WrongState):
        answers.remove_file(answer.files.get())


def _zip(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


def _packed(names: bytes) -> bytes:
    packed = zlib.compress(names)
    head = b"%PDF-1.7\n5 0 obj << /Type /ObjStm /Filter /FlateDecode >> stream\r\n"
    return head + packed + b"\nendstream endobj"


REFUSED = [
    ("empty", b"", Refusal.EMPTY),
    ("web page", b"<html><script>alert(1)</script>", Refusal.KIND),
    ("drawing", b"<svg xmlns='http://www.w3.org/2000/svg'/>", Refusal.KIND),
    ("program", b"MZ\x90\x00\x03", Refusal.KIND),
    ("archive", _zip("a.txt"), Refusal.KIND),
    ("macros", _zip("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "kind"),
    ("half a picture", b"\x89PNG\r\n\x1a\n0000", Refusal.KIND),
    ("script", b"%PDF-1.7 << /OpenAction << /S /JavaScript /JS (x) >> >>", Refusal.ACTIVE),
    ("disguised script", b"%PDF-1.7 << /S /J#61vaScript >>", Refusal.ACTIVE),
    ("packed script", _packed(b"<< /S /JavaScript >>"), Refusal.ACTIVE),
    ("embedded file", b"%PDF-1.7 << /Type /EmbeddedFile >>", Refusal.ACTIVE),
    ("program in PDF", b"%PDF-1.7 << /S /Launch >>", Refusal.ACTIVE),
    ("encrypted", b"%PDF-1.7 trailer << /Encrypt 5 0 R >>", Refusal.ACTIVE),
    ("large", b"%PDF-" + bytes(answer_files.MOST_BYTES), Refusal.TOO_LARGE),
]


@pytest.mark.parametrize(("name", "data", "reason"), REFUSED, ids=[row[0] for row in REFUSED])
def test_file_is_refused(name: str, data: bytes, reason: str) -> None:
    ticket, clerk = at_work()

    with pytest.raises(answers.FileRefused) as refusal:
        answers.submit(ticket, by=clerk, text="Im Mai.", files=[(name, data)])

    ticket.refresh_from_db()
    assert (refusal.value.reason, refusal.value.name) == (reason, name)
    assert ticket.state == TicketState.FORWARDED


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plan.pdf", "plan.pdf"),
        ("PLAN.PDF", "PLAN.pdf"),
        ("plan.pdf.exe", "plan.pdf.exe.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("", "file.pdf"),
        (".pdf", "pdf.pdf"),
        ("rechnung\u202efdp.exe", "rechnungfdp.exe.pdf"),
        ("a\r\nB: c.pdf", "aB c.pdf"),
        (f"{'x' * 300}.pdf", f"{'x' * 116}.pdf"),
    ],
)
def test_name_fits_what_the_file_is(given: str, kept: str) -> None:
    assert answers.checked(given, PDF).name == kept


def test_files_of_an_answer_are_limited_together() -> None:
    ticket, clerk = at_work()
    draft = answers.save_draft(ticket, by=clerk, text="Im Mai.", version=0)
    half = PDF + bytes(answer_files.MOST_BYTES // 2)
    answers.add_file(draft, name="a.pdf", data=half)

    with pytest.raises(answers.FileRefused) as refusal:
        answers.add_file(draft, name="b.pdf", data=half)

    assert refusal.value.reason == Refusal.TOO_LARGE
    assert draft.files.count() == 1


def test_files_of_an_answer_are_counted() -> None:
    ticket, clerk = at_work()
    files = [(f"{number}.pdf", PDF) for number in range(answer_files.MOST_FILES + 1)]

    with pytest.raises(answers.FileRefused) as refusal:
        answers.submit(ticket, by=clerk, text="Im Mai.", files=files)

    assert refusal.value.reason == Refusal.TOO_MANY


def test_picture_loses_where_it_was_taken() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Hauptstraße 1"
    Image.new("RGB", (4, 4)).save(out, "JPEG", exif=exif)

    kept = answers.checked("bild.jpg", out.getvalue())

    assert b"Hauptstra" in out.getvalue()
    assert b"Hauptstra" not in kept.data
