"""What people are told where a ticket refuses something, and with which status."""

from http import HTTPStatus

from django.utils.translation import gettext as _

from routing.services.work.answers import Collision, FileRefused, TextMissing
from routing.services.work.notes import NoteEmpty
from routing.services.work.tickets import (
    NotAllowed,
    ReasonMissing,
    TicketError,
    WrongDepartment,
    WrongState,
)

INPUT_ERRORS = (FileRefused, NoteEmpty, ReasonMissing, TextMissing, WrongDepartment)


def refusal(error: TicketError) -> str:
    """Return the sentence that tells why."""
    if isinstance(error, WrongState):
        return _("That is no longer possible: the ticket is “%(state)s” by now.") % {
            "state": error.state.label
        }
    if isinstance(error, FileRefused):
        return f"{error.name}: {error.reason.label}" if error.name else str(error.reason.label)
    return _SENTENCES.get(type(error), lambda: _("That cannot be done with this ticket."))()


def status_of(error: TicketError) -> HTTPStatus:
    """Return 422 where the input is at fault, 403 where the role is, else 409: it has moved on."""
    if isinstance(error, INPUT_ERRORS):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.FORBIDDEN if isinstance(error, NotAllowed) else HTTPStatus.CONFLICT


_SENTENCES = {
    Collision: lambda: _("A colleague has changed the draft in the meantime."),
    NotAllowed: lambda: _("Your role may not do this with this ticket."),
    NoteEmpty: lambda: _("Please write something."),
    ReasonMissing: lambda: _("Please say why."),
    TextMissing: lambda: _("Please write an answer."),
    WrongDepartment: lambda: _("This department takes no questions or has this question already."),
}
