"""Reads a webhook's body: every entry, change, message, status and call of it, each on its own."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

from sessions_app.enums import DeliveryState, MessageKind
from sessions_app.whatsapp.contents import media, said
from sessions_app.whatsapp.events import (
    Event,
    IdentityChange,
    Incoming,
    Parsed,
    Receipt,
    Sender,
    Update,
)
from sessions_app.whatsapp.reading import (
    Element,
    child,
    children,
    identifier,
    integer,
    moment,
    objects,
    phone,
    word,
)
from sessions_app.whatsapp.senders import changed, sender

# `deleted` and `warning` are relics of another API and tell nothing.
_DELIVERY = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.PLAYED,
    "failed": DeliveryState.FAILED,
}
_CHANGES = {"user_changed_number": "number", "user_changed_user_id": "user_id"}
_LONGEST_INTEGER = 30

_Reader = Callable[[Element, Element, datetime], Event]
_Found = tuple[str, Element, _Reader, Element]


class Unreadable(ValueError):
    """The body is no JSON object at all. Its message holds nothing of the body."""


class _Skipped(Exception):
    """An element is left out; the argument is the reason, counted in the log."""


def parse(body: bytes, *, now: datetime) -> Parsed:
    """Return the events of `body` in its order; what cannot be understood is counted, never raised.

    An element without a usable time gets `now` (aware). Raises Unreadable.
    """
    found: list[Update] = []
    skipped: Counter[str] = Counter()
    for number, element, read, value in _elements(_load(body), skipped):
        try:
            found.append(Update(number, read(value, element, now)))
        except _Skipped as left_out:
            skipped[str(left_out)] += 1
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            skipped["broken"] += 1
    return Parsed(tuple(found), dict(skipped))


def _load(body: bytes) -> Element:
    try:
        document = json.loads(body, parse_int=_integer)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(document, dict):
        raise Unreadable
    return document


def _integer(digits: str) -> int | None:
    # Python refuses to read thousands of digits, and that would cost the whole batch.
    return int(digits) if len(digits) <= _LONGEST_INTEGER else None


def _elements(document: Element, skipped: Counter[str]) -> Iterator[_Found]:
    for entry in _only_objects(document, "entry", skipped):
        for change in _only_objects(entry, "changes", skipped):
            yield from _elements_of(change, skipped)


def _elements_of(change: Element, skipped: Counter[str]) -> Iterator[_Found]:
    value = child(change, "value")
    readers = _READERS.get(word(change, "field"))
    number = identifier(child(value, "metadata"), "phone_number_id") or ""
    if readers is None or not (number.isascii() and number.isdigit()):
        skipped["other field" if readers is None else "no number"] += 1
        return
    for key, read in readers.items():
        for element in _only_objects(value, key, skipped):
            yield number, element, read, value
    skipped.update("error at Meta" for _ in objects(value, "errors"))


def _only_objects(parent: Element, key: str, skipped: Counter[str]) -> Iterator[Element]:
    for element in children(parent, key):
        if isinstance(element, dict):
            yield element
        else:
            skipped["broken"] += 1


def _message(value: Element, element: Element, now: datetime) -> Incoming | IdentityChange:
    kind = word(element, "type")
    if kind == "system":
        return _identity_change(element, now)
    if kind == "request_welcome" or element.get("group_id"):
        raise _Skipped("not a chat message")
    return _incoming(value, element, now)


def _incoming(value: Element, element: Element, now: datetime) -> Incoming:
    kind, content = said(element)
    if _is_forwarded(element):
        content = content | {"forwarded": True}
    return Incoming(
        sender=_known_sender(value, element),
        identity=_identity(element),
        wamid=identifier(element, "id"),
        sent_at=moment(element, "timestamp", now),
        kind=kind,
        content=content,
        media=media(element, kind),
        quoted_wamid=_target(element, kind),
    )


def _known_sender(value: Element, element: Element) -> Sender:
    found = sender(value, element)
    if not found:
        raise _Skipped("no sender")
    if phone(child(value, "metadata"), "display_phone_number") in found.phones:
        raise _Skipped("our own echo")
    return found


def _identity(element: Element) -> str:
    return identifier(element, "id") or json.dumps(element, sort_keys=True)


def _is_forwarded(element: Element) -> bool:
    context = child(element, "context")
    return context.get("forwarded") is True or context.get("frequently_forwarded") is True


def _target(element: Element, kind: MessageKind) -> str | None:
    """Return the message that this one is about: reacted to, edited, taken back or quoted."""
    if kind is MessageKind.REACTION:
        target = identifier(child(element, "reaction"), "message_id")
        if target is None:
            raise _Skipped("reaction to nothing")
        return target
    about = child(element, word(element, "type"))
    return identifier(about, "original_message_id") or identifier(child(element, "context"), "id")


def _identity_change(element: Element, now: datetime) -> IdentityChange:
    change = _CHANGES.get(word(child(element, "system"), "type"))
    previous, current = changed(element)
    if change is None or not previous or not current:
        raise _Skipped("system")
    return IdentityChange(
        previous=previous,
        current=current,
        identity=_identity(element),
        wamid=identifier(element, "id"),
        sent_at=moment(element, "timestamp", now),
        change=change,
    )


def _status(_: Element, element: Element, now: datetime) -> Receipt:
    delivery = _DELIVERY.get(word(element, "status"))
    wamid = identifier(element, "id")
    if delivery is None or wamid is None:
        raise _Skipped("status")
    errors = objects(element, "errors")
    return Receipt(
        wamid=wamid,
        delivery=delivery,
        reference=_reference(element),
        error_code=integer(errors[0], "code") if errors else None,
        at=moment(element, "timestamp", now),
    )


def _reference(element: Element) -> int | None:
    mark = identifier(element, "biz_opaque_callback_data") or ""
    return int(mark) if mark.isascii() and mark.isdigit() and len(mark) < 19 else None


def _call(value: Element, element: Element, now: datetime) -> Incoming:
    """Read a call: its begin and its end have the same id and are one event."""
    if element.get("direction", "USER_INITIATED") != "USER_INITIATED":
        raise _Skipped("call of ours")
    return Incoming(
        sender=_known_sender(value, element),
        identity=_identity(element),
        wamid=None,
        sent_at=moment(element, "timestamp", now),
        kind=MessageKind.CALL,
        content={"event": "call"},
    )


_READERS: dict[str, dict[str, _Reader]] = {
    "messages": {"messages": _message, "statuses": _status},
    "calls": {"calls": _call},
}
