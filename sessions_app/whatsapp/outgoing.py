"""Builds the bodies of POST /messages, within the limits of Meta's pages on sending."""

from collections.abc import Sequence
from dataclasses import dataclass, field

TEXT_LIMIT = 4096
BUTTONS_TEXT_LIMIT = 1024
BUTTONS_LIMIT = 3
BUTTON_ID_LIMIT = 256
BUTTON_TITLE_LIMIT = 20
MARK_LIMIT = 512

Payload = dict[str, object]


class BadMessage(ValueError):
    """The message breaks one of Meta's limits, so Meta would refuse it. Names the limit only."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom to write to: the phone (digits, no plus) where it is known, else the BSUID."""

    phone: str | None = field(default=None, repr=False)
    bsuid: str | None = field(default=None, repr=False)

    def address(self) -> Payload:
        """Return the part of the body that names the recipient; raises BadMessage without any."""
        if self.phone:
            # Without the plus Meta puts the business number's own country code before it.
            return {"to": f"+{self.phone.removeprefix('+')}"}
        if self.bsuid:
            return {"recipient": self.bsuid}
        raise BadMessage("no recipient")


def length(text: str) -> int:
    """Return the length as a browser counts it (UTF-16), the strictest way to read Meta's limits."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text(to: Recipient, body: str, *, quoted: str | None = None, mark: str = "") -> Payload:
    """Return a text message; `quoted` is the wamid answered to. Raises BadMessage.

    `mark` comes back with the message's statuses (`biz_opaque_callback_data`).
    """
    _check(0 < length(body) <= TEXT_LIMIT, "text length")
    content: Payload = {"body": body, "preview_url": False}
    return _body(to, "text", content, mark) | _context(quoted)


def buttons(
    to: Recipient, body: str, choices: Sequence[tuple[str, str]], *, mark: str = ""
) -> Payload:
    """Return a question with reply buttons, each an id and a title. Raises BadMessage."""
    _check(0 < length(body) <= BUTTONS_TEXT_LIMIT, "text length above buttons")
    _check(0 < len(choices) <= BUTTONS_LIMIT, "number of buttons")
    for values, limit in zip(zip(*choices, strict=True), _BUTTON_LIMITS, strict=True):
        _check(len(set(values)) == len(values), "buttons must differ")
        _check(all(0 < length(value) <= limit for value in values), "button length")
    replies = [{"type": "reply", "reply": {"id": key, "title": title}} for key, title in choices]
    content: Payload = {"type": "button", "body": {"text": body}, "action": {"buttons": replies}}
    return _body(to, "interactive", content, mark)


_BUTTON_LIMITS = (BUTTON_ID_LIMIT, BUTTON_TITLE_LIMIT)


def reaction(to: Recipient, wamid: str, emoji: str | None, *, mark: str = "") -> Payload:
    """Return a reaction to the message `wamid`; None takes ours back. Raises BadMessage."""
    _check(bool(wamid), "reaction without a target")
    return _body(to, "reaction", {"message_id": wamid, "emoji": emoji or ""}, mark)


def read(wamid: str, *, typing: bool = False) -> Payload:
    """Return the note that `wamid` and all before it were read; `typing` shows it for 25 s."""
    note: Payload = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    return note | ({"typing_indicator": {"type": "text"}} if typing else {})


def _body(to: Recipient, kind: str, content: Payload, mark: str) -> Payload:
    _check(len(mark) <= MARK_LIMIT, "mark length")
    head: Payload = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    tail: Payload = {"biz_opaque_callback_data": mark} if mark else {}
    return head | to.address() | {"type": kind, kind: content} | tail


def _context(quoted: str | None) -> Payload:
    return {"context": {"message_id": quoted}} if quoted else {}


def _check(holds: bool, limit: str) -> None:
    if not holds:
        raise BadMessage(limit)
