"""Rows for tests: plain functions without surprises; what matters to a test is passed in by it."""

import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from sessions_app.enums import DeliveryState, Direction, MessageKind, Role
from sessions_app.models import ConsultationSession, Conversation, Message, Office, Staff
from sprechstunde.vault.cipher import digest
from sprechstunde.vault.keystore import keystore

PASSWORD = "correct horse battery staple"

_numbers = itertools.count(1)


def office(**fields: Any) -> Office:
    """An office with a number of its own."""
    n = next(_numbers)
    given = {
        "name": f"Musterstadt {n}",
        "slug": f"musterstadt-{n}",
        "display_phone_number": f"+49784280{n:04}",
        "phone_number_id": f"10000000{n:04}",
    }
    return Office.objects.create(**given | fields)


def user(**fields: Any) -> User:
    """A user who can log in with PASSWORD."""
    given = {"username": f"user-{next(_numbers)}", "password": PASSWORD}
    return User.objects.create_user(**given | fields)


def staff(of: Office | None = None, role: Role = Role.HOST, **fields: Any) -> Staff:
    """A member of staff; without `of` in an office of their own."""
    return Staff.objects.create(
        user=fields.pop("user", None) or user(**fields), office=of or office(), role=role
    )


def session(
    of: Office | None = None,
    *,
    starts_at: datetime | None = None,
    minutes: int = 60,
    wrap_up_minutes: int = 15,
    **fields: Any,
) -> ConsultationSession:
    """A session with its key; without `starts_at` one that has been open for ten minutes."""
    starts_at = starts_at or timezone.now() - timedelta(minutes=10)
    ends_at = starts_at + timedelta(minutes=minutes)
    given = {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "closes_at": ends_at + timedelta(minutes=wrap_up_minutes),
        "wrap_up_minutes": wrap_up_minutes,
    }
    row = ConsultationSession.objects.create(office=of or office(), **given | fields)
    keystore().create(row.key_id)
    return row


def conversation(of: ConsultationSession | None = None, **fields: Any) -> Conversation:
    """One citizen's conversation with nothing said yet, waiting since now."""
    of = of or session()
    now = timezone.now()
    of.citizens += 1
    of.save(update_fields=("citizens",))
    given = {
        "number": of.citizens,
        "name": "Erika Mustermann",
        "phone": f"4915{next(_numbers):09}",
        "began_at": now,
        "last_inbound_at": now,
        "last_message_at": now,
        "waiting_since": now,
    }
    return Conversation.objects.create(session=of, key_id=of.key_id, **given | fields)


def message(
    of: Conversation | None = None,
    text: str = "Wann wird der Weg repariert?",
    *,
    direction: Direction = Direction.IN,
    **fields: Any,
) -> Message:
    """A text of the citizen; with `direction=Direction.OUT` one of the office that was delivered."""
    of = of or conversation()
    now = timezone.now()
    wamid = fields.pop("wamid", f"wamid.{uuid4().hex}")
    given = {
        "kind": MessageKind.TEXT,
        "content": {"text": text},
        "wamid": wamid,
        "wamid_digest": digest(of.key_id, context="wamid", value=wamid) if wamid else None,
        "sent_at": now,
        "created_at": now,
        "delivery": None if direction is Direction.IN else DeliveryState.DELIVERED,
    }
    return Message.objects.create(
        session=of.session, conversation=of, key_id=of.key_id, direction=direction, **given | fields
    )
