"""Status webhooks: sent, delivered, read, played and failed, with Meta's irregularities."""

from __future__ import annotations

import asyncio
from typing import Any

from sprechstunde.simulator import inbound
from sprechstunde.simulator.envelope import Update
from sprechstunde.simulator.errors import failure
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.world import Citizen, Entry, Sent

MILLISECOND = 0.001


def element(sim: Simulation, citizen: Citizen, entry: Entry, status: str) -> dict[str, Any]:
    """The number is told where the message went to a number, or where it is shared."""
    told = entry.to_phone or citizen.shows_phone
    return {
        "id": entry.wamid,
        "status": status,
        "timestamp": str(int(sim.clock.now())),
        **({"recipient_id": citizen.phone} if told else {}),
        "recipient_user_id": citizen.user_id,
        **_callback(entry.callback),
    }


def _callback(callback: str | None) -> dict[str, str]:
    return {} if callback is None else {"biz_opaque_callback_data": callback}


def announce(sim: Simulation, citizen: Citizen, entry: Entry) -> None:
    """After acceptance: `sent`, then `delivered` if the phone is on (and nothing interferes)."""
    _schedule(sim, citizen, entry, "sent")
    if citizen.online and entry.kind != "reaction":
        tell_delivered(sim, citizen, entry)


def tell_delivered(sim: Simulation, citizen: Citizen, entry: Entry) -> None:
    sim.world.business.delivered_messages += 1
    entry.status = "delivered"
    if not sim.dice.happens(sim.faults.skip_delivered):
        _schedule(sim, citizen, entry, "delivered")
    if citizen.auto_read:
        read(sim, citizen, entry)


def tell_held_back(sim: Simulation, citizen: Citizen) -> None:
    for entry in citizen.entries:
        if not entry.arrived:
            entry.arrived, entry.at = True, sim.clock.now()
            tell_delivered(sim, citizen, entry)


def read(sim: Simulation, citizen: Citizen, entry: Entry) -> None:
    entry.status = "read"
    _schedule(sim, citizen, entry, "read")


def played(sim: Simulation, citizen: Citizen, entry: Entry) -> None:
    """The first time a voice note of the business is heard."""
    if entry.status != "played":
        entry.status = "played"
        _schedule(sim, citizen, entry, "played")


def _schedule(sim: Simulation, citizen: Citizen, entry: Entry, status: str) -> None:
    if sim.dice.happens(sim.faults.status_loss):
        return
    priced = _price(sim, entry, status)

    def tell() -> None:
        body = {**element(sim, citizen, entry, status), **priced}
        contact = inbound.contact(citizen, with_username=status != "sent")
        if entry.to_phone:
            contact["wa_id"] = citizen.phone
        content = inbound.value(sim.config, contacts=[contact], statuses=[body])
        _note(sim, entry.wamid, status)
        sim.outbox.put(Update(citizen.id, "messages", content))

    sim.timers.after(_delay(sim, entry, status), tell)


def _delay(sim: Simulation, entry: Entry, status: str) -> float:
    """Later statuses follow earlier ones, except where disorder is wanted."""
    delay = sim.dice.within(sim.faults.status_delay)
    if sim.dice.happens(sim.faults.status_disorder):
        return delay * 5 if status == "sent" else 0.0
    now = asyncio.get_running_loop().time()
    entry.status_due = max(now + delay, entry.status_due + MILLISECOND)
    return entry.status_due - now


def _price(sim: Simulation, entry: Entry, status: str) -> dict[str, Any]:
    """`pricing` stands on one status only, usually the first."""
    if entry.priced or entry.kind == "reaction":
        return {}
    if status == "sent" and sim.dice.happens(sim.faults.late_pricing):
        return {}
    entry.priced = True
    return {"pricing": pricing(sim)}


def pricing(sim: Simulation) -> dict[str, Any]:
    """Service messages: the month's free tier, then the rate, which governments need not pay."""
    business = sim.world.business
    if business.delivered_messages < business.free_tier:
        kind: dict[str, Any] = {"billable": False, "type": "free_customer_service"}
    elif business.government:
        kind = {"billable": False, "type": "regular", "subtype": "paid_exempt"}
    else:
        kind = {"billable": True, "type": "regular"}
    return {"pricing_model": "PMP", **kind, "category": "service"}


def fail(sim: Simulation, sent: Sent, *, code: int, to_phone: str | None, lane: str) -> None:
    """A `failed` webhook: no contacts, no user id if the message went to a number."""
    recipient = sent.body.get("recipient")
    who = {"recipient_id": to_phone} if to_phone else {"recipient_user_id": recipient}
    status = {
        "id": sent.wamid,
        "status": "failed",
        "timestamp": str(int(sim.clock.now())),
        **who,
        "errors": [failure(code)],
        **(_callback(sent.callback) if sim.faults.callback_on_failed else {}),
    }

    def tell() -> None:
        _note(sim, sent.wamid, "failed")
        sim.outbox.put(Update(lane, "messages", inbound.value(sim.config, statuses=[status])))

    sim.timers.after(sim.dice.within(sim.faults.status_delay), tell)


def _note(sim: Simulation, wamid: str, status: str) -> None:
    if sent := sim.world.sends.get(wamid):
        sent.statuses.append(status)
