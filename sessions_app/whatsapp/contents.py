"""What each type of message says: from Meta's object to the content of one of our kinds."""

import json
from collections.abc import Callable
from typing import Any

from sessions_app.enums import MessageKind
from sessions_app.whatsapp.events import Media
from sessions_app.whatsapp.reading import (
    TEXT_LIMIT,
    Element,
    child,
    children,
    degrees,
    identifier,
    objects,
    text,
    word,
)

Said = tuple[MessageKind, dict[str, Any]]

# What an office may take; audio and video are never fetched.
FETCHED = {MessageKind.IMAGE, MessageKind.DOCUMENT, MessageKind.STICKER}
_CARDS_LIMIT = 20
_LINES_LIMIT = 10
_ANSWERS_LIMIT = 50


def said(message: Element) -> Said:
    """Return kind and content of a message; one that cannot be understood is UNSUPPORTED.

    Source: Meta, webhooks reference, `messages`.
    """
    kind = word(message, "type")
    read = _READERS.get(kind)
    # Contact cards alone are a list and not an object.
    part = message if kind == "contacts" else child(message, kind)
    understood = read(part) if read else None
    return understood or _unsupported(kind)


def media(message: Element, kind: MessageKind) -> Media | None:
    """Return the file that came along, if it is of a kind that is fetched."""
    if kind not in FETCHED:
        return None
    file = child(message, kind.value)
    return Media(
        media_id=identifier(file, "id"),
        sha256=identifier(file, "sha256"),
        filename=text(file, "filename", 255),
    )


def _text(body: Element) -> Said | None:
    written = text(body, "body", TEXT_LIMIT)
    return (MessageKind.TEXT, {"text": written}) if written else None


def _captioned(kind: MessageKind) -> Callable[[Element], Said]:
    return lambda file: (kind, {"caption": text(file, "caption", TEXT_LIMIT)})


def _audio(file: Element) -> Said:
    return MessageKind.AUDIO, {"voice": file.get("voice") is True}


def _location(place: Element) -> Said | None:
    latitude, longitude = degrees(place, "latitude", 90), degrees(place, "longitude", 180)
    if latitude is None or longitude is None:
        return None
    named = {"name": text(place, "name"), "address": text(place, "address")}
    return MessageKind.LOCATION, {"latitude": latitude, "longitude": longitude, **named}


def _contacts(message: Element) -> Said:
    cards = [_card(card) for card in objects(message, "contacts")[:_CARDS_LIMIT]]
    return MessageKind.CONTACTS, {"cards": cards}


def _card(card: Element) -> dict[str, Any]:
    return {
        "name": _card_name(card),
        "phones": _lines(card, "phones", "phone"),
        "emails": _lines(card, "emails", "email"),
    }


def _card_name(card: Element) -> str | None:
    name = child(card, "name")
    parts = [text(name, "first_name"), text(name, "last_name")]
    spelled = " ".join(part for part in parts if part)
    return text(name, "formatted_name") or spelled or text(child(card, "org"), "company")


def _lines(card: Element, key: str, part: str) -> list[str]:
    lines = [text(line, part) for line in objects(card, key)[:_LINES_LIMIT]]
    return [line for line in lines if line]


def _interactive(reply: Element) -> Said | None:
    kind = word(reply, "type")
    inner = child(reply, kind)
    if kind in {"button_reply", "list_reply"}:
        return _choice(inner, "id", "title")
    if kind == "nfm_reply":
        return MessageKind.FORM, {"answers": _answers(inner)}
    if kind == "call_permission_reply":
        return _choice({"id": kind, "title": inner.get("response")}, "id", "title")
    return None


def _button(reply: Element) -> Said | None:
    return _choice(reply, "payload", "text")


def _choice(reply: Element, key: str, title: str) -> Said | None:
    chosen, shown = identifier(reply, key), text(reply, title)
    if not chosen and not shown:
        return None
    description = text(reply, "description")
    return MessageKind.CHOICE, {"id": chosen, "title": shown, "description": description}


def _answers(form: Element) -> list[list[str]]:
    """Return label and value of each answer; the bare text where the JSON inside is broken."""
    written = text(form, "response_json", TEXT_LIMIT) or ""
    try:
        answers = json.loads(written)
    except (ValueError, RecursionError):
        return [["", written]] if written else []
    if not isinstance(answers, dict):
        return [["", written]]
    labels = [label for label in answers if label != "flow_token"][:_ANSWERS_LIMIT]
    return [[label[:200], _answer(answers, label)] for label in labels]


def _answer(answers: Element, label: str) -> str:
    value = answers[label]
    spelled = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text({"value": spelled}, "value") or ""


def _order(order: Element) -> Said:
    items = len(children(order, "product_items"))
    return MessageKind.ORDER, {"text": text(order, "text", TEXT_LIMIT), "items": items}


def _reaction(reaction: Element) -> Said:
    # Taken back: without `emoji` (today) or with an empty one (older deliveries).
    return MessageKind.REACTION, {"emoji": text(reaction, "emoji", 40)}


def _edit(edit: Element) -> Said:
    message = child(edit, "message")
    after = text(child(message, "text"), "body", TEXT_LIMIT)
    caption = text(child(message, word(message, "type")), "caption", TEXT_LIMIT)
    return MessageKind.EDIT, {"text": after or caption}


def _revoke(_: Element) -> Said:
    return MessageKind.REVOKE, {}


def _announced_as_unsupported(announced: Element) -> Said | None:
    # An edit reaches pure Cloud API numbers only as the news that something was edited.
    subtype = word(announced, "type")
    if subtype == "edit":
        return MessageKind.EDIT, {"text": None}
    return _unsupported(subtype) if subtype else None


def _unsupported(subtype: str) -> Said:
    return MessageKind.UNSUPPORTED, {"subtype": subtype or "unknown"}


_READERS: dict[str, Callable[[Element], Said | None]] = {
    "text": _text,
    "image": _captioned(MessageKind.IMAGE),
    "video": _captioned(MessageKind.VIDEO),
    "document": _captioned(MessageKind.DOCUMENT),
    "sticker": _captioned(MessageKind.STICKER),
    "audio": _audio,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
    "unsupported": _announced_as_unsupported,
}
