"""What departments do with a question, run inside the installation; prints the ticket's id.

`ask WORDS` brings it as far as an answer on its way; `answer WORDS` answers the citizen's reply;
`due` lets the time of all its tickets have come. WORDS is a JSON object of planted words.
"""

import json
import sys
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from routing.enums import Channel, TicketState  # noqa: E402
from routing.models import Answer, QuestionFile, Ticket, TicketEvent  # noqa: E402
from routing.services.work import answers, notes, sealed_files, tickets  # noqa: E402
from routing.services.work.actors import CITIZEN, DEPARTMENT, of  # noqa: E402
from sessions_app.enums import Role  # noqa: E402
from sessions_app.models import Office, Staff  # noqa: E402
from tests.routing import factories  # noqa: E402


def ask(words: dict[str, str]) -> Ticket:
    """Go all the way to an answer by e-mail that the mayor's office has released."""
    office = Office.objects.order_by("pk")[0]
    host = Staff.objects.filter(office=office, role=Role.HOST)[0]
    first, second = (factories.department(office, needs_release=True) for _ in range(2))
    clerks = [of(factories.clerk(department)) for department in (first, second)]
    ticket = _question(office, words, first)
    tickets.pass_on(ticket, to=second, by=clerks[0], reason=words["reason"])
    assert ticket.question is not None
    notes.add(ticket.question, by=host, department=None, text=words["note"])
    draft = answers.save_draft(ticket, by=clerks[1], text=words["draft"], version=0)
    answers.add_file(draft, name=f"{words['file name']}.pdf", data=_document(words["document"]))
    answer = answers.submit(ticket, by=clerks[1], text=words["answer"])
    answers.reject(answer, by=of(host), reason=words["second reason"])
    original = f"Subject: Re\n\n{words['original']}".encode()
    text = words["second answer"]
    mail = answers.submit(ticket, by=DEPARTMENT, text=text, channel=Channel.MAIL, original=original)
    answers.release(mail, by=of(host))
    return ticket


def answer(words: dict[str, str]) -> Ticket:
    """Let the department answer what the citizen wrote back."""
    ticket = Ticket.objects.get(pk=int(words["ticket"]))
    by = of(ticket.department.members.get().staff)
    given = answers.submit(ticket, by=by, text=words["third answer"])
    answers.release(given, by=of(Staff.objects.filter(role=Role.HOST)[0]))
    return ticket


def due(words: dict[str, str]) -> Ticket:
    """Let its time have come."""
    sent = Ticket.objects.filter(pk=int(words["ticket"]), state=TicketState.SENT)
    assert sent.update(erase_at=timezone.now()) == 1
    return sent.get()


def state(words: dict[str, str]) -> Ticket:
    """Change nothing."""
    return Ticket.objects.get(pk=int(words["ticket"]))


def _question(office: Office, words: dict[str, str], department: Any) -> Ticket:
    question = factories.question(
        office, text=words["text"], name=words["name"], address=words["address"]
    )
    ticket = factories.ticket(question, department, TicketState.WAITING)
    content = _document(words["question's document"])
    file = QuestionFile(
        question=question,
        key_id=question.key_id,
        name=words["question's file"],
        media_type="application/pdf",
        size=len(content),
    )
    sealed_files.write(file, content)
    file.save()
    tickets.dispatch(question, by=CITIZEN, now=timezone.now())
    return ticket


def _document(word: str) -> bytes:
    return b"%PDF-1.7\n%" + word.encode() * 20 + b"\n%%EOF\n"


VERBS = {"ask": ask, "answer": answer, "due": due, "state": state}

done = VERBS[sys.argv[1]](json.loads(sys.argv[2]))
done.refresh_from_db()
left = Answer.objects.filter(ticket=done).count() + TicketEvent.objects.filter(ticket=done).count()
print(json.dumps({"ticket": done.pk, "state": done.state, "left": left}))
