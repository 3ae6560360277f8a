"""The words in the links of our mails: each good for one thing, one row and one address.

They are signed and not stored. What makes one single-use is the row: once it is confirmed, the token
confirms nothing any more.
"""

import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.utils.crypto import salted_hmac

from routing.mail import base32


class Use(StrEnum):
    """What a link is for."""

    CONFIRM = "confirm"  # uid of a Question, bound to its address
    WITHDRAW = "withdraw"  # uid of a Question
    MAILBOX = "mailbox"  # pk of a Department as a number of 128 bits, bound to its mailbox


GOOD_FOR: Final = timedelta(hours=48)  # links that confirm an address

_UID_BYTES: Final = 16
_TIME_BYTES: Final = 4
_MAC_BYTES: Final = 16
_LENGTH: Final = _UID_BYTES + _TIME_BYTES + _MAC_BYTES


class BadToken(Exception):
    """Damaged, invented, or made for something else."""


def make(use: Use, uid: UUID, *, now: datetime, bound_to: str = "") -> str:
    """Return a token made at the aware time `now`; whoever checks it must know `bound_to`."""
    body = uid.bytes + int(now.timestamp()).to_bytes(_TIME_BYTES)
    return base32.encode(body + _mac(use, body, bound_to))


def uid_in(token: str) -> UUID:
    """Return the uid that a token claims, not yet proved; raises BadToken."""
    return UUID(bytes=_bytes(token)[:_UID_BYTES])


def made_at(use: Use, token: str, *, bound_to: str = "") -> datetime:
    """Return when a genuine token was made (UTC); raises BadToken."""
    data = _bytes(token)
    body, mac = data[:-_MAC_BYTES], data[-_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(use, body, bound_to)):
        raise BadToken
    return datetime.fromtimestamp(int.from_bytes(body[_UID_BYTES:]), UTC)


def _bytes(token: str) -> bytes:
    try:
        data = base32.decode(token)
    except ValueError as damaged:
        raise BadToken from damaged
    if len(data) != _LENGTH:
        raise BadToken
    return data


def _mac(use: Use, body: bytes, bound_to: str) -> bytes:
    content = body + bound_to.strip().casefold().encode()
    return salted_hmac(f"routing.mail.{use}", content, algorithm="sha256").digest()[:_MAC_BYTES]
