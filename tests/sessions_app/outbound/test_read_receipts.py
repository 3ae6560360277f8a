"""What was read and that somebody types reaches the citizen's phone, where the office wishes it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_app.models import Conversation
from sessions_app.services.outbound import read_receipts
from tests import factories
from tests.sessions_app.outbound.meta import CUT, Meta


@pytest.fixture(autouse=True)
def _questions(conversation: Conversation) -> None:
    now = timezone.now()
    factories.message(conversation, wamid="wamid.newest", sent_at=now)
    factories.message(conversation, wamid="wamid.older", sent_at=now - timedelta(minutes=1))


def wish(conversation: Conversation, **wishes: bool) -> None:
    office = conversation.session.office
    for name, value in wishes.items():
        setattr(office, name, value)
    office.save()


def test_newest_message_is_marked_as_read(conversation: Conversation, meta: Meta) -> None:
    read_receipts.mark_read(conversation.pk)

    assert meta.requests == [
        {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.newest"}
    ]


def test_typing_is_shown(conversation: Conversation, meta: Meta) -> None:
    read_receipts.show_typing(conversation.pk)

    assert [body["typing_indicator"] for body in meta.requests] == [{"type": "text"}]


def test_nothing_is_told_without_the_offices_wish(conversation: Conversation, meta: Meta) -> None:
    wish(conversation, sends_read_receipts=False)

    read_receipts.mark_read(conversation.pk)
    read_receipts.show_typing(conversation.pk)  # would mark as read, too

    assert meta.requests == []


def test_typing_is_not_shown_without_the_offices_wish(
    conversation: Conversation, meta: Meta
) -> None:
    wish(conversation, sends_typing=False)

    read_receipts.show_typing(conversation.pk)

    assert meta.requests == []


def _close(conversation: Conversation) -> None:
    conversation.session.ends_at = conversation.session.closes_at = timezone.now()
    conversation.session.save()


def _wish_erasure(conversation: Conversation) -> None:
    conversation.erase_requested_at = timezone.now()
    conversation.save()


@pytest.mark.parametrize("end", [_close, _wish_erasure, Conversation.delete])
def test_nothing_is_told_after_the_end(conversation: Conversation, meta: Meta, end: Any) -> None:
    pk = conversation.pk
    end(conversation)

    read_receipts.mark_read(pk)

    assert meta.requests == []


def test_failure_is_in_nobodys_way(conversation: Conversation, meta: Meta) -> None:
    meta.replies = [CUT]

    read_receipts.mark_read(conversation.pk)

    assert len(meta.requests) == 1
