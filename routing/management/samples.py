"""Sample questions for demonstrations: a ticket in each state, about invented people."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from routing.enums import Action, ConsentKind, ConsentState, Party, TicketState
from routing.models import Answer, Consent, Department, Question, Ticket, TicketEvent
from routing.services.erasing import retention
from routing.services.forward.references import next_reference
from routing.services.work import answers, notes, tickets
from routing.services.work.actors import CITIZEN, SYSTEM, Actor, of
from sessions_app.models import Staff
from sprechstunde.vault.keystore import keystore

ANSWERED = "Vielen Dank für Ihre Frage. {text}"


@dataclass(frozen=True, slots=True)
class House:
    """Who is there: the mayor's assistant, and each department with its clerk."""

    assistant: Staff
    departments: dict[str, Department]
    clerks: dict[str, Staff]
    now: datetime

    def clerk_of(self, ticket: Ticket) -> Actor:
        """Return the clerk of the ticket's department."""
        return of(self.clerks[ticket.department.name])


@dataclass(frozen=True, slots=True)
class Sample:
    """One question, `days` old, its departments (the first is in charge), and what became of it.

    Without `address` the citizen wanted no e-mail.
    """

    text: str
    departments: tuple[str, ...]
    days: int
    address: str
    then: Callable[[House, Ticket], object]
    name: str | None = None


def make(house: House, sample: Sample) -> list[Ticket]:
    """Create the question with its tickets, hand them over, and let happen what happens."""
    at = house.now - timedelta(days=sample.days)
    question = _question(house, sample, at)
    rows = [
        _ticket(question, house.departments[name], at, is_lead=number == 0)
        for number, name in enumerate(sample.departments)
    ]
    dispatched = tickets.dispatch(question, by=SYSTEM, now=at)
    sample.then(house, next(ticket for ticket in dispatched if ticket.is_lead))
    return rows


def forwarded(_house: House, _ticket: Ticket) -> None:
    """Leave it as it came."""


def accepted(house: House, ticket: Ticket) -> None:
    """Somebody works on it, and asks a colleague elsewhere."""
    tickets.accept(ticket, by=house.clerk_of(ticket))
    if ticket.question is None:
        return
    notes.add(
        ticket.question,
        by=house.clerks[ticket.department.name],
        department=ticket.department,
        text="Gehört der Weg hinter dem Bach noch zu uns oder schon zu den Stadtwerken?",
        asked=house.departments["Stadtwerke"],
    )


def returned(house: House, ticket: Ticket) -> None:
    """Not theirs."""
    reason = "Dafür ist das Landratsamt zuständig, nicht die Stadt."
    tickets.give_back(ticket, by=house.clerk_of(ticket), reason=reason)


def answered(text: str) -> Callable[[House, Ticket], Answer]:
    """Answer it with this sentence."""

    def act(house: House, ticket: Ticket) -> Answer:
        by = house.clerk_of(ticket)
        return answers.submit(ticket, by=by, text=ANSWERED.format(text=text))

    return act


def sent(house: House, ticket: Ticket) -> None:
    """The mail with the answer left, and arrived."""
    answered("Die Bücherei hat ab Dezember auch am Samstag geöffnet.")(house, ticket)
    tickets.mark_sent(ticket, now=house.now)


def undeliverable(house: House, ticket: Ticket) -> None:
    """The mail with the answer came back."""
    answered("Der Antrag liegt im Bürgerbüro aus.")(house, ticket)
    ticket.mails.filter(kind="answer").update(state="failed", status="5.1.1")
    tickets.mark_undeliverable(ticket, now=house.now)


def withdrawn(_house: House, ticket: Ticket) -> None:
    """The citizen took it back."""
    if ticket.question:
        tickets.withdraw(ticket.question, by=CITIZEN)


def erased(house: House, ticket: Ticket) -> None:
    """Answered long ago."""
    answered("Die Baustelle endet am Freitag.")(house, ticket)
    retention.erase(ticket, by=SYSTEM)


SAMPLES = (
    Sample(
        "Vor der Hauptstraße 12 ist seit einer Woche die Straßenlampe dunkel. Wann wird sie repariert?",
        ("Bauamt", "Stadtwerke"), 0, "erika.beispiel@example.org", forwarded,
    ),
    Sample(
        "Im Lindenweg parken Lieferwagen auf dem Gehweg. Mit dem Kinderwagen muss man auf die Straße.",
        ("Ordnungsamt",), 9, "", forwarded,
    ),
    Sample(
        "Wer mäht die Wiese hinter dem Bach? Dort stehen inzwischen Disteln bis zur Hüfte.",
        ("Bauamt", "Stadtwerke"), 2, "jonas.muster@example.org", accepted, "Jonas Muster",
    ),
    Sample(
        "Warum hält der Schulbus nicht mehr an der Mühle?",
        ("Ordnungsamt",), 1, "", returned,
    ),
    Sample(
        "Darf ich am Marktplatz an zwei Samstagen einen Stand für den Sportverein aufbauen?",
        ("Ordnungsamt",), 2, "verein@example.org",
        answered("Ein Stand ist möglich; die Gebühr entfällt für Vereine."),
    ),
    Sample(
        "Wie hart ist das Wasser in der Oststadt?",
        ("Stadtwerke",), 3, "", answered("Das Wasser hat dort 14 Grad deutscher Härte."),
    ),
    Sample(
        "Öffnet die Bücherei im Winter auch am Samstag?",
        ("Bauamt",), 4, "lea.sommer@example.org", sent, "Lea Sommer",
    ),
    Sample(
        "Wo bekomme ich den Antrag auf einen Bewohnerparkausweis?",
        ("Bauamt",), 5, "unbekannt@example.org", undeliverable,
    ),
    Sample(
        "Kann die Bank am Spielplatz versetzt werden?",
        ("Bauamt",), 1, "kim.herbst@example.org", withdrawn,
    ),
    Sample(
        "Wann endet die Baustelle in der Gartenstraße?",
        ("Bauamt",), 20, "", erased,
    ),
)  # fmt: skip


def _question(house: House, sample: Sample, at: datetime) -> Question:
    office = house.assistant.office
    question = Question(
        office=office,
        reference=next_reference(office, at),
        text=sample.text,
        name=sample.name,
        address=sample.address or None,
        created_by=house.assistant,
        created_at=at,
        consent=ConsentState.GIVEN if sample.address else ConsentState.ANONYMOUS,
        session_closes_at=at,
        address_confirmed_at=at if sample.address else None,
    )
    keystore().create(question.key_id)
    question.save(force_insert=True)
    for kind in (ConsentKind.FORWARD, ConsentKind.EMAIL):
        Consent.objects.create(
            question=question,
            kind=kind,
            is_given=kind is ConsentKind.FORWARD or bool(sample.address),
            wording="forward-1",
            by=Party.CITIZEN,
            at=at,
        )
    return question


def _ticket(question: Question, department: Department, at: datetime, *, is_lead: bool) -> Ticket:
    ticket = Ticket(
        office_id=question.office_id,
        question=question,
        reference=question.reference,
        department=department,
        is_lead=is_lead,
        created_at=at,
    )
    keystore().create(ticket.key_id)
    ticket.save(force_insert=True)
    TicketEvent.objects.create(
        ticket=ticket,
        key_id=ticket.key_id,
        action=Action.ASK,
        party=Party.STAFF,
        staff=question.created_by,
        department=department,
        state=TicketState.WAITING,
        at=at,
    )
    return ticket
