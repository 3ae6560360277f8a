"""One function per kind of thing a citizen can send; JSON in, message ids out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from sprechstunde.simulator import inbound, phones
from sprechstunde.simulator.media import webhook_hash
from sprechstunde.simulator.phones import PhoneError
from sprechstunde.simulator.samples import sample
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.world import Citizen, Entry

Order = dict[str, Any]
MEDIA_TYPES = {"image": "image", "video": "video", "audio": "audio", "voice": "audio"} | {
    "document": "document",
    "sticker": "sticker",
}


def say(sim: Simulation, citizen: Citizen, order: Order) -> list[str]:
    """Send what the order describes; raises PhoneError if it makes no sense."""
    kind = str(order.get("type", "text"))
    if kind in MEDIA_TYPES:
        count = min(int(order.get("count", 1)), 100)
        return [_media(sim, citizen, order, kind, number) for number in range(count)]
    if kind not in SAYINGS:
        raise PhoneError(f"Unbekannte Art: {kind}")
    return [SAYINGS[kind](sim, citizen, order)]


def _required(order: Order, key: str) -> str:
    value = order.get(key)
    if not isinstance(value, str) or not value:
        raise PhoneError(f"Es fehlt: {key}")
    return value


def _bubble(sim: Simulation, citizen: Citizen, kind: str, order: Order, **fields: Any) -> Entry:
    """`timestamp` (unix seconds) or `age` (seconds) say when the message was written."""
    at = order.get("timestamp")
    if at is None and order.get("age"):
        at = sim.clock.now() - float(order["age"])
    quote = order.get("quote") or None
    return phones.own_entry(sim, citizen, kind, at=at, quote=quote, **fields)


def _context(sim: Simulation, citizen: Citizen, order: Order) -> dict[str, Any] | None:
    if order.get("quote"):
        return phones.quote_context(sim, citizen, str(order["quote"]))
    if order.get("forwarded"):
        return {"forwarded": True}
    return None


def _write(
    sim: Simulation, citizen: Citizen, order: Order, entry: Entry, content: Order, kind: str = ""
) -> str:
    context = _context(sim, citizen, order)
    return phones.write(sim, citizen, entry, content, kind=kind, context=context)


def _text(sim: Simulation, citizen: Citizen, order: Order) -> str:
    text = _required(order, "text")
    entry = _bubble(sim, citizen, "text", order, text=text)
    return _write(sim, citizen, order, entry, {"text": {"body": text}})


def _media(sim: Simulation, citizen: Citizen, order: Order, kind: str, number: int) -> str:
    """Own bytes as base64 in `data`, otherwise a sample; `count` of them make an album."""
    content, mime_type, filename = _bytes(order, kind, number)
    media = sim.media.receive(content, mime_type, filename)
    wire = MEDIA_TYPES[kind]
    caption = str(order.get("caption", "")) if number == 0 else ""
    described: Order = {"id": media.id, "mime_type": mime_type, "sha256": webhook_hash(media)}
    if sim.faults.media_url:
        described["url"] = sim.media.new_url(media)
    if caption:
        described["caption"] = caption
    if kind == "document":
        described["filename"] = filename
    if wire == "audio":
        described["voice"] = kind == "voice"
    if wire == "sticker":
        described["animated"] = False
    entry = _bubble(sim, citizen, wire, order, text=caption, media_id=media.id, filename=filename)
    entry.mime_type = mime_type
    return _write(sim, citizen, order, entry, {wire: described})


def _bytes(order: Order, kind: str, number: int) -> tuple[bytes, str, str]:
    content, mime_type, filename = sample(kind, number)
    if "data" in order:
        try:
            content = base64.b64decode(str(order["data"]), validate=True)
        except binascii.Error as error:
            raise PhoneError("data ist kein Base64.") from error
    given_type = str(order.get("mime_type") or mime_type)
    return content, given_type, str(order.get("filename") or filename)


def _location(sim: Simulation, citizen: Citizen, order: Order) -> str:
    place: Order = {
        "latitude": float(order.get("latitude", 48.5908)),
        "longitude": float(order.get("longitude", 8.1170)),
    }
    place |= {key: order[key] for key in ("name", "address", "url") if order.get(key)}
    entry = _bubble(sim, citizen, "location", order, location=place)
    return _write(sim, citizen, order, entry, {"location": place})


def _contacts(sim: Simulation, citizen: Citizen, order: Order) -> str:
    people = order.get("contacts") or [_sample_contact()]
    names = ", ".join(str(person["name"]["formatted_name"]) for person in people)
    entry = _bubble(sim, citizen, "contacts", order, text=names)
    return _write(sim, citizen, order, entry, {"contacts": people})


def _sample_contact() -> Order:
    return {
        "name": {"formatted_name": "Hausmeister Keßler", "last_name": "Keßler"},
        "phones": [{"phone": "+49 1500 0000000", "type": "WORK"}],
        "origin": "other",
    }


def _reaction(sim: Simulation, citizen: Citizen, order: Order) -> str:
    return phones.react(sim, citizen, _required(order, "message"), str(order.get("emoji", "")))


def _edit(sim: Simulation, citizen: Citizen, order: Order) -> str:
    return phones.edit(sim, citizen, _required(order, "message"), _required(order, "text"))


def _press(sim: Simulation, citizen: Citizen, order: Order) -> str:
    return phones.press(sim, citizen, _required(order, "id"), str(order.get("message", "")))


def _nfm_reply(sim: Simulation, citizen: Citizen, order: Order) -> str:
    """The form's answer; by default with JSON that breaks off."""
    answer = str(order.get("response_json", '{"flow_token":"abc","eingabe":'))
    reply = {"name": str(order.get("name", "flow")), "body": "Sent", "response_json": answer}
    entry = _bubble(sim, citizen, "interactive", order, text="Formular")
    return _write(
        sim, citizen, order, entry, {"interactive": {"type": "nfm_reply", "nfm_reply": reply}}
    )


def _template_button(sim: Simulation, citizen: Citizen, order: Order) -> str:
    text = _required(order, "text")
    entry = _bubble(sim, citizen, "button", order, text=text)
    content = {"button": {"payload": str(order.get("payload", text)), "text": text}}
    return _write(sim, citizen, order, entry, content)


def _unsupported(sim: Simulation, citizen: Citizen, order: Order) -> str:
    name = str(order.get("kind", "poll_creation"))
    entry = _bubble(sim, citizen, "unsupported", order, text=name)
    return _write(sim, citizen, order, entry, inbound.unsupported(name))


def _custom(sim: Simulation, citizen: Citizen, order: Order) -> str:
    """Any type with any object: `kind` and `content`, for what nobody knows yet."""
    kind = str(order.get("kind", "hologram"))
    content = order.get("content", {kind: {"id": "1"}})
    entry = _bubble(sim, citizen, kind, order, text=f"[{kind}]")
    return _write(sim, citizen, order, entry, content)


SAYINGS: dict[str, Callable[[Simulation, Citizen, Order], str]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "edit": _edit,
    "press": _press,
    "nfm_reply": _nfm_reply,
    "template_button": _template_button,
    "unsupported": _unsupported,
    "custom": _custom,
}
