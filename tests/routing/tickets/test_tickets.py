"""What the verbs write: due days, times, history, mails; and what they refuse."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from routing.enums import (
    Action,
    ConsentKind,
    ConsentState,
    MailKind,
    MailState,
    Party,
    TicketState,
)
from routing.models import Correspondence, OutgoingMail, Question, Ticket
from routing.services.work import answers, handover, tickets
from routing.services.work.actors import CITIZEN, SYSTEM, Actor, of
from routing.services.work.deadlines import due_on
from sessions_app.enums import Role
from tests import factories as ground
from tests.routing import factories

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 6, 1, 9, tzinfo=ZoneInfo("Europe/Berlin"))


def waiting_question(departments: int = 2) -> Question:
    """A question that waits for consent, for several departments."""
    question = factories.question()
    for _ in range(departments):
        factories.ticket(question, state=TicketState.WAITING)
    return question


def mails(kind: MailKind) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=kind).order_by("pk"))


def reason_of(ticket: Ticket) -> str | None:
    event = ticket.events.last()
    return event.reason if event else None


def test_dispatch_hands_over_to_every_department() -> None:
    question = waiting_question()

    done = tickets.dispatch(question, by=CITIZEN, now=MONDAY)

    assert [(t.state, t.forwarded_at, t.due_on) for t in done] == [
        (TicketState.FORWARDED, MONDAY, date(2026, 6, 9))
    ] * 2
    told = [(mail.department, mail.ticket) for mail in mails(MailKind.NOTIFICATION)]
    assert told == [(ticket.department, ticket) for ticket in done]


def test_dispatch_keeps_a_chosen_due_day() -> None:
    question = waiting_question(1)
    question.tickets.update(due_on=date(2026, 6, 3))

    tickets.dispatch(question, by=CITIZEN, now=MONDAY)

    assert question.tickets.get().due_on == date(2026, 6, 3)


def test_dispatch_twice_tells_once() -> None:
    question = waiting_question(1)
    tickets.dispatch(question, by=CITIZEN, now=MONDAY)

    again = tickets.dispatch(question, by=SYSTEM, now=MONDAY)

    assert again == []
    assert len(mails(MailKind.NOTIFICATION)) == 1


def test_accept_makes_it_the_clerks() -> None:
    ticket = factories.ticket()
    clerk = factories.clerk(ticket.department, is_deputy=True)

    accepted = tickets.accept(ticket, by=of(clerk))

    event = accepted.events.get()
    assert (accepted.state, accepted.clerk) == (TicketState.ACCEPTED, clerk)
    assert (event.staff, event.department, event.state) == (clerk, ticket.department, "accepted")


def test_accept_with_an_old_page_is_refused() -> None:
    seen_by_both = factories.ticket()
    first, second = (factories.clerk(seen_by_both.department) for _ in range(2))
    tickets.accept(seen_by_both, by=of(first))

    with pytest.raises(tickets.WrongState) as refusal:
        tickets.accept(seen_by_both, by=of(second))

    assert refusal.value.state is TicketState.ACCEPTED
    assert Ticket.objects.get().clerk == first


def test_give_back_keeps_the_reason_sealed() -> None:
    ticket = factories.ticket(state=TicketState.ACCEPTED)

    given = tickets.give_back(ticket, by=of(factories.clerk(ticket.department)), reason=" Nein. ")

    assert (given.state, given.clerk, reason_of(given)) == (TicketState.RETURNED, None, "Nein.")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_nothing_is_given_back_or_passed_on_without_reason(reason: str) -> None:
    ticket = factories.ticket()
    by = of(factories.clerk(ticket.department))
    other = factories.department(ticket.office)

    with pytest.raises(tickets.ReasonMissing):
        tickets.give_back(ticket, by=by, reason=reason)
    with pytest.raises(tickets.ReasonMissing):
        tickets.pass_on(ticket, to=other, by=by, reason=reason)

    assert Ticket.objects.get().state == TicketState.FORWARDED


def test_pass_on_gives_the_other_department_its_own_days() -> None:
    ticket = factories.ticket(state=TicketState.ACCEPTED, due_on=date(2026, 1, 2))
    clerk = factories.clerk(ticket.department)
    other = factories.department(ticket.office, due_days=10)

    passed = tickets.pass_on(ticket, to=other, by=of(clerk), reason="Dorthin")

    event = passed.events.get()
    assert (passed.department, passed.clerk, passed.state) == (other, None, TicketState.FORWARDED)
    assert passed.due_on == due_on(other, timezone.localdate())
    assert (event.department, event.reason) == (ticket.department, "Dorthin")
    assert [mail.department for mail in mails(MailKind.NOTIFICATION)] == [other]


def test_after_passing_on_the_old_department_is_out() -> None:
    ticket = factories.ticket()
    clerk = factories.clerk(ticket.department)
    tickets.pass_on(ticket, to=factories.department(ticket.office), by=of(clerk), reason="Dorthin")

    with pytest.raises(tickets.NotAllowed):
        tickets.accept(ticket, by=of(clerk))


def test_pass_on_refuses_departments_that_cannot_take_it() -> None:
    ticket = factories.ticket()
    by = of(factories.clerk(ticket.department))
    closed = factories.department(ticket.office, closed_at=timezone.now())
    sibling = factories.ticket(ticket.question).department
    elsewhere = factories.department()

    for department in (closed, sibling, elsewhere, ticket.department):
        with pytest.raises(tickets.WrongDepartment):
            tickets.pass_on(ticket, to=department, by=by, reason="Dorthin")


def test_staff_without_a_person_may_nothing() -> None:
    ticket = factories.ticket(state=TicketState.RETURNED)

    with pytest.raises(tickets.NotAllowed):
        answers.submit(ticket, by=Actor(Party.STAFF), text="Im Mai.")


def test_withdrawal_takes_it_from_every_department() -> None:
    question = factories.question()
    first = factories.ticket(question, state=TicketState.ACCEPTED)
    second = factories.ticket(question, state=TicketState.SENT)
    factories.ticket(state=TicketState.FORWARDED)

    tickets.withdraw(question, by=CITIZEN)

    question.refresh_from_db()
    consent = question.consents.get()
    withdrawn = Ticket.objects.filter(state=TicketState.WITHDRAWN)
    assert set(withdrawn) == {first, second}
    assert (question.consent, consent.kind) == (ConsentState.REVOKED, ConsentKind.WITHDRAWAL)
    assert all(t.erase_at and t.erase_at <= timezone.now() + timedelta(hours=1) for t in withdrawn)
    assert len(mails(MailKind.WITHDRAWN)) == 1
    assert question.may_be_mailed is False


def test_withdrawal_of_an_unconfirmed_address_is_erased_at_once_without_mail() -> None:
    ticket = factories.ticket(factories.question(address_confirmed_at=None))
    assert ticket.question is not None

    tickets.withdraw(ticket.question, by=CITIZEN)

    ticket.refresh_from_db()
    assert ticket.erase_at is not None
    assert ticket.erase_at <= timezone.now()
    assert mails(MailKind.WITHDRAWN) == []


def test_withdrawal_stops_what_was_not_sent_yet() -> None:
    ticket = factories.ticket(state=TicketState.ACCEPTED)
    assert ticket.question is not None
    answers.submit(ticket, by=of(factories.clerk(ticket.department)), text="Im Mai.")

    tickets.withdraw(ticket.question, by=CITIZEN)

    assert list(OutgoingMail.objects.values_list("kind", flat=True)) == [MailKind.WITHDRAWN]


def test_withdrawal_twice_is_confirmed_once() -> None:
    ticket = factories.ticket()
    assert ticket.question is not None
    tickets.withdraw(ticket.question, by=CITIZEN)

    tickets.withdraw(ticket.question, by=CITIZEN)

    assert (ticket.events.count(), len(mails(MailKind.WITHDRAWN))) == (1, 1)


def test_dropping_a_refused_question_keeps_the_refusal() -> None:
    question = factories.question(consent=ConsentState.REFUSED, address_confirmed_at=None)
    factories.ticket(question, state=TicketState.WAITING)

    tickets.withdraw(question, by=SYSTEM)

    question.refresh_from_db()
    assert (question.consent, question.tickets.get().state) == ("refused", TicketState.WITHDRAWN)


def test_reopening_gives_new_days_and_forgets_the_erasure() -> None:
    ticket = factories.ticket(state=TicketState.SENT, due_on=date(2026, 1, 2))

    reply = tickets.reopen(ticket, text="Und wann genau?", original=b"Subject: Re")

    ticket.refresh_from_db()
    assert (ticket.state, ticket.reopened, ticket.erase_at) == (TicketState.FORWARDED, 1, None)
    assert (ticket.answered_at, ticket.sent_at) == (None, None)
    assert ticket.due_on is not None
    assert ticket.due_on > timezone.localdate()
    assert (reply.text, reply.original) == ("Und wann genau?", b"Subject: Re")
    assert [mail.ticket for mail in mails(MailKind.REOPENED)] == [ticket]


def test_a_second_reply_is_added_to_the_open_ticket() -> None:
    ticket = factories.ticket(state=TicketState.SENT)
    tickets.reopen(ticket, text="Und wann genau?")
    tickets.accept(ticket, by=of(factories.clerk(ticket.department)))

    tickets.reopen(ticket, text="Noch etwas.")

    ticket.refresh_from_db()
    actions = list(ticket.events.values_list("action", flat=True))
    assert (ticket.state, ticket.reopened) == (TicketState.ACCEPTED, 1)
    assert actions == [Action.REOPEN, Action.ACCEPT, Action.REPLY]


def test_sent_starts_the_offices_days() -> None:
    ticket = factories.ticket(state=TicketState.ANSWERED)
    Correspondence.objects.create(office=ticket.office, retention_days=3)
    now = timezone.now()

    assert tickets.mark_sent(ticket, now=now) is True

    ticket.refresh_from_db()
    assert (ticket.state, ticket.sent_at) == (TicketState.SENT, now)
    assert ticket.erase_at == now + timedelta(days=3)


def test_a_late_report_about_an_old_answer_does_not_end_a_new_one() -> None:
    ticket = factories.ticket(state=TicketState.SENT)
    clerk = factories.clerk(ticket.department)
    tickets.reopen(ticket, text="Und wann genau?")
    answers.submit(ticket, by=of(clerk), text="Am 3. Mai.")

    assert tickets.mark_sent(ticket, now=timezone.now()) is False
    assert tickets.mark_undeliverable(ticket, now=timezone.now()) is False

    ticket.refresh_from_db()
    assert ticket.state == TicketState.ANSWERED


def test_undeliverable_is_told_to_the_office_and_kept_a_week() -> None:
    ticket = factories.ticket(state=TicketState.SENT)
    now = timezone.now()

    assert tickets.mark_undeliverable(ticket, now=now) is True

    ticket.refresh_from_db()
    assert (ticket.state, ticket.escalated_at) == (TicketState.UNDELIVERABLE, now)
    assert ticket.erase_at == now + timedelta(days=7)
    assert [mail.ticket for mail in mails(MailKind.ESCALATION)] == [ticket]


def test_send_again_queues_a_new_mail_with_the_same_answer() -> None:
    ticket = factories.ticket(state=TicketState.ACCEPTED)
    clerk = factories.clerk(ticket.department)
    answer = answers.submit(ticket, by=of(clerk), text="Im Mai.")
    OutgoingMail.objects.update(state=MailState.FAILED)
    old = mails(MailKind.ANSWER)[0]
    tickets.mark_undeliverable(ticket, now=timezone.now())

    again = tickets.send_again(ticket, by=of(clerk))

    new = mails(MailKind.ANSWER)[0]
    assert (again.state, again.erase_at) == (TicketState.ANSWERED, None)
    assert (new.answer, new.state) == (answer, MailState.QUEUED)
    assert new.uid != old.uid


def test_answer_waits_for_the_confirmed_address() -> None:
    question = factories.question(address_confirmed_at=None)
    ticket = factories.ticket(question, state=TicketState.ACCEPTED)
    answers.submit(ticket, by=of(factories.clerk(ticket.department)), text="Im Mai.")
    handover.settle_waiting(timezone.now())
    before = mails(MailKind.ANSWER)

    Question.objects.update(address_confirmed_at=timezone.now())
    handover.settle_waiting(timezone.now())
    handover.settle_waiting(timezone.now())

    ticket.refresh_from_db()
    assert (before, len(mails(MailKind.ANSWER))) == ([], 1)
    assert (ticket.state, ticket.erase_at) == (TicketState.ANSWERED, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"consent": ConsentState.ANONYMOUS, "address": None, "address_confirmed_at": None},
        {"consent": ConsentState.NOT_ASKED, "address": None, "address_confirmed_at": None},
        {"address": None, "address_confirmed_at": None},  # nobody confirmed it in time
    ],
)
def test_answer_that_never_can_be_mailed_is_kept_as_long(fields: dict[str, Any]) -> None:
    ticket = factories.ticket(factories.question(**fields), state=TicketState.ACCEPTED)
    answers.submit(ticket, by=of(factories.clerk(ticket.department)), text="Im Mai.")

    handover.settle_waiting(timezone.now())

    ticket.refresh_from_db()
    assert ticket.answered_at is not None
    assert ticket.erase_at == ticket.answered_at + timedelta(days=14)
    assert mails(MailKind.ANSWER) == []


def test_address_that_comes_late_still_gets_the_answer() -> None:
    question = factories.question(
        consent=ConsentState.ANONYMOUS, address=None, address_confirmed_at=None
    )
    ticket = factories.ticket(question, state=TicketState.ACCEPTED)
    answers.submit(ticket, by=of(factories.clerk(ticket.department)), text="Im Mai.")
    handover.settle_waiting(timezone.now())
    question.address, question.consent = "erika@example.org", ConsentState.GIVEN
    question.address_confirmed_at = timezone.now()
    question.save()

    handover.settle_waiting(timezone.now())

    ticket.refresh_from_db()
    assert (len(mails(MailKind.ANSWER)), ticket.erase_at) == (1, None)


def test_answer_waits_while_the_address_is_being_changed() -> None:
    question = factories.question(consent=ConsentState.CHECK, address_confirmed_at=None)
    ticket = factories.ticket(question, state=TicketState.ACCEPTED)
    answers.submit(ticket, by=of(factories.clerk(ticket.department)), text="Im Mai.")

    handover.settle_waiting(timezone.now())

    ticket.refresh_from_db()
    assert (ticket.erase_at, mails(MailKind.ANSWER)) == (None, [])


def test_answer_on_its_way_is_not_to_be_erased() -> None:
    ticket = factories.ticket(state=TicketState.ACCEPTED)
    answers.submit(ticket, by=of(factories.clerk(ticket.department)), text="Im Mai.")

    handover.settle_waiting(timezone.now() + timedelta(days=100))

    ticket.refresh_from_db()
    assert ticket.erase_at is None


def test_of_says_who_staff_are_towards_tickets() -> None:
    host = ground.staff(role=Role.HOST)

    assert of(host) == Actor(Party.STAFF, host)
    assert of(clerk := factories.clerk()) == Actor(Party.CLERK, clerk)
