"""Builds and sends webhooks as Meta does: escaped, signed, several updates in one."""

import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from sessions_app.models import ConsultationSession
from sessions_app.views.webhook import answers
from sprechstunde.gathered import Letter

Json = dict[str, Any]
PATH = "/webhooks/whatsapp/"
SECRET = "test-app-secret"

_ids = itertools.count(1)


@dataclass(frozen=True)
class Citizen:
    """Somebody with a phone; `phone` or `bsuid` may be None."""

    phone: str | None = "4915112345678"
    bsuid: str | None = "DE.13491208655302741918"
    name: str | None = "Erika Mustermann"
    username: str | None = None

    def ids(self) -> Json:
        """The sender's part of a message."""
        return _given({"from": self.phone, "from_user_id": self.bsuid})

    def contact(self) -> Json:
        """The citizen's entry in `contacts`."""
        profile = _given({"name": self.name, "username": self.username})
        return {"profile": profile, **_given({"wa_id": self.phone, "user_id": self.bsuid})}


def citizen(number: int) -> Citizen:
    """The citizen with this number, always the same one."""
    return Citizen(f"49151{number:08}", f"DE.9{number:012}", f"Citizen {number}")


def said(by: Citizen, kind: str, content: Any = None, **rest: Any) -> Json:
    """A message; `at` is its time (default now), `id` its wamid."""
    at = rest.pop("at", None) or timezone.now()
    return {
        **by.ids(),
        "id": rest.pop("id", None) or f"wamid.test{next(_ids)}",
        "timestamp": str(int(at.timestamp())),
        "type": kind,
        **({} if content is None else {kind: content}),
        **rest,
    }


def text(by: Citizen, body: str = "Guten Tag", **rest: Any) -> Json:
    """A text message."""
    return said(by, "text", {"body": body}, **rest)


def status(wamid: str, word: str, **rest: Any) -> Json:
    """A status of one of our messages."""
    now = str(int(timezone.now().timestamp()))
    return {"id": wamid, "status": word, "timestamp": now, **rest}


def value(number: str, *messages: Any, contacts: list[Json] | None = None, **rest: Any) -> Json:
    """The value of a change of the field `messages`."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4978421234", "phone_number_id": number},
        **({"contacts": contacts} if contacts else {}),
        **({"messages": list(messages)} if messages else {}),
        **rest,
    }


def change(value: Any, field: str = "messages") -> Json:
    return {"field": field, "value": value}


def webhook(*changes: Any) -> Json:
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": list(changes)}],
    }


def encoded(payload: Any) -> bytes:
    """The bytes as Meta writes them: compact, everything but ASCII escaped, slashes too."""
    return json.dumps(payload, separators=(",", ":")).replace("/", "\\/").encode()


def signature(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def post(payload: Any, *, client: Client | None = None) -> int:
    """Send a signed webhook and return the answer's status."""
    body = payload if isinstance(payload, bytes) else encoded(payload)
    answer = (client or Client()).post(
        PATH, body, "application/json", headers={"X-Hub-Signature-256": signature(body)}
    )
    return answer.status_code


def together(*payloads: Any) -> list[int]:
    """Send signed webhooks that are waiting at the same moment; return the answers' statuses."""
    bodies = [each if isinstance(each, bytes) else encoded(each) for each in payloads]
    return answers([Letter(body, signature(body)) for body in bodies])


def deliver(
    session: ConsultationSession, *messages: Any, by: Citizen | None = None, **rest: Any
) -> int:
    """Send messages to the session's number in one webhook."""
    contacts = [by.contact()] if by else None
    number = session.office.phone_number_id
    return post(webhook(change(value(number, *messages, contacts=contacts, **rest))))


def ago(**span: float) -> datetime:
    """The time that long ago, in whole seconds as WhatsApp tells it."""
    return (timezone.now() - timedelta(**span)).replace(microsecond=0)


def _given(values: Json) -> Json:
    return {key: value for key, value in values.items() if value is not None}
