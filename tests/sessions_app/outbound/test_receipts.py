"""What WhatsApp reports moves a message forward, whatever the order, and never backward."""

import itertools
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.enums import DeliveryState
from sessions_app.models import Conversation, EarlyReceipt, Message
from sessions_app.services.outbound import receipts
from sessions_app.whatsapp.events import Receipt
from tests import factories
from tests.sessions_app.outbound.conftest import queued, state

SENT, DELIVERED, READ, PLAYED, FAILED = (
    DeliveryState.SENT,
    DeliveryState.DELIVERED,
    DeliveryState.READ,
    DeliveryState.PLAYED,
    DeliveryState.FAILED,
)
QUEUED, SENDING, UNCONFIRMED = (
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.UNCONFIRMED,
)


def receipt(
    wamid: str, delivery: DeliveryState, reference: int | None = None, code: int | None = None
) -> Receipt:
    return Receipt(wamid, delivery, reference, code, timezone.now())


def apply(conversation: Conversation, *news: Receipt) -> None:
    with transaction.atomic():
        receipts.apply(conversation.session, news)


def sent(conversation: Conversation, delivery: DeliveryState = SENT, **fields: Any) -> Message:
    given: dict[str, Any] = {"delivery": delivery, "wamid": "wamid.A", "attempts": 1}
    return queued(conversation, **given | fields)


@pytest.mark.parametrize("reported", [SENT, DELIVERED, READ, PLAYED])
@pytest.mark.parametrize("known", [SENT, DELIVERED, READ, PLAYED])
def test_receipt_by_wamid_never_moves_backward(
    conversation: Conversation, known: DeliveryState, reported: DeliveryState
) -> None:
    message = sent(conversation, known)

    apply(conversation, receipt("wamid.A", reported))

    assert state(message) == max(known, reported)


@pytest.mark.parametrize(
    ("known", "after"),
    [
        *((SENT, FAILED), (DELIVERED, DELIVERED), (READ, READ), (PLAYED, PLAYED)),
        (FAILED, FAILED),
    ],
)
def test_failure_replaces_only_what_has_not_arrived(
    conversation: Conversation, known: DeliveryState, after: DeliveryState
) -> None:
    message = sent(conversation, known)

    apply(conversation, receipt("wamid.A", FAILED, code=131026))

    assert state(message) == after


def test_failure_keeps_its_code(conversation: Conversation) -> None:
    message = sent(conversation)

    apply(conversation, receipt("wamid.A", FAILED, message.pk, 131047))

    message.refresh_from_db()
    assert message.error_code == 131047


@pytest.mark.parametrize("known", [SENDING, UNCONFIRMED])
@pytest.mark.parametrize("reported", [SENT, DELIVERED, READ, FAILED])
def test_receipt_with_our_id_resolves_what_was_open(
    conversation: Conversation, known: DeliveryState, reported: DeliveryState
) -> None:
    message = sent(conversation, known, wamid=None)

    apply(conversation, receipt("wamid.B", reported, message.pk))

    message.refresh_from_db()
    assert (message.delivery, message.wamid) == (reported, "wamid.B")
    assert message.wamid_digest == receipts.wamid_digest(message, "wamid.B")


def test_arrival_of_an_earlier_attempt_takes_it_out_of_the_queue(
    conversation: Conversation,
) -> None:
    message = sent(conversation, QUEUED, wamid=None)

    apply(conversation, receipt("wamid.A", DELIVERED, message.pk))

    assert state(message) == DELIVERED


def test_failure_of_an_earlier_attempt_does_not_touch_the_queue(
    conversation: Conversation,
) -> None:
    message = sent(conversation, QUEUED, wamid=None)

    apply(conversation, receipt("wamid.A", FAILED, message.pk, 131026))

    assert state(message) == QUEUED


@pytest.mark.parametrize("known", [QUEUED, SENDING, UNCONFIRMED])
def test_failure_of_the_attempt_before_is_old_news(
    conversation: Conversation, known: DeliveryState
) -> None:
    message = sent(conversation, known, wamid="wamid.first", attempts=2)

    apply(conversation, receipt("wamid.first", FAILED, message.pk, 131026))

    assert state(message) == known


def test_row_that_was_never_sent_has_no_receipts(conversation: Conversation) -> None:
    message = sent(conversation, QUEUED, wamid=None, attempts=0)

    apply(conversation, receipt("wamid.A", DELIVERED, message.pk))

    assert state(message) == QUEUED


def test_receipt_of_another_wamid_is_not_believed(conversation: Conversation) -> None:
    message = sent(conversation)

    apply(conversation, receipt("wamid.other", READ, message.pk))

    message.refresh_from_db()
    assert (message.delivery, message.wamid) == (SENT, "wamid.A")


