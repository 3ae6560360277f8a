"""Our own Message-IDs: made from a row's uid, so that what comes back names the row."""

import re
from email.utils import parseaddr
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings

_OURS: Final = re.compile(r"<\s*sprechstunde\.([0-9a-f]{32})@", re.IGNORECASE)


def message_id(uid: UUID) -> str:
    """Return `<sprechstunde.….@domain>` for a row's uid; the same at every attempt to send it."""
    return f"<sprechstunde.{uid.hex}@{domain()}>"


def uid_of(header: str) -> UUID | None:
    """Return the uid in a Message-ID, In-Reply-To or References header; of several ours the last one.

    The domain does not matter: it may have changed since, and who looks the uid up knows.
    """
    found = _OURS.findall(header)
    return UUID(found[-1]) if found else None


def domain() -> str:
    """Return the domain of the portal's own mailbox."""
    return own_address(settings.DEFAULT_FROM_EMAIL).rpartition("@")[2]


@lru_cache(maxsize=8)
def own_address(sender: str) -> str:
    """Return the address alone in `sender` (DEFAULT_FROM_EMAIL); kept, as every mail asks thrice."""
    return parseaddr(sender)[1]
