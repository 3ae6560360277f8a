"""The queue of outgoing messages in the database: what may be sent, and who is sending it."""

import uuid
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import Conversation, Message

LEASE = timedelta(seconds=60)  # of a conversation's queue; renewed for each row
FAREWELL_UNTIL = timedelta(seconds=20)  # after the session has closed
RING_LOST_AFTER = timedelta(seconds=1)


def sendable(now: datetime) -> QuerySet[Message]:
    """Keep queued rows of sessions that can be written in; after the end only farewells, briefly."""
    running = Q(session__closes_at__gt=now)
    farewell = Q(notice=Notice.FAREWELL, session__closes_at__gt=now - FAREWELL_UNTIL)
    return Message.objects.filter(
        running | farewell,
        delivery=DeliveryState.QUEUED,
        session__cancelled_at=None,
        conversation__erase_requested_at=None,
    )


def claim(conversation_id: int, worker: uuid.UUID, now: datetime) -> bool:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now) | Q(claimed_by=worker)
    rows = Conversation.objects.filter(free, pk=conversation_id)
    return bool(rows.update(claimed_by=worker, claimed_until=now + LEASE))


def release(conversation_id: int, worker: uuid.UUID) -> None:
    rows = Conversation.objects.filter(pk=conversation_id, claimed_by=worker)
    rows.update(claimed_by=None, claimed_until=None)


def first(conversation_id: int, now: datetime) -> Message | None:
    queue = sendable(now).filter(conversation=conversation_id).select_related("conversation")
    numbered = queue.annotate(number_id=F("session__office__phone_number_id"))
    return numbered.order_by("sent_at", "id").first()


def waiting(now: datetime) -> QuerySet[Message, int]:
    """Return the conversations that wait although nobody rang, or whose pause is over."""
    due = Q(next_attempt_at__lte=now)
    not_rung = Q(next_attempt_at=None, created_at__lte=now - RING_LOST_AFTER)
    free = Q(conversation__claimed_until=None) | Q(conversation__claimed_until__lte=now)
    rows = sendable(now).filter(free, due | not_rung)
    return rows.values_list("conversation_id", flat=True).distinct()
