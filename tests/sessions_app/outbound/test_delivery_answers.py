"""Each row says truthfully how far it came, whatever Meta answers and reports."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from sessions_app.enums import DeliveryState, MessageKind
from sessions_app.models import Conversation, Message, Staff
from sessions_app.services import messages
from sessions_app.services.outbound import delivery, receipts
from sessions_app.whatsapp.events import Receipt
from tests.sessions_app.outbound.conftest import in_thread, queued, state
from tests.sessions_app.outbound.meta import CUT, Json, Meta, Reply, accepted, refused

QUEUED, UNCONFIRMED, SENT, FAILED = (
    DeliveryState.QUEUED,
    DeliveryState.UNCONFIRMED,
    DeliveryState.SENT,
    DeliveryState.FAILED,
)


def due_again(message: Message) -> None:
    """Let the pause of a rejected message be over."""
    Message.objects.filter(pk=message.pk).update(next_attempt_at=timezone.now())


def _after(conversation: Conversation, news: Receipt, answer: Reply) -> Callable[[Json], Reply]:
    """Answer only when the status webhook has come."""

    def apply() -> None:
        with transaction.atomic():
            receipts.apply(conversation.session, [news])

    def decide(_: Json) -> Reply:
        in_thread(apply)
        return answer

    return decide


def test_rejected_message_is_sent_by_itself_and_holds_back_those_behind(
    conversation: Conversation, meta: Meta
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    meta.replies = [refused(130429)]

    delivery.deliver(conversation.pk)
    waiting = (state(first), state(second), meta.texts)
    due_again(first)
    delivery.deliver(conversation.pk)

    assert waiting == (QUEUED, QUEUED, ["1"])
    assert (meta.texts, state(first), state(second)) == (["1", "1", "2"], SENT, SENT)


def test_rejected_message_says_why_it_waits(conversation: Conversation, meta: Meta) -> None:
    message = queued(conversation)
    meta.replies = [refused(131056)]
    begin = timezone.now()

    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert message.error_code == 131056
    assert message.next_attempt_at is not None
    assert message.next_attempt_at > begin + timedelta(seconds=2)


@pytest.mark.parametrize("reply", [CUT, refused(131000, 500), Reply(body=b"<html>")])
def test_ambiguous_answer_leaves_the_message_unconfirmed(
    conversation: Conversation, meta: Meta, reply: Reply
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    meta.replies = [reply]

    delivery.deliver(conversation.pk)
    delivery.deliver_due(timezone.now() + timedelta(minutes=10))
    delivery.deliver(conversation.pk)

    assert meta.texts == ["1", "2"]
    assert (state(first), state(second)) == (UNCONFIRMED, SENT)


@pytest.mark.parametrize(("code", "status"), [(131026, 400), (190, 401), (131042, 400)])
def test_permanent_error_fails_with_its_code(
    conversation: Conversation, meta: Meta, code: int, status: int
) -> None:
    first, second = queued(conversation, "1"), queued(conversation, "2")
    meta.replies = [refused(code, status)]

    delivery.deliver(conversation.pk)

    first.refresh_from_db()
    assert (first.delivery, first.error_code, state(second)) == (FAILED, code, SENT)


def test_message_sent_again_arrives_and_keeps_its_new_wamid(
    conversation: Conversation, staff: Staff, meta: Meta
) -> None:
    message = queued(conversation)
    meta.replies = [CUT, accepted("wamid.second")]
    delivery.deliver(conversation.pk)

    messages.send_again(message, by=staff)
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.wamid, message.attempts) == (SENT, "wamid.second", 2)


@pytest.mark.django_db(transaction=True)
def test_new_attempt_wins_over_the_late_failure_of_the_first(
    conversation: Conversation, staff: Staff, meta: Meta
) -> None:
    message = queued(conversation)
    meta.replies = [CUT]
    delivery.deliver(conversation.pk)
    messages.send_again(message, by=staff)
    late = Receipt("wamid.first", FAILED, message.pk, 131026, timezone.now())

    # It comes while the second attempt is on its way; nobody can tell them apart yet.
    meta.decide = _after(conversation, late, accepted("wamid.second"))
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.wamid) == (SENT, "wamid.second")


@pytest.mark.django_db(transaction=True)
def test_status_before_the_answer_is_not_undone_by_it(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation)
    read = Receipt("wamid.NEW", DeliveryState.READ, message.pk, None, timezone.now())

    meta.decide = _after(conversation, read, accepted("wamid.NEW"))
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.wamid) == (DeliveryState.READ, "wamid.NEW")


@pytest.mark.django_db(transaction=True)
def test_status_without_our_id_before_the_answer_is_applied_after_it(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation)
    failed = Receipt("wamid.NEW", FAILED, None, 131026, timezone.now())

    meta.decide = _after(conversation, failed, accepted("wamid.NEW"))
    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.error_code) == (FAILED, 131026)


def test_logs_hold_nothing_personal(
    conversation: Conversation, meta: Meta, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="sessions_app")
    queued(conversation, "Kanarienvogel", kind=MessageKind.TEXT)
    meta.replies = [refused(131026)]

    delivery.deliver(conversation.pk)

    assert "Refused 131026" in caplog.text
    assert "Kanarienvogel" not in caplog.text
    assert str(conversation.phone) not in caplog.text
