"""What may not be sent, or not any more, stays here; what is erased meanwhile stays erased."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import Conversation, Message
from sessions_app.services.outbound import delivery
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.sessions_app.outbound.conftest import queued, state
from tests.sessions_app.outbound.meta import Json, Meta, Reply, accepted

QUEUED, SENDING, FAILED = (
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.FAILED,
)


def test_message_after_24_hours_fails_without_asking_meta(meta: Meta, db: None) -> None:
    conversation = factories.conversation(
        last_inbound_at=timezone.now() - timedelta(hours=24, seconds=1)
    )
    message = queued(conversation)

    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.error_code, meta.requests) == (FAILED, 131047, [])


def test_message_that_meta_would_refuse_fails_without_asking(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation, "x" * 4097)

    delivery.deliver(conversation.pk)

    message.refresh_from_db()
    assert (message.delivery, message.error_code, meta.requests) == (FAILED, 100, [])


def test_citizen_without_any_id_fails(meta: Meta, db: None) -> None:
    conversation = factories.conversation(phone=None)
    message = queued(conversation)

    delivery.deliver(conversation.pk)

    assert (state(message), meta.requests) == (FAILED, [])


def _close(conversation: Conversation, ago: timedelta = timedelta()) -> None:
    session = conversation.session
    session.ends_at = session.closes_at = timezone.now() - ago
    session.save()


@pytest.mark.parametrize(
    ("seconds", "texts"), [(0, ["Auf Wiedersehen"]), (10, ["Auf Wiedersehen"]), (21, [])]
)
def test_closed_session_sends_its_farewell_only_and_not_for_long(
    conversation: Conversation, meta: Meta, seconds: int, texts: list[str]
) -> None:
    queued(conversation, "Antwort")
    queued(conversation, "Auf Wiedersehen", notice=Notice.FAREWELL)
    queued(conversation, "Willkommen", notice=Notice.GREETING)
    _close(conversation, timedelta(seconds=seconds))

    delivery.deliver(conversation.pk)

    assert meta.texts == texts


def test_cancelled_session_sends_nothing(conversation: Conversation, meta: Meta) -> None:
    queued(conversation)
    conversation.session.cancelled_at = timezone.now()
    conversation.session.save()

    delivery.deliver(conversation.pk)

    assert meta.requests == []


def test_nothing_more_goes_to_who_wished_to_be_erased(
    conversation: Conversation, meta: Meta
) -> None:
    queued(conversation)
    conversation.erase_requested_at = timezone.now()
    conversation.save()

    delivery.deliver(conversation.pk)

    assert meta.requests == []


def test_nothing_is_sent_once_the_key_is_destroyed(
    conversation: Conversation, meta: Meta, caplog: pytest.LogCaptureFixture
) -> None:
    message = queued(conversation)
    keystore().destroy(conversation.session.key_id)

    delivery.deliver(conversation.pk)

    assert (state(message), meta.requests) == (QUEUED, [])
    assert caplog.messages == [f"message {message.pk}: cannot be read (KeyUnavailable)"]


def test_key_destroyed_while_meta_answers_is_survived(
    conversation: Conversation, meta: Meta
) -> None:
    message = queued(conversation)

    def destroy(_: Json) -> Reply:
        keystore().destroy(conversation.session.key_id)
        return accepted("wamid.NEW")

    meta.decide = destroy
    delivery.deliver(conversation.pk)

    assert state(message) == SENDING


def test_row_erased_while_meta_answers_stays_erased(conversation: Conversation, meta: Meta) -> None:
    queued(conversation)
    meta.replies = [accepted("wamid.NEW")]

    Message.objects.all().delete()
    delivery.deliver(conversation.pk)

    assert not Message.objects.exists()


def test_conversation_that_is_gone_is_normal(meta: Meta, db: None) -> None:
    delivery.deliver(4711)

    assert meta.requests == []
