"""What exists in the simulated world: the business, the citizens, their phones and media."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

WINDOW_SECONDS = 24 * 3600


@dataclass(slots=True)
class Entry:
    """One bubble on a citizen's phone. Times are unix seconds of the simulator's clock."""

    wamid: str
    mine: bool
    kind: str
    at: float
    text: str = ""
    header: str = ""
    footer: str = ""
    buttons: list[dict[str, str]] = field(default_factory=list)
    rows: list[dict[str, str]] = field(default_factory=list)
    link: str = ""
    quote: str | None = None
    media_id: str | None = None
    mime_type: str = ""
    filename: str = ""
    location: dict[str, Any] | None = None
    status: str = "sent"
    edited: bool = False
    answered: str | None = None
    reactions: dict[str, str] = field(default_factory=dict)
    arrived: bool = True
    callback: str | None = None
    to_phone: bool = True
    status_due: float = 0.0  # of the event loop's clock
    priced: bool = False


@dataclass(slots=True)
class Call:
    """A call that a citizen placed."""

    id: str
    citizen_id: str
    started: float
    state: str = "ringing"


@dataclass(slots=True)
class Citizen:
    """A person with a phone; `id` is the simulator's own and appears in its addresses only."""

    id: str
    name: str
    phone: str
    user_id: str
    username: str | None = None
    shows_phone: bool = True
    online: bool = True
    auto_read: bool = False
    last_contact: float | None = None
    entries: list[Entry] = field(default_factory=list)
    typing_until: float = 0.0
    typing_seen: int = 0
    receipts: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """What message ids carry: the number, or the BSUID where the number is hidden."""
        return self.phone if self.shows_phone else self.user_id

    def window_open(self, now: float) -> bool:
        return self.last_contact is not None and now - self.last_contact < WINDOW_SECONDS

    def entry(self, wamid: str) -> Entry | None:
        return next((entry for entry in reversed(self.entries) if entry.wamid == wamid), None)


@dataclass(slots=True)
class Sent:
    """A send that was accepted, whatever the caller was told."""

    wamid: str
    at: float
    body: dict[str, Any]
    citizen_id: str | None
    callback: str | None
    answer: str = "200"
    statuses: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Media:
    """Bytes on Meta's side; `url_until` is the end of the newest address's five minutes."""

    id: str
    content: bytes
    mime_type: str
    sha256: str
    filename: str
    expires: float
    url_until: float = 0.0
    token: str = ""


@dataclass(slots=True)
class Business:
    """The account's own state."""

    registered: bool = True
    pin: str | None = None
    registrations: list[float] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"calling": {"status": "ENABLED"}})
    blocked: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    automation: dict[str, Any] = field(default_factory=dict)
    subscribed: bool = True
    payment: bool = True
    government: bool = False
    free_tier: int = 1000
    delivered_messages: int = 0

    @property
    def takes_calls(self) -> bool:
        return bool(self.settings.get("calling", {}).get("status") == "ENABLED")


class World:
    """All state in memory; gone with the process or a reset."""

    def __init__(self) -> None:
        self.business = Business()
        self.citizens: dict[str, Citizen] = {}
        self.media: dict[str, Media] = {}
        self.sends: dict[str, Sent] = {}
        self.calls: dict[str, Call] = {}
        self._received: dict[str, tuple[str, float]] = {}
        self._by_phone: dict[str, str] = {}
        self._by_user_id: dict[str, str] = {}
        self._next = 1

    def add(self, citizen: Citizen) -> None:
        self.citizens[citizen.id] = citizen
        self._next += 1
        self.index(citizen)

    def index(self, citizen: Citizen) -> None:
        """After a change of identity: former numbers and ids reach nobody any more."""
        for register in (self._by_phone, self._by_user_id):
            for key in [key for key, owner in register.items() if owner == citizen.id]:
                del register[key]
        self._by_phone[citizen.phone] = citizen.id
        self._by_user_id[citizen.user_id] = citizen.id

    def remove(self, citizen: Citizen) -> None:
        del self.citizens[citizen.id]
        self._by_phone.pop(citizen.phone, None)
        self._by_user_id.pop(citizen.user_id, None)

    def next_id(self) -> str:
        return f"c{self._next}"

    def by_phone(self, phone: str) -> Citizen | None:
        return self.citizens.get(self._by_phone.get(phone, ""))

    def by_user_id(self, user_id: str) -> Citizen | None:
        return self.citizens.get(self._by_user_id.get(user_id, ""))

    def put(self, citizen: Citizen, entry: Entry) -> None:
        citizen.entries.append(entry)

    def received(self, citizen: Citizen, wamid: str, at: float) -> None:
        """The business was told of this message of the citizen, bubble or not."""
        self._received[wamid] = (citizen.id, at)

    def sender(self, wamid: str) -> tuple[Citizen, float] | None:
        """Who wrote to the business, and when; None for every other id."""
        identity, at = self._received.get(wamid, ("", 0.0))
        citizen = self.citizens.get(identity)
        return None if citizen is None else (citizen, at)
