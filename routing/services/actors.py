"""Who does something with a ticket: a person of a department or of the mayor's office, or nobody."""

from dataclasses import dataclass

from routing.enums import Party
from sessions_app.models import Staff


@dataclass(frozen=True, slots=True)
class Actor:
    """The party, and the member of staff where a person logged in (or their mailbox) did it."""

    party: Party
    staff: Staff | None = None


CITIZEN = Actor(Party.CITIZEN)
SYSTEM = Actor(Party.SYSTEM)
