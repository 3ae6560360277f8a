"""Webhook values for everything a citizen does, in the shapes of late 2026."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator.config import Config
from sprechstunde.simulator.errors import failure
from sprechstunde.simulator.world import Citizen

UNSUPPORTED = 131051


def contact(citizen: Citizen, *, with_username: bool = True) -> dict[str, Any]:
    """`wa_id` is absent, not empty, where the number is not shared."""
    profile = {"name": citizen.name}
    if citizen.username and with_username:
        profile["username"] = citizen.username
    shared = {"wa_id": citizen.phone} if citizen.shows_phone else {}
    return {"profile": profile, **shared, "user_id": citizen.user_id}


def sender(citizen: Citizen) -> dict[str, Any]:
    shared = {"from": citizen.phone} if citizen.shows_phone else {}
    return {**shared, "from_user_id": citizen.user_id}


def value(config: Config, **parts: Any) -> dict[str, Any]:
    """The common head of every value of the fields `messages` and `calls`."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": config.display_phone_number,
            "phone_number_id": config.phone_number_id,
        },
        **parts,
    }


def message(
    citizen: Citizen,
    *,
    wamid: str,
    at: float,
    kind: str,
    content: dict[str, Any],
    context: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """`content` holds the type's own object and whatever stands beside it."""
    head = {**sender(citizen), "id": wamid, "timestamp": str(int(at)), "type": kind}
    return {**head, **content, **({"context": context} if context else {})}


def reply_context(
    config: Config, wamid: str, *, of_business: bool, sender_id: str
) -> dict[str, Any]:
    return {"from": config.display_phone_number if of_business else sender_id, "id": wamid}


def unsupported(kind: str) -> dict[str, Any]:
    error = failure(UNSUPPORTED, "Message type is currently not supported.")
    error.pop("href")
    error["title"] = error["message"] = "Message type unknown"
    return {"errors": [error], "unsupported": {"type": kind}}


def system_change(
    citizen: Citizen, *, wamid: str, at: float, old_phone: str, old_user_id: str
) -> dict[str, Any]:
    """A new number (or only a new id, where no number is shared); has no contacts beside it."""
    new = {"user_id": citizen.user_id, "previous_user_id": old_user_id}
    head: dict[str, Any] = {"id": wamid, "timestamp": str(int(at)), "type": "system"}
    if not citizen.shows_phone or old_phone == citizen.phone:
        body = f"User {citizen.name} changed user ID"
        shared = {"from": old_phone} if citizen.shows_phone else {}
        kept = {"wa_id": citizen.phone} if citizen.shows_phone else {}
        return {
            **shared,
            "from_user_id": old_user_id,
            **head,
            "system": {"body": body, "type": "user_changed_user_id", **kept, **new},
        }
    body = f"User {citizen.name} changed from {old_phone} to {citizen.phone}"
    system = {"body": body, "type": "user_changed_number", "wa_id": citizen.phone, **new}
    return {"from": old_phone, "from_user_id": old_user_id, **head, "system": system}


SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"


def call(
    config: Config, citizen: Citizen, *, call_id: str, at: float, event: str
) -> dict[str, Any]:
    """`connect` rings at the business, `terminate` ends it unanswered."""
    element = {
        **sender(citizen),
        "id": call_id,
        "to": config.display_phone_number,
        "event": event,
        "timestamp": str(int(at)),
        "direction": "USER_INITIATED",
    }
    if event == "connect":
        element["session"] = {"sdp_type": "offer", "sdp": SDP}
    else:
        element["status"] = "FAILED"
    return value(config, contacts=[contact(citizen)], calls=[element])
