"""POST /messages: refuse, accept, deliver to the phone - and the faults in between."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator import statuses
from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph.fields import Json
from sprechstunde.simulator.graph.sends import Send, parse
from sprechstunde.simulator.identity import outgoing_wamid
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.world import Citizen, Entry, Sent

COUNTRY = "49"
TYPING_SECONDS = 25.0
NUMBER = "number"
BEFORE = ("refuse_rate_limit", "error_before", "cut_before")
TEMPLATE, REACTION = "template", "reaction"


class ConnectionCut(Exception):
    """The answer is never given: the TCP connection ends here."""


def send(sim: Simulation, body: Json) -> dict[str, Any]:
    """Raises GraphError for a refusal, ConnectionCut if the caller is to learn nothing."""
    checked = parse(body, country=COUNTRY, plus_required=sim.faults.plus_required)
    fault = _before(sim)
    citizen = _citizen(sim, checked)
    _refuse(sim, checked, citizen)
    sent = accept(sim, checked, citizen)
    if fault == "error_after":
        sent.answer = "500"
        raise GraphError(131000, "Message failed to send because of an unknown error.")
    if fault == "cut_after":
        sent.answer = "cut"
        raise ConnectionCut
    if fault == "late_after":
        sent.answer = "late"
    return _answer(checked, sent)


def _before(sim: Simulation) -> str | None:
    """Faults that come before acceptance happen here; the others are returned."""
    faults = sim.faults
    if faults.next_errors:
        raise GraphError(faults.next_errors.pop(0), "Ordered through the fault panel.")
    names = (*BEFORE, "error_after", "cut_after", "late_after")
    fault = sim.dice.choose({name: getattr(faults, name) for name in names})
    if fault == "refuse_rate_limit":
        raise GraphError(130429, "Message failed to send because of too many messages.")
    if fault == "error_before":
        code = sim.dice.random.choice((131000, 131016, 2))
        raise GraphError(code, "Service temporarily unavailable.")
    if fault == "cut_before":
        raise ConnectionCut
    return fault


def _citizen(sim: Simulation, checked: Send) -> Citizen | None:
    if checked.phone is not None:
        return sim.world.by_phone(checked.phone)
    return sim.world.by_user_id(checked.user_id) if checked.user_id else None


def _refuse(sim: Simulation, checked: Send, citizen: Citizen | None) -> None:
    if not sim.world.business.registered:
        raise GraphError(133010, "Phone number not registered on the platform.")
    if checked.phone == sim.config.display_phone_number:
        raise GraphError(131021, "Sender and recipient phone number is the same.")
    if citizen is not None and citizen.user_id in sim.world.business.blocked:
        raise GraphError(130403, "The recipient is on the block list.")
    if checked.content.media_id is not None:
        sim.media.get(checked.content.media_id)
    _keep_limits(sim, citizen.id if citizen else checked.given)


def _keep_limits(sim: Simulation, pair: str) -> None:
    faults, now = sim.faults, sim.clock.now()
    rate = faults.messages_per_second
    if not sim.limits.allow(NUMBER, now=now, burst=rate, per_second=rate):
        raise GraphError(130429, "Message failed to send because of too many messages.")
    burst, per_second = faults.pair_burst, faults.pair_per_second
    if not sim.limits.allow(f"pair {pair}", now=now, burst=burst, per_second=per_second):
        raise GraphError(131056, "Too many messages from this number to the same recipient.")


def accept(sim: Simulation, checked: Send, citizen: Citizen | None) -> Sent:
    """From here on the message exists, whatever the caller is told."""
    subject = checked.phone or checked.user_id or checked.given
    sent = Sent(
        wamid=outgoing_wamid(subject, sim.dice.random),
        at=sim.clock.now(),
        body=checked.body,
        citizen_id=citizen.id if citizen and not checked.swallowed else None,
        callback=checked.callback,
    )
    sim.world.sends[sent.wamid] = sent
    if checked.swallowed:
        return sent
    if code := _failure(sim, checked, citizen):
        lane = citizen.id if citizen else checked.given
        statuses.fail(sim, sent, code=code, to_phone=checked.phone, lane=lane)
    elif citizen is not None:
        deliver(sim, checked, citizen, sent)
    return sent


def _failure(sim: Simulation, checked: Send, citizen: Citizen | None) -> int | None:
    """Why an accepted message does not arrive, if so."""
    business, kind = sim.world.business, checked.content.kind
    if sim.faults.next_failures:
        return sim.faults.next_failures.pop(0)
    if citizen is None:
        return 131026
    if kind != TEMPLATE and not citizen.window_open(sim.clock.now()):
        return 131047
    if kind == REACTION:
        target = citizen.entry(checked.content.target or "")
        return None if target is not None else 131009
    beyond = business.delivered_messages >= business.free_tier
    return 131042 if beyond and not (business.payment or business.government) else None


def deliver(sim: Simulation, checked: Send, citizen: Citizen, sent: Sent) -> None:
    entry = _entry(sim, checked, sent)
    entry.arrived = citizen.online
    citizen.typing_until = 0.0
    if entry.kind == REACTION:
        _reaction(sim, citizen, checked, sent)
    else:
        sim.world.put(citizen, entry)
    statuses.announce(sim, citizen, entry)
    sim.hub.publish(citizen.id)


def _entry(sim: Simulation, checked: Send, sent: Sent) -> Entry:
    content = checked.content
    media = sim.world.media.get(content.media_id or "")
    return Entry(
        wamid=sent.wamid,
        mine=False,
        kind=content.kind,
        at=sent.at,
        text=content.text,
        header=content.header,
        footer=content.footer,
        buttons=content.buttons,
        rows=content.rows,
        link=content.link,
        quote=checked.quote,
        media_id=content.media_id,
        mime_type=media.mime_type if media else "",
        filename=content.filename,
        location=content.location,
        callback=checked.callback,
        to_phone=checked.phone is not None,
    )


def _reaction(sim: Simulation, citizen: Citizen, checked: Send, sent: Sent) -> None:
    target = citizen.entry(checked.content.target or "")
    if target is None:
        return
    if checked.content.text:
        target.reactions["business"] = checked.content.text
    else:
        target.reactions.pop("business", None)


def _answer(checked: Send, sent: Sent) -> dict[str, Any]:
    if checked.user_id:
        contact = {"input": checked.given, "user_id": checked.user_id}
    else:
        digits = checked.phone or checked.given
        contact = {"input": checked.given, "wa_id": digits}
    message: dict[str, Any] = {"id": sent.wamid}
    if checked.content.kind == TEMPLATE:
        message["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}


def mark_read(sim: Simulation, body: dict[str, Any]) -> dict[str, Any]:
    """Read receipt, with or without typing indicator; earlier messages are read too."""
    wamid = body.get("message_id")
    found = sim.world.sender(wamid) if isinstance(wamid, str) else None
    if found is None or not isinstance(wamid, str):
        raise GraphError(131009, "Message id is not valid.")
    citizen, at = found
    for entry in citizen.entries:
        if entry.mine and entry.at <= at:
            entry.status = "read"
    citizen.receipts.append(wamid)
    if "typing_indicator" in body:
        _typing(sim, citizen, body["typing_indicator"])
    sim.hub.publish(citizen.id)
    return {"success": True}


def _typing(sim: Simulation, citizen: Citizen, indicator: Json) -> None:
    if not isinstance(indicator, dict) or indicator.get("type") != "text":
        raise GraphError(131009, "typing_indicator['type'] must be text.")
    citizen.typing_until = sim.clock.now() + TYPING_SECONDS
    citizen.typing_seen += 1
    sim.timers.quiet(TYPING_SECONDS, lambda: sim.hub.publish(citizen.id))
