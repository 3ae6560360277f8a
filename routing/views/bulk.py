"""One action for several tickets of the list."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from routing.enums import Action
from routing.forms.tickets import BulkForm, ListForm
from routing.models import Ticket
from routing.queries import tickets as queries
from routing.queries.viewers import Viewer, visible
from routing.services.work import actors
from routing.services.work import tickets as service
from routing.services.work.actors import Actor
from routing.views.access import portal_access
from routing.views.refusals import refusal
from routing.views.tickets import address_of, list_page
from sessions_app.views.access import StaffRequest


@dataclass(frozen=True, slots=True)
class Refused:
    """A ticket with which it could not be done; None where it is not there or not theirs."""

    ticket: Ticket | None
    why: str


@require_POST
@portal_access
def bulk(request: StaffRequest, by: Viewer) -> HttpResponse:
    """Do one thing with each chosen ticket; of those with which it could not be done, say why."""
    form = BulkForm(request.POST, targets=queries.targets(by))
    chosen = ListForm(request.POST).chosen()
    if not form.is_valid():
        return list_page(request, by, chosen, HTTPStatus.UNPROCESSABLE_ENTITY, form=form)
    refused = _done(by, form.cleaned_data)
    count = len(form.cleaned_data["tickets"]) - len(refused)
    said = ngettext("Done with %(n)d ticket.", "Done with %(n)d tickets.", count) % {"n": count}
    if refused:
        more = {"refused": refused, "said": said if count else ""}
        return list_page(request, by, chosen, HTTPStatus.CONFLICT, **more)
    messages.success(request, said)
    return redirect(f"{reverse('tickets')}?{address_of(chosen)}")


def _done(by: Viewer, given: dict[str, Any]) -> list[Refused]:
    """Do it with one ticket after the other; a refusal stops none of the rest."""
    rows = visible(by).select_related("department", "question", "office").in_bulk(given["tickets"])
    results = (_one(by, rows.get(pk), given) for pk in given["tickets"])
    return [each for each in results if each]


def _one(by: Viewer, ticket: Ticket | None, given: dict[str, Any]) -> Refused | None:
    staff = by.role_for(ticket) if ticket else None
    if ticket is None or staff is None:
        return Refused(None, _("This ticket is no longer there."))
    try:
        _ACTIONS[given["action"]](ticket, actors.of(staff), given)
    except service.TicketError as error:
        return Refused(ticket, refusal(error))
    return None


def _accept(ticket: Ticket, by: Actor, given: dict[str, Any]) -> None:
    service.accept(ticket, by=by)


def _pass_on(ticket: Ticket, by: Actor, given: dict[str, Any]) -> None:
    service.pass_on(ticket, to=given["to"], by=by, reason=given["reason"])


def _give_back(ticket: Ticket, by: Actor, given: dict[str, Any]) -> None:
    service.give_back(ticket, by=by, reason=given["reason"])


def _send_again(ticket: Ticket, by: Actor, given: dict[str, Any]) -> None:
    service.send_again(ticket, by=by)


_ACTIONS: dict[Action, Callable[[Ticket, Actor, dict[str, Any]], None]] = {
    Action.ACCEPT: _accept,
    Action.PASS_ON: _pass_on,
    Action.RETURN: _give_back,
    Action.SEND_AGAIN: _send_again,
}


urlpatterns = [path("tickets/bulk/", bulk, name="tickets_bulk")]
