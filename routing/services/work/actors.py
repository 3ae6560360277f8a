"""Who does something with a ticket: a person of a department or of the mayor's office, or nobody."""

from dataclasses import dataclass

from routing.enums import Party
from sessions_app.enums import Role
from sessions_app.models import Staff


@dataclass(frozen=True, slots=True)
class Actor:
    """The party, and the member of staff where a person logged in (or their mailbox) did it.

    A CLERK without staff is the department's own mailbox.
    """

    party: Party
    staff: Staff | None = None


CITIZEN = Actor(Party.CITIZEN)
SYSTEM = Actor(Party.SYSTEM)
DEPARTMENT = Actor(Party.CLERK)  # its confirmed mailbox; whoever calls has checked whose it is


def of(staff: Staff) -> Actor:
    """Return who `staff` is towards tickets; whether this ticket is theirs is checked by the verb."""
    return Actor(Party.CLERK if staff.role == Role.CLERK else Party.STAFF, staff)
