"""Reading a POST to /messages: whom it goes to and what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph.contents import TYPES, Content, content
from sprechstunde.simulator.graph.fields import Fields, Json
from sprechstunde.simulator.identity import is_bsuid

CALLBACK_MOST = 512


@dataclass(frozen=True, slots=True)
class Send:
    """A checked send. Exactly one of phone, user_id and swallowed says where it goes."""

    given: str
    content: Content
    body: dict[str, Any]
    phone: str | None = None
    user_id: str | None = None
    swallowed: bool = False
    quote: str | None = None
    callback: str | None = None


def parse(body: Json, *, country: str, plus_required: bool) -> Send:
    """Raises GraphError (100, 131008, 131009, 131021 …) as Meta does."""
    fields = Fields(body, "")
    _envelope(fields)
    kind = fields.one_of("type", TYPES) if "type" in fields else "text"
    checked = content(fields, kind)
    quote = _quote(fields, kind)
    callback = _callback(fields)
    where = _where(fields, country, plus_required)
    fields.done()
    return Send(content=checked, body=body, quote=quote, callback=callback, **where)


def _envelope(fields: Fields) -> None:
    if fields.raw("messaging_product") != "whatsapp":
        raise GraphError(100, "The parameter messaging_product is required.")
    if "recipient_type" in fields:
        fields.one_of("recipient_type", {"individual"})
    fields.raw("recipient_type")
    fields.raw("messaging_account_id")


def _quote(fields: Fields, kind: str) -> str | None:
    if "context" not in fields:
        return None
    context = fields.child("context")
    quote = context.text("message_id")
    context.done()
    if kind == "reaction":
        raise GraphError(131009, "A reaction cannot have a context.")
    return quote


def _callback(fields: Fields) -> str | None:
    if "biz_opaque_callback_data" not in fields:
        fields.raw("biz_opaque_callback_data")
        return None
    return fields.text("biz_opaque_callback_data", most=CALLBACK_MOST)


def _where(fields: Fields, country: str, plus_required: bool) -> dict[str, Any]:
    """`to` wins over `recipient`; a BSUID in `to` is accepted and never delivered."""
    recipient = fields.optional("recipient")
    to = fields.optional("to")
    if not to:
        if not recipient:
            raise GraphError(100, "The parameter to is required.")
        if not is_bsuid(recipient):
            raise GraphError(131009, "recipient is not a valid business-scoped user id.")
        return {"given": recipient, "user_id": recipient}
    if is_bsuid(to):
        return {"given": to, "swallowed": True}
    return {"given": to, "phone": _phone(to, country, plus_required)}


def _phone(to: str, country: str, plus_required: bool) -> str:
    digits = "".join(character for character in to if character.isdigit())
    if not 5 <= len(digits) <= 15 or set(to) - set("+0123456789 -()."):
        raise GraphError(131009, "Param to is not a valid phone number.")
    if to.strip().startswith("+") or (digits.startswith(country) and not plus_required):
        return digits
    return country + digits.lstrip("0")
