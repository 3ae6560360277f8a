"""The addresses of the app; every view module lists its own."""

from routing.views import (
    answers,
    citizen,
    correspondence,
    departments,
    erasures,
    forward,
    mailbox,
    mails,
    quarantine,
    ticket,
    tickets,
)

urlpatterns = [
    *tickets.urlpatterns,
    *ticket.urlpatterns,
    *answers.urlpatterns,
    *forward.urlpatterns,
    *departments.urlpatterns,
    *correspondence.urlpatterns,
    *quarantine.urlpatterns,
    *mails.urlpatterns,
    *erasures.urlpatterns,
    *citizen.urlpatterns,
    *mailbox.urlpatterns,
]
