"""A typed client of the simulator's control API, for every test that needs citizens."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import requests

Json = dict[str, Any]
Found = TypeVar("Found")
SECONDS = 60.0


class ControlError(Exception):
    """The simulator refused an order; the text says why."""


class NotInTime(AssertionError):
    """What was waited for did not happen."""


def eventually(look: Callable[[], Found], what: str = "", *, seconds: float = SECONDS) -> Found:
    """Look again and again until there is something true; raises NotInTime."""
    until = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > until:
            raise NotInTime(what or f"nothing within {seconds} seconds")
        time.sleep(0.01)
    return found


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on a phone, as the person sees it. `at` is unix seconds."""

    wamid: str
    mine: bool
    type: str
    at: float
    text: str
    header: str
    footer: str
    buttons: list[dict[str, str]]
    rows: list[dict[str, str]]
    link: str
    quote: str | None
    media: dict[str, str] | None
    location: Json | None
    status: str
    edited: bool
    answered: str | None
    reactions: dict[str, str]
    callback: str | None


@dataclass(frozen=True, slots=True)
class Phone:
    """A citizen's phone; the identity is the one at creation."""

    control: Control
    id: str
    name: str
    phone: str
    user_id: str

    def _path(self, rest: str = "") -> str:
        return f"/control/citizens/{self.id}{rest}"

    def say(self, text: str, **order: Any) -> str:
        """Send a text (`quote=wamid`, `timestamp=…`, `age=…`); returns its id."""
        return self.send("text", text=text, **order)

    def send(self, kind: str, /, **order: Any) -> str:
        """Send anything that docs/simulator.md lists; returns the (first) message's id."""
        return str(self.control.post(self._path("/messages"), type=kind, **order)["wamid"])

    def album(self, count: int, caption: str = "") -> list[str]:
        order = {"type": "image", "count": count, "caption": caption}
        return list(self.control.post(self._path("/messages"), **order)["wamids"])

    def picture(self, data: bytes, *, mime_type: str = "image/jpeg", caption: str = "") -> str:
        encoded = base64.b64encode(data).decode()
        return self.send("image", data=encoded, mime_type=mime_type, caption=caption)

    def react(self, wamid: str, emoji: str) -> str:
        """An empty emoji takes the reaction back."""
        return self.send("reaction", message=wamid, emoji=emoji)

    def edit(self, wamid: str, text: str) -> str:
        return self.send("edit", message=wamid, text=text)

    def press(self, reply_id: str, wamid: str = "") -> str:
        """Press a button or choose a row, of the newest message that has it."""
        return self.send("press", id=reply_id, message=wamid)

    def call(self, *, ring_seconds: float = 5.0) -> str:
        return str(self.control.post(self._path("/call"), ring_seconds=ring_seconds)["call"])

    def look(self) -> int:
        """Open the chat: what has arrived becomes read; returns how many messages."""
        return int(self.control.post(self._path("/read"))["read"])

    def change_number(self, phone: str = "") -> Phone:
        return self.control.handle(self.control.post(self._path("/number"), phone=phone))

    def change_user_id(self) -> Phone:
        return self.control.handle(self.control.post(self._path("/user-id")))

    def change(self, **settings: Any) -> Json:
        """name, username, shows_phone, online, auto_read, window_open, pair_tokens."""
        return self.control.request("PATCH", self._path(), settings)

    def state(self) -> Json:
        """All that the page shows: typing, read_receipts, calls, window_open, messages …"""
        return self.control.get(self._path())

    def inbox(self) -> list[Bubble]:
        """The whole chat in its order, own messages included."""
        return [Bubble(**item) for item in self.control.get(self._path("/messages"))["messages"]]

    def received(self) -> list[Bubble]:
        return [bubble for bubble in self.inbox() if not bubble.mine]

    def wait_for(self, text: str, *, seconds: float = SECONDS) -> Bubble:
        """The first message of the office that contains the text; raises NotInTime."""

        def look() -> list[Bubble]:
            return [bubble for bubble in self.received() if text in bubble.text]

        return eventually(look, f"the phone did not get {text!r}", seconds=seconds)[0]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody's mailbox at the simulated mail server."""

    control: Control = field(repr=False)
    address: str

    @property
    def _path(self) -> str:
        return f"/control/mail/{quote(self.address)}"

    def mails(self) -> list[Json]:
        """All mails, oldest first: id, from, to, subject, text, headers, attachments, envelope."""
        return list(self.control.get(self._path)["mails"])

    def raw(self, mail: Json) -> bytes:
        """The bytes of a mail."""
        return self.control.download(f"{self._path}/{mail['id']}/raw")

    def behave(self, mode: str) -> None:
        """Set the mode: normal, refuses, bounces, full, greylisted, away, away_en, robot."""
        self.control.request("PATCH", self._path, {"mode": mode})

    def reply(self, mail: Json, text: str, **order: Any) -> None:
        """Answer a mail; `style` and `attachment` (name, type, content in base64) as wished."""
        self.control.post(f"{self._path}/{mail['id']}/reply", text=text, **order)

    def write(self, to: str, text: str, **order: Any) -> None:
        """Write a new mail; `subject`, `headers` and `attachment` as wished."""
        self.control.post(f"{self._path}/send", to=to, text=text, **order)

    def wait_for(self, subject: str, *, count: int = 1, seconds: float = SECONDS) -> Json:
        """The `count`th mail whose subject contains the words; raises NotInTime."""

        def look() -> list[Json]:
            found = [mail for mail in self.mails() if subject in mail["subject"]]
            return found[count - 1 : count]

        return eventually(look, f"{self.address} got no mail {subject!r}", seconds=seconds)[0]


