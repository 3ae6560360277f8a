"""What citizens do on their phones: the verbs behind the phone page and the control API."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator import inbound
from sprechstunde.simulator.envelope import Update
from sprechstunde.simulator.identity import call_id, incoming_wamid, mobile_number, user_id
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.statuses import played, read, tell_held_back
from sprechstunde.simulator.world import Call, Citizen, Entry

RING_SECONDS = 5.0
NAMES = (
    *("Anna Berger", "Mehmet Yılmaz", "Jörg Süß", "Käthe Großmann", "Luca Rossi", "Olena Koval"),
    *("Uwe Straßner", "Fatma Öztürk", "Paul Weiß", "Zoë Krämer", "Nguyễn Minh", "Rosa Müller"),
    *("Emil Bäcker", "Hanna Löw", "Kofi Mensah", "Lena Groß", "Günther Maaß", "Amira Haddad"),
)


class PhoneError(Exception):
    """A thing that this phone cannot do; the text is for the person at the page."""


def new_citizen(
    sim: Simulation,
    *,
    name: str = "",
    phone: str = "",
    username: str | None = None,
    shows_phone: bool = True,
    bsuid: str = "",
) -> Citizen:
    """Raises PhoneError if the number or id is taken."""
    world = sim.world
    identity = world.next_id()
    citizen = Citizen(
        id=identity,
        name=name or NAMES[(int(identity[1:]) - 1) % len(NAMES)],
        phone=_digits(phone) or _free_number(sim),
        user_id=bsuid or user_id(sim.dice.random),
        username=username,
        shows_phone=shows_phone,
    )
    if world.by_phone(citizen.phone) or world.by_user_id(citizen.user_id):
        raise PhoneError("Diese Nummer oder Kennung ist schon vergeben.")
    world.add(citizen)
    sim.hub.publish(citizen.id)
    return citizen


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _free_number(sim: Simulation) -> str:
    while sim.world.by_phone(number := mobile_number(sim.dice.random)):
        pass
    return number


def write(
    sim: Simulation,
    citizen: Citizen,
    entry: Entry,
    content: dict[str, Any],
    *,
    kind: str = "",
    context: dict[str, Any] | None = None,
    opens_window: bool = True,
) -> str:
    """Show the citizen's own bubble and tell the portal; returns the message's id."""
    sim.world.put(citizen, entry)
    citizen.last_contact = entry.at if opens_window else citizen.last_contact
    send(sim, citizen, entry, content, kind=kind or entry.kind, context=context)
    return entry.wamid


def own_entry(sim: Simulation, citizen: Citizen, kind: str, **fields: Any) -> Entry:
    """A bubble of the citizen, with a new id and the time now (or `at`)."""
    wamid = incoming_wamid(citizen.subject, sim.dice.random)
    at = fields.pop("at", None) or sim.clock.now()
    return Entry(wamid=wamid, mine=True, kind=kind, at=at, **fields)


def send(
    sim: Simulation,
    citizen: Citizen,
    entry: Entry,
    content: dict[str, Any],
    *,
    kind: str,
    context: dict[str, Any] | None = None,
) -> None:
    sim.world.received(citizen, entry.wamid, entry.at)
    element = inbound.message(
        citizen, wamid=entry.wamid, at=entry.at, kind=kind, content=content, context=context
    )
    body = inbound.value(sim.config, contacts=[inbound.contact(citizen)], messages=[element])

    def arrived() -> None:
        entry.status = "delivered" if entry.status == "sent" else entry.status
        sim.hub.publish(citizen.id)

    sim.tell(citizen, Update(citizen.id, "messages", body, arrived))
    sim.hub.publish(citizen.id)


def quote_context(sim: Simulation, citizen: Citizen, wamid: str) -> dict[str, Any]:
    entry = citizen.entry(wamid)
    of_business = entry is None or not entry.mine
    return inbound.reply_context(
        sim.config, wamid, of_business=of_business, sender_id=citizen.subject
    )


def react(sim: Simulation, citizen: Citizen, wamid: str, emoji: str) -> str:
    """An empty emoji takes the reaction back. Meta tells only of reactions to the business."""
    target = _existing(citizen, wamid)
    if emoji:
        target.reactions["citizen"] = emoji
    else:
        target.reactions.pop("citizen", None)
    given = {"emoji": emoji} if emoji or sim.faults.empty_emoji_on_removal else {}
    note = own_entry(sim, citizen, "reaction")
    if target.mine:
        sim.hub.publish(citizen.id)
    else:
        content = {"reaction": {"message_id": wamid, **given}}
        send(sim, citizen, note, content, kind="reaction")
    return note.wamid


def _existing(citizen: Citizen, wamid: str) -> Entry:
    entry = citizen.entry(wamid)
    if entry is None:
        raise PhoneError("Diese Nachricht gibt es auf diesem Telefon nicht.")
    return entry


def edit(sim: Simulation, citizen: Citizen, wamid: str, text: str) -> str:
    """The phone shows the new text; a Cloud-API number hears only of an unsupported message."""
    target = _existing(citizen, wamid)
    if not target.mine or target.kind != "text":
        raise PhoneError("Nur eigene Textnachrichten lassen sich bearbeiten.")
    target.text, target.edited = text, True
    note = own_entry(sim, citizen, "unsupported")
    send(sim, citizen, note, inbound.unsupported("edit"), kind="unsupported")
    return note.wamid


def press(sim: Simulation, citizen: Citizen, reply_id: str, wamid: str = "") -> str:
    """Press a reply button or choose a row; raises PhoneError if there is none of that id."""
    entry, option, kind = _option(citizen, reply_id, wamid)
    entry.answered = reply_id
    reply: dict[str, Any] = {"id": option["id"], "title": option["title"]}
    if kind == "list_reply" and option.get("description"):
        reply["description"] = option["description"]
    bubble = own_entry(sim, citizen, "interactive", text=option["title"], quote=entry.wamid)
    content = {"interactive": {"type": kind, kind: reply}}
    context = quote_context(sim, citizen, entry.wamid)
    return write(sim, citizen, bubble, content, context=context)


def _option(citizen: Citizen, reply_id: str, wamid: str) -> tuple[Entry, dict[str, str], str]:
    for entry in reversed(citizen.entries):
        if entry.mine or not entry.arrived or (wamid and entry.wamid != wamid):
            continue
        for kind, options in (("button_reply", entry.buttons), ("list_reply", entry.rows)):
            for option in options:
                if option["id"] == reply_id:
                    return entry, option, kind
    raise PhoneError("Diesen Knopf gibt es auf diesem Telefon nicht.")


def look(sim: Simulation, citizen: Citizen) -> int:
    """Open the chat: every message that has arrived counts as read; returns how many."""
    fresh = [
        entry
        for entry in citizen.entries
        if not entry.mine and entry.arrived and entry.status in ("sent", "delivered")
    ]
    for entry in fresh:
        read(sim, citizen, entry)
    if fresh:
        sim.hub.publish(citizen.id)
    return len(fresh)


def play(sim: Simulation, citizen: Citizen, wamid: str) -> None:
    played(sim, citizen, _existing(citizen, wamid))


def set_online(sim: Simulation, citizen: Citizen, online: bool) -> None:
    """What was sent meanwhile arrives when the phone comes back."""
    citizen.online = online
    if online:
        tell_held_back(sim, citizen)
    sim.hub.publish(citizen.id)


def place_call(sim: Simulation, citizen: Citizen, *, ring_seconds: float = RING_SECONDS) -> str:
    """Rings until rejected, hung up or `ring_seconds` have passed; opens the 24-hour window."""
    if not sim.world.business.takes_calls:
        raise PhoneError("Dieses Konto nimmt keine Anrufe an.")
    call = Call(call_id(sim.dice.random), citizen.id, sim.clock.now())
    sim.world.calls[call.id] = call
    citizen.calls.append(call)
    citizen.last_contact = call.started
    _tell_call(sim, citizen, call, "connect")
    sim.timers.after(ring_seconds, lambda: end_call(sim, call, "missed"))
    return call.id


def end_call(sim: Simulation, call: Call, state: str) -> None:
    citizen = sim.world.citizens.get(call.citizen_id)
    if citizen is None or call.state != "ringing":
        return
    call.state = state
    _tell_call(sim, citizen, call, "terminate")


def _tell_call(sim: Simulation, citizen: Citizen, call: Call, event: str) -> None:
    now = sim.clock.now()
    body = inbound.call(sim.config, citizen, call_id=call.id, at=now, event=event)
    sim.tell(citizen, Update(citizen.id, "calls", body))
    sim.hub.publish(citizen.id)


def change_identity(sim: Simulation, citizen: Citizen, *, phone: str | None) -> None:
    """A new number brings a new BSUID; without a number only the BSUID is rotated."""
    old_phone, old_user_id = citizen.phone, citizen.user_id
    new_phone = old_phone if phone is None else _digits(phone) or _free_number(sim)
    holder = sim.world.by_phone(new_phone)
    if holder is not None and holder is not citizen:
        raise PhoneError("Diese Nummer ist schon vergeben.")
    wamid = incoming_wamid(citizen.subject, sim.dice.random)
    citizen.phone, citizen.user_id = new_phone, user_id(sim.dice.random)
    sim.world.index(citizen)
    element = inbound.system_change(
        citizen, wamid=wamid, at=sim.clock.now(), old_phone=old_phone, old_user_id=old_user_id
    )
    body = inbound.value(sim.config, messages=[element])
    sim.tell(citizen, Update(citizen.id, "messages", body))
    sim.hub.publish(citizen.id)
