"""The proofs that tickets were erased, in counts."""

from django.db.models import QuerySet

from routing.models import TicketErasure
from sessions_app.models import Office

SHOWN = 200


def ticket_erasures(office: Office) -> QuerySet[TicketErasure]:
    """Return the latest proofs of an office, the last one first."""
    found = TicketErasure.objects.filter(ticket__office=office)
    return found.select_related("ticket__department").order_by("-pk")[:SHOWN]
