"""What the control API tells about phones, sends and deliveries."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.webhooks import Outbox
from sprechstunde.simulator.world import Citizen, Entry, Sent


def citizen_line(sim: Simulation, citizen: Citizen) -> dict[str, Any]:
    """One phone in the overview. Times are unix seconds, numbers are digits."""
    arrived = [entry for entry in citizen.entries if entry.arrived]
    unread = [entry for entry in arrived if not entry.mine and entry.status != "read"]
    return {
        "id": citizen.id,
        "name": citizen.name,
        "phone": citizen.phone,
        "user_id": citizen.user_id,
        "username": citizen.username,
        "shows_phone": citizen.shows_phone,
        "online": citizen.online,
        "auto_read": citizen.auto_read,
        "window_open": citizen.window_open(sim.clock.now()),
        "blocked": citizen.user_id in sim.world.business.blocked,
        "unread": len(unread),
        "last": entry_json(arrived[-1]) if arrived else None,
    }


def phone(sim: Simulation, citizen: Citizen) -> dict[str, Any]:
    """Everything that the phone shows, in the order of the chat."""
    return {
        **citizen_line(sim, citizen),
        "business": f"+{sim.config.display_phone_number}",
        "takes_calls": sim.world.business.takes_calls,
        "typing": citizen.typing_until > sim.clock.now(),
        "typing_seen": citizen.typing_seen,
        "read_receipts": list(citizen.receipts),
        "calls": [{"id": call.id, "state": call.state} for call in citizen.calls],
        "messages": inbox(citizen),
    }


def inbox(citizen: Citizen) -> list[dict[str, Any]]:
    return [entry_json(entry) for entry in citizen.entries if entry.arrived]


def entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "wamid": entry.wamid,
        "mine": entry.mine,
        "type": entry.kind,
        "at": entry.at,
        "text": entry.text,
        "header": entry.header,
        "footer": entry.footer,
        "buttons": entry.buttons,
        "rows": entry.rows,
        "link": entry.link,
        "quote": entry.quote,
        "media": _media(entry),
        "location": entry.location,
        "status": entry.status,
        "edited": entry.edited,
        "answered": entry.answered,
        "reactions": dict(entry.reactions),
        "callback": entry.callback,
    }


def _media(entry: Entry) -> dict[str, str] | None:
    if entry.media_id is None:
        return None
    return {"id": entry.media_id, "mime_type": entry.mime_type, "filename": entry.filename}


def sent_json(sent: Sent) -> dict[str, Any]:
    """`answer` is what the caller was told: 200, 500 or cut."""
    return {
        "wamid": sent.wamid,
        "at": sent.at,
        "citizen": sent.citizen_id,
        "callback": sent.callback,
        "answer": sent.answer,
        "statuses": list(sent.statuses),
        "body": sent.body,
    }


def deliveries(outbox: Outbox, *, since: int, bodies: bool) -> dict[str, Any]:
    """Attempts and latencies in milliseconds of the webhooks from number `since` on.

    The newest 5,000 are kept, and of bodies those up to 64 KiB.
    """
    forgotten = outbox.posted - len(outbox.history)
    chosen = list(outbox.history)[max(0, since - forgotten) :]
    times = sorted(ms for delivery in chosen for status, ms in delivery.attempts if status == 200)
    listed = [
        {**delivery.as_json(), **({"body": delivery.body.decode("utf-8")} if bodies else {})}
        for delivery in chosen
    ]
    return {"total": outbox.posted, "latency_ms": _quantiles(times), "deliveries": listed}


def _quantiles(times: list[float]) -> dict[str, float]:
    if not times:
        return {}
    last = len(times) - 1
    return {f"p{share}": round(times[last * share // 100], 2) for share in (50, 95, 99)}
