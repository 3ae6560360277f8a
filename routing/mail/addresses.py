"""Our reply addresses: unguessable, signed, and good for a time; the first way to match what comes in.

`sprechstunde+d<tag>@stadt.example`: the purpose, then row, day and signature in one word that survives
lower-casing and people who read l for 1. What the address may be used for is in `Purpose`.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parseaddr
from enum import StrEnum
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from routing.mail import base32


class Purpose(StrEnum):
    """Who may write to an address: a department, a citizen, or a mail server with a report."""

    DEPARTMENT = "d"  # pk of a Ticket
    CITIZEN = "c"  # pk of a Ticket
    BOUNCE = "b"  # pk of an OutgoingMail


GOOD_FOR: Final = {
    Purpose.DEPARTMENT: timedelta(days=180),
    Purpose.CITIZEN: timedelta(days=120),  # longer than any answered ticket is kept
    Purpose.BOUNCE: timedelta(days=30),
}

_DAY_BYTES: Final = 2
_MAC_BYTES: Final = 10
_SHORTEST: Final = 20  # letters; anything shorter is somebody's own plus address
_EPOCH: Final = date(2020, 1, 1)


class AddressError(Exception):
    """The address is not one to which something may be sent in."""


class NotOurs(AddressError):
    """It does not look like a reply address of ours."""


class Forged(AddressError):
    """It looks like one, but its signature is wrong: invented or damaged."""


class Expired(AddressError):
    """It was one, but its time is over."""


@dataclass(frozen=True, slots=True)
class Tag:
    """What a genuine address says."""

    purpose: Purpose
    pk: int
    made_on: date

    def is_older_than(self, moment: datetime) -> bool:
        """Whether it was made on a day before the aware `moment`.

        Then it does not mean a row made at that moment: a restored database gives numbers again.
        """
        return self.made_on < _day(moment)


def reply_address(purpose: Purpose, pk: int, *, now: datetime) -> str:
    """Return the address for this row, made today (UTC) at the aware time `now`."""
    body = (_day(now) - _EPOCH).days.to_bytes(_DAY_BYTES) + pk.to_bytes(
        (pk.bit_length() + 7) // 8 or 1
    )
    word = base32.encode(_mac(purpose, body) + body)
    return settings.REPLY_ADDRESS.replace("*", f"{purpose}{word}", 1)


def read(address: str, *, now: datetime) -> Tag:
    """Return what the address says; raises NotOurs, Forged, Expired. A display name may be around it."""
    match = _pattern(settings.REPLY_ADDRESS).fullmatch(parseaddr(address)[1])
    if match is None:
        raise NotOurs
    purpose = Purpose(match["purpose"].lower())
    tag = Tag(purpose, *_content(purpose, match["word"]))
    if _day(now) - tag.made_on > GOOD_FOR[purpose]:
        raise Expired
    return tag


def _content(purpose: Purpose, word: str) -> tuple[int, date]:
    try:
        data = base32.decode(word)
    except ValueError as damaged:
        raise Forged from damaged
    mac, body = data[:_MAC_BYTES], data[_MAC_BYTES:]
    if len(body) <= _DAY_BYTES or not hmac.compare_digest(mac, _mac(purpose, body)):
        raise Forged
    made_on = _EPOCH + timedelta(days=int.from_bytes(body[:_DAY_BYTES]))
    return int.from_bytes(body[_DAY_BYTES:]), made_on


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _mac(purpose: Purpose, body: bytes) -> bytes:
    keyed = salted_hmac("routing.mail.addresses", purpose.encode() + body, algorithm="sha256")
    return keyed.digest()[:_MAC_BYTES]


@lru_cache(maxsize=8)
def _pattern(reply_address: str) -> re.Pattern[str]:
    before, after = (re.escape(part) for part in reply_address.split("*", 1))
    purposes = "".join(Purpose)
    tag = rf"(?P<purpose>[{purposes}])(?P<word>[{base32.LETTERS}]{{{_SHORTEST},}})"
    return re.compile(f"{before}{tag}{after}", re.IGNORECASE)
