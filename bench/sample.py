"""Fills a database with an open session, conversations and messages, through the portal's services."""

import uuid
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from bench.machine import PHONE_NUMBER_ID
from sessions_app.enums import DeliveryState, Direction, MessageKind, Role
from sessions_app.models import (
    CitizenIdentifier,
    ConsultationSession,
    Conversation,
    Message,
    Office,
    Staff,
)
from sessions_app.services import sessions
from sprechstunde.vault import cipher

BATCH = 1000


def open_session(phone_number_id: str = PHONE_NUMBER_ID) -> ConsultationSession:
    """Create an office with a session that is open for two hours."""
    number = Office.objects.count()
    office = Office.objects.create(
        name=f"Bench {number}",
        slug=f"bench-{number}",
        display_phone_number="+4978420",
        phone_number_id=phone_number_id,
        sends_read_receipts=False,
        sends_typing=False,
    )
    now = timezone.now()
    return sessions.plan(
        office, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(hours=2)
    )


def mayor(session: ConsultationSession) -> Staff:
    """Create the host of the session's office."""
    user = User.objects.create_user(f"bench-{session.office_id}", password=uuid.uuid4().hex)
    return Staff.objects.create(user=user, office=session.office, role=Role.HOST)


def conversations(session: ConsultationSession, count: int, first: int = 0) -> list[Conversation]:
    """Create `count` citizens who wait for an answer; their ids match bench.load.webhook."""
    now = timezone.now()
    rows = [
        Conversation(
            session=session,
            key_id=session.key_id,
            number=index + 1,
            name=f"Bench {first + index}",
            phone=f"49151{first + index:07}",
            bsuid=f"DE.{first + index:016}",
            began_at=now,
            last_inbound_at=now,
            last_message_at=now,
            waiting_since=now - timedelta(seconds=count - index),
            unread=1,
        )
        for index in range(count)
    ]
    Conversation.objects.bulk_create(rows)
    CitizenIdentifier.objects.bulk_create([each for row in rows for each in _identifiers(row)])
    ConsultationSession.objects.filter(pk=session.pk).update(citizens=count)
    return rows


def messages(rows: list[Conversation], each: int, *, queued: bool = False) -> list[Message]:
    """Create `each` messages in every conversation: the citizens', or replies waiting to be sent."""
    created = [_message(row, number, queued) for number in range(each) for row in rows]
    for start in range(0, len(created), BATCH):
        Message.objects.bulk_create(created[start : start + BATCH])
    return created


def _identifiers(row: Conversation) -> list[CitizenIdentifier]:
    known = (("bsuid", row.bsuid or ""), ("phone", row.phone or ""))
    digests = [cipher.digest(row.key_id, context=kind, value=value) for kind, value in known]
    return [
        CitizenIdentifier(session=row.session, conversation=row, digest=digest)
        for digest in digests
    ]


def _message(row: Conversation, number: int, queued: bool) -> Message:
    now = timezone.now()
    wamid = None if queued else f"wamid.sample{row.pk:06}{number:04}"
    return Message(
        session_id=row.session_id,
        conversation=row,
        key_id=row.key_id,
        direction=Direction.OUT if queued else Direction.IN,
        kind=MessageKind.TEXT,
        content={"text": f"Wie geht es mit der Baustelle an der Hauptstraße weiter? ({number})"},
        wamid=wamid,
        wamid_digest=cipher.digest(row.key_id, context="wamid", value=wamid) if wamid else None,
        delivery=DeliveryState.QUEUED if queued else None,
        sent_at=now,
        created_at=now,
    )
