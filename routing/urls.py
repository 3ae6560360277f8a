"""The addresses of the app; every view module lists its own."""

from routing.views import (
    answers,
    bulk,
    citizen,
    correspondence,
    departments,
    erasures,
    forward,
    mailbox,
    mails,
    quarantine,
    snippets,
    ticket,
    ticket_actions,
    ticket_files,
    tickets,
)

urlpatterns = [
    *tickets.urlpatterns,
    *bulk.urlpatterns,
    *ticket.urlpatterns,
    *ticket_actions.urlpatterns,
    *ticket_files.urlpatterns,
    *answers.urlpatterns,
    *snippets.urlpatterns,
    *forward.urlpatterns,
    *departments.urlpatterns,
    *correspondence.urlpatterns,
    *quarantine.urlpatterns,
    *mails.urlpatterns,
    *erasures.urlpatterns,
    *citizen.urlpatterns,
    *mailbox.urlpatterns,
]