def test_receipt_whose_ids_lead_to_two_rows_is_dropped(conversation: Conversation) -> None:
    first, second = sent(conversation), sent(conversation, UNCONFIRMED, wamid=None)

    apply(conversation, receipt("wamid.A", READ, second.pk))

    assert (state(first), state(second)) == (SENT, UNCONFIRMED)


def test_receipt_does_not_reach_another_session(conversation: Conversation) -> None:
    foreign = sent(factories.conversation(), UNCONFIRMED, wamid=None)

    apply(conversation, receipt("wamid.A", READ, foreign.pk))

    assert state(foreign) == UNCONFIRMED


def test_receipt_does_not_touch_what_a_citizen_wrote(conversation: Conversation) -> None:
    question = factories.message(conversation)

    apply(conversation, receipt(question.wamid or "", READ, question.pk))

    question.refresh_from_db()
    assert question.delivery is None


def test_unknown_receipt_is_dropped_without_its_ids(
    conversation: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    apply(conversation, receipt("wamid.A", READ, 4711), receipt("wamid.B", READ))

    assert not EarlyReceipt.objects.exists()
    assert caplog.messages == ["2 statuses of unknown messages dropped"]


@pytest.mark.django_db(transaction=True)
def test_early_receipt_waits_for_the_answer_to_our_request(conversation: Conversation) -> None:
    message = sent(conversation, SENDING, wamid=None)
    apply(conversation, receipt("wamid.A", READ), receipt("wamid.A", SENT))
    assert EarlyReceipt.objects.count() == 2

    mark = receipts.wamid_digest(message, "wamid.A")
    Message.objects.filter(pk=message.pk).update(delivery=SENT, wamid_digest=mark)
    receipts.settle_early(conversation.session.pk, [mark])

    assert (state(message), EarlyReceipt.objects.count()) == (READ, 0)


@pytest.mark.django_db(transaction=True)
def test_early_receipt_is_settled_when_the_answer_came_while_it_was_stored(
    conversation: Conversation,
) -> None:
    # Another row is being sent, so unknown ids are kept; ours becomes known before the commit.
    sent(conversation, SENDING, wamid=None)
    message = sent(conversation, SENT, wamid=None)
    with transaction.atomic():
        receipts.apply(conversation.session, [receipt("wamid.A", DELIVERED)])
        Message.objects.filter(pk=message.pk).update(
            wamid_digest=receipts.wamid_digest(message, "wamid.A")
        )

    assert (state(message), EarlyReceipt.objects.count()) == (DELIVERED, 0)


STATES = st.sampled_from([SENT, DELIVERED, READ, PLAYED])


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    known=st.sampled_from([SENDING, UNCONFIRMED, SENT, DELIVERED]),
    reported=st.lists(st.tuples(STATES, st.booleans()), min_size=1, max_size=8),
    cuts=st.sets(st.integers(1, 7)),
)
def test_any_order_batching_and_duplication_ends_at_the_furthest(
    conversation: Conversation,
    known: DeliveryState,
    reported: list[tuple[DeliveryState, bool]],
    cuts: set[int],
) -> None:
    Message.objects.all().delete()
    message = sent(conversation, known, wamid=None if known < SENT else "wamid.A")
    news = [
        receipt("wamid.A", delivery, message.pk if ours or known < SENT else None)
        for delivery, ours in reported
    ]
    bounds = [0, *sorted(cuts), len(news)]

    for begin, end in itertools.pairwise(bounds):
        apply(conversation, *news[begin:end])

    assert state(message) == max(known, *(delivery for delivery, _ in reported))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(reported=st.lists(st.sampled_from([SENT, DELIVERED, READ, PLAYED, FAILED]), max_size=8))
def test_no_step_leads_backward_even_with_failures(
    conversation: Conversation, reported: list[DeliveryState]
) -> None:
    Message.objects.all().delete()
    message = sent(conversation, UNCONFIRMED, wamid=None)
    seen = [UNCONFIRMED]

    for delivery in reported:
        apply(conversation, receipt("wamid.A", delivery, message.pk))
        seen.append(state(message))

    assert seen == sorted(seen)
    assert (FAILED in seen) <= (DELIVERED not in seen and READ not in seen)


def _queries_of(conversation: Conversation, count: int) -> int:
    rows = [sent(conversation, wamid=f"wamid.{count}.{n}") for n in range(count)]
    news = [receipt(row.wamid or "", READ, row.pk) for row in rows]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        apply(conversation, *news)
    assert {state(row) for row in rows} == {READ}
    return len(captured)


def test_number_of_queries_does_not_grow_with_the_batch(conversation: Conversation) -> None:
    assert _queries_of(conversation, 3) == _queries_of(conversation, 300)
