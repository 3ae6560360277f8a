"""What a webhook says, in plain typed words; nothing behind this module reads Meta's JSON.

The classes show nothing in `repr`: almost every field of them is personal.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sessions_app.enums import DeliveryState, MessageKind


@dataclass(frozen=True, slots=True, repr=False)
class Sender:
    """The ids and names under which a citizen appears; any of them may be missing.

    `phones` are digits without plus: `from` first, then a `wa_id` that differs from it (numbers in
    Brazil, Argentina and Mexico).
    """

    bsuid: str | None = None
    parent_bsuid: str | None = None
    phones: tuple[str, ...] = ()
    name: str | None = None
    username: str | None = None

    @property
    def phone(self) -> str | None:
        """The number to write to."""
        return self.phones[0] if self.phones else None

    def __bool__(self) -> bool:
        return bool(self.bsuid or self.parent_bsuid or self.phones)


@dataclass(frozen=True, slots=True, repr=False)
class Media:
    """A file that waits at Meta. Without `media_id` Meta could not fetch it itself.

    The type that the sender claims is left out: it may say anything. The bytes tell when they come.
    """

    media_id: str | None
    sha256: str | None  # base64, as webhooks write it
    filename: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Incoming:
    """Something a citizen sent. `content` has the shape that sessions_app/models/message.py names.

    `identity` is what makes it the same event when it comes again: the message's id at WhatsApp or,
    where that is missing, the whole element.
    """

    sender: Sender
    identity: str
    wamid: str | None
    sent_at: datetime  # aware, whole seconds
    kind: MessageKind
    content: dict[str, Any]
    media: Media | None = None
    quoted_wamid: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class IdentityChange:
    """A citizen's number or id became another one; `change` is `number` or `user_id`."""

    previous: Sender
    current: Sender
    identity: str
    wamid: str | None
    sent_at: datetime  # aware, whole seconds
    change: str


@dataclass(frozen=True, slots=True, repr=False)
class Receipt:
    """How far a message of ours came. `reference` is the key we sent along with it, if it is one."""

    wamid: str
    delivery: DeliveryState  # SENT, DELIVERED, READ, PLAYED or FAILED
    reference: int | None
    error_code: int | None
    at: datetime  # aware, whole seconds


Event = Incoming | IdentityChange | Receipt


@dataclass(frozen=True, slots=True, repr=False)
class Update:
    """An event and the id of the business number that it belongs to."""

    phone_number_id: str
    event: Event


@dataclass(frozen=True, slots=True)
class Parsed:
    """A webhook's events in its order, and how many elements were left out for which reason."""

    updates: tuple[Update, ...]
    skipped: dict[str, int]
