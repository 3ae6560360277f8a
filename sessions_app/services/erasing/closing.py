"""The last thing before the erasure: one farewell to everyone who wrote."""

from datetime import datetime

from django.db import transaction

from sessions_app.enums import DeliveryState, Notice
from sessions_app.models import ConsultationSession, Message
from sessions_app.services.messages import send_notice
from sessions_app.services.outbound.outbox import FAREWELL_UNTIL
from sprechstunde.vault.errors import KeyUnavailable


def queue_farewells(session: ConsultationSession, now: datetime) -> None:
    """Queue the farewell for every conversation of a session that has closed at `now` (aware).

    Once only, whoever calls; and not any more once workers would no longer send it.
    """
    if session.farewell_at or not _may_still_be_sent(session, now):
        return
    try:
        with transaction.atomic():
            _queue(session, now)
    except KeyUnavailable:
        return  # somebody else is already erasing


def awaits_farewells(session: ConsultationSession, now: datetime) -> bool:
    """Say whether a worker may still be sending farewells, so that the erasure waits for it."""
    on_its_way = Message.objects.filter(
        session=session,
        notice=Notice.FAREWELL,
        delivery__in=(DeliveryState.QUEUED, DeliveryState.SENDING),
    )
    return _may_still_be_sent(session, now) and on_its_way.exists()


def _may_still_be_sent(session: ConsultationSession, now: datetime) -> bool:
    is_over = session.cancelled_at is None and session.closes_at <= now
    return is_over and now < session.closes_at + FAREWELL_UNTIL


def _queue(session: ConsultationSession, now: datetime) -> None:
    unsaid = ConsultationSession.objects.filter(pk=session.pk, farewell_at=None, closes_at__lte=now)
    if not unsaid.update(farewell_at=now):
        return
    conversations = session.conversations.filter(erase_requested_at=None)
    for conversation in conversations.select_related("session__office"):
        send_notice(conversation, Notice.FAREWELL, now=now)