class Control:
    """The control API as methods; one HTTP session, so one thread at a time."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = requests.Session()

    def request(self, method: str, path: str, order: Json | None = None) -> Json:
        """Raises ControlError for a refused order."""
        reply = self._http.request(method, self.base_url + path, json=order or {}, timeout=300)
        if reply.status_code != 200:
            raise ControlError(f"{method} {path}: {reply.status_code} {reply.text}")
        return dict(reply.json())

    def get(self, path: str) -> Json:
        return self.request("GET", path)

    def post(self, path: str, **order: Any) -> Json:
        return self.request("POST", path, order)

    def download(self, path: str) -> bytes:
        """Return the bytes at `path`."""
        return self._http.get(self.base_url + path, timeout=300).content

    def mailbox(self, address: str) -> Mailbox:
        """Anybody's mailbox; it is there from its first mail on."""
        return Mailbox(self, address)

    def mail_servers(self) -> dict[str, tuple[str, int]]:
        """Host and port of `smtp` and `imap`."""
        told = self.get("/control/mail")
        parts = {name: told[name].rpartition(":") for name in ("smtp", "imap")}
        return {name: (host, int(port)) for name, (host, _, port) in parts.items()}

    def handle(self, state: Json) -> Phone:
        return Phone(self, state["id"], state["name"], state["phone"], state["user_id"])

    def citizen(
        self,
        name: str = "",
        *,
        phone: str = "",
        username: str | None = None,
        shows_phone: bool | None = None,
    ) -> Phone:
        """A new citizen; with a username the number is hidden unless `shows_phone` says so."""
        shown = username is None if shows_phone is None else shows_phone
        order = {"name": name, "phone": phone, "username": username, "shows_phone": shown}
        return self.handle(self.post("/control/citizens", **order))

    def citizens(self) -> list[Phone]:
        return [self.handle(state) for state in self.get("/control/citizens")["citizens"]]

    def say(self, citizen: Phone, text: str, **order: Any) -> str:
        return citizen.say(text, **order)

    def inbox(self, citizen: Phone) -> list[Bubble]:
        return citizen.inbox()

    def sends(self) -> list[Json]:
        """Every accepted send in order: wamid, citizen, callback, answer, statuses, body."""
        return list(self.get("/control/sends")["sends"])

    def deliveries(self, *, since: int = 0, bodies: bool = False) -> Json:
        return self.get(f"/control/deliveries?since={since}&bodies={int(bodies)}")

    def faults(self, **changes: Any) -> Json:
        return self.request("PATCH", "/control/faults", changes)

    def seed(self, seed: int) -> None:
        self.post("/control/seed", seed=seed)

    def reset(self, seed: int | None = None) -> None:
        self.post("/control/reset", seed=seed)

    def advance(self, seconds: float) -> float:
        """Move the simulator's clock; returns its time in unix seconds."""
        return float(self.post("/control/clock", advance=seconds)["now"])

    def idle(self, *, seconds: float = SECONDS) -> None:
        """Wait until nothing is queued, on its way, repeated or scheduled; raises NotInTime."""
        state = self.get(f"/control/idle?timeout={seconds}")
        if not state["idle"]:
            raise NotInTime(f"the simulator is still busy: {state}")

    def raw(self, *, payload: Json | None = None, body: str | None = None, **order: Any) -> None:
        """Post any payload or bytes; `signature` is valid, wrong or none."""
        given = {"body": body} if body is not None else {"payload": payload}
        self.post("/control/raw", **given, **order)

    def burst(self, messages: int, *, citizens: int = 20, per_second: float = 0.0) -> Json:
        order = {"messages": messages, "citizens": citizens, "per_second": per_second}
        return self.post("/control/burst", **order)
