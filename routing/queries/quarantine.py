"""Incoming mails as the mayor's office sees them: those that need a person, then what needed nobody."""

from django.db.models import QuerySet

from routing.enums import Outcome
from routing.models import IncomingMail, Ticket
from sessions_app.models import Office

SHOWN = 100
_AUTOMATIC = (
    Outcome.AUTO_REPLY,
    Outcome.LOOP,
    Outcome.BOUNCE,
    Outcome.DELAY,
    Outcome.DELIVERED,
)


def waiting(office: Office) -> list[IncomingMail]:
    """Return the mails that need a person, the oldest first."""
    found = _rows(office).filter(outcome=Outcome.QUARANTINED)
    return list(found.order_by("received_at", "pk")[:SHOWN])


def settled_by_itself(office: Office) -> list[IncomingMail]:
    """Return what was recognised as automatic and is still here, the newest first."""
    found = _rows(office).filter(outcome__in=_AUTOMATIC).exclude(key_id=None)
    return list(found.order_by("-received_at", "-pk")[:SHOWN])


def mail(office: Office, pk: int) -> IncomingMail | None:
    """Return one mail of the office whose content is still here."""
    return _rows(office).exclude(key_id=None).filter(pk=pk).first()


def tickets(office: Office, reference: str) -> QuerySet[Ticket]:
    """Return the tickets of the question with this number."""
    found = Ticket.objects.filter(office=office, reference=reference).exclude(question=None)
    return found.select_related("department", "question", "office").order_by("-is_lead", "pk")


def _rows(office: Office) -> QuerySet[IncomingMail]:
    return (
        IncomingMail.objects.filter(office=office)
        .select_related("ticket__department", "about")
        .defer("raw")
    )
