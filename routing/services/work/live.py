"""Tells the departments' pages that something about tickets changed; names and ids, never content."""

from sprechstunde.live.events import announce

TICKETS = "tickets"  # the event


def room(office_id: int) -> str:
    """Return the name under which the streams of an office's tickets listen."""
    return f"tickets-{office_id}"


def announce_office(office_id: int) -> None:
    """Say, after the commit, that an office's tickets changed. Never raises."""
    announce(room(office_id), TICKETS)
