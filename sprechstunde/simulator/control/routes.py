"""The addresses of the control API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sprechstunde.simulator import phones
from sprechstunde.simulator.control import burst, mail, views
from sprechstunde.simulator.control.says import say
from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.faults import Faults
from sprechstunde.simulator.graph.account import verify
from sprechstunde.simulator.live import OVERVIEW
from sprechstunde.simulator.phones import PhoneError
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.webhooks import encode, signature
from sprechstunde.simulator.world import Citizen

Answer = dict[str, Any]
Handler = Callable[[Simulation, dict[str, Any], Request], Awaitable[Answer]]
STREAM = {"Cache-Control": "no-store"}


class UnknownCitizen(Exception):
    """No such phone, or none any more."""


def control(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """JSON in and out; what makes no sense is 422, whom nobody knows 404."""

    async def endpoint(request: Request) -> Response:
        try:
            order = dict(json.loads(await request.body() or b"{}"))
            return JSONResponse(await handler(request.app.state.sim, order, request))
        except UnknownCitizen:
            return JSONResponse({"error": "unknown citizen"}, 404)
        except (PhoneError, ValueError, TypeError, LookupError, GraphError) as error:
            return JSONResponse({"error": str(error)}, 422)

    return endpoint


def citizen_of(sim: Simulation, request: Request) -> Citizen:
    citizen = sim.world.citizens.get(request.path_params["citizen"])
    if citizen is None:
        raise UnknownCitizen
    return citizen


async def health(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return {"ready": True}


async def citizens(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    lines = [views.citizen_line(sim, one) for one in sim.world.citizens.values()]
    return {"citizens": lines, "business": f"+{sim.config.display_phone_number}"}


async def add_citizen(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return views.phone(sim, phones.new_citizen(sim, **order))


async def phone(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return views.phone(sim, citizen_of(sim, request))


async def change_citizen(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    citizen = citizen_of(sim, request)
    _settle(sim, citizen, order)
    for key in ("name", "username", "shows_phone", "auto_read"):
        if key in order:
            setattr(citizen, key, order.pop(key))
    if order:
        raise PhoneError(f"Unbekannt: {', '.join(order)}")
    sim.hub.publish(citizen.id)
    return views.phone(sim, citizen)


def _settle(sim: Simulation, citizen: Citizen, order: dict[str, Any]) -> None:
    now = sim.clock.now()
    if "window_open" in order:
        citizen.last_contact = now if order.pop("window_open") else None
    if "pair_tokens" in order:
        sim.limits.set(f"pair {citizen.id}", float(order.pop("pair_tokens")), now=now)
    if "online" in order:
        phones.set_online(sim, citizen, bool(order.pop("online")))


async def remove_citizen(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    sim.world.remove(citizen_of(sim, request))
    sim.hub.publish(OVERVIEW)
    return {"removed": True}


async def inbox(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return {"messages": views.inbox(citizen_of(sim, request))}


async def write(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    wamids = say(sim, citizen_of(sim, request), order)
    return {"wamid": wamids[0], "wamids": wamids}


async def look(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return {"read": phones.look(sim, citizen_of(sim, request))}


async def play(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    phones.play(sim, citizen_of(sim, request), str(order.get("message")))
    return {"played": True}


async def call(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    ring = float(order.get("ring_seconds", phones.RING_SECONDS))
    return {"call": phones.place_call(sim, citizen_of(sim, request), ring_seconds=ring)}


async def hang_up(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    for placed in citizen_of(sim, request).calls:
        phones.end_call(sim, placed, "ended")
    return {"ended": True}


async def new_number(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    citizen = citizen_of(sim, request)
    phones.change_identity(sim, citizen, phone=str(order.get("phone", "")))
    return views.phone(sim, citizen)


async def new_user_id(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    citizen = citizen_of(sim, request)
    phones.change_identity(sim, citizen, phone=None)
    return views.phone(sim, citizen)


async def sends(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return {"sends": [views.sent_json(sent) for sent in sim.world.sends.values()]}


async def deliveries(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    query = request.query_params
    since, bodies = int(query.get("since", 0)), query.get("bodies") == "1"
    return views.deliveries(sim.outbox, since=since, bodies=bodies)


async def idle(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    """Waits up to `timeout` seconds until nothing is queued, on its way or still to come."""
    with suppress(TimeoutError):
        async with asyncio.timeout(float(request.query_params.get("timeout", 0))):
            await sim.until_idle()
    return sim.idle_state()


async def faults(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return sim.faults.as_json()


async def change_faults(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    sim.faults.change(order)
    return sim.faults.as_json()


async def end_faults(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    sim.faults.change(Faults().as_json())
    return sim.faults.as_json()


async def seed(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    sim.dice.seed(order.get("seed"))
    return {"seed": order.get("seed")}


async def reset(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    sim.reset(seed=order.get("seed"))
    return {"reset": True}


async def clock(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    if "set" in order:
        sim.clock.set(float(order["set"]))
    sim.clock.advance(float(order.get("advance", 0)))
    if "freeze" in order:
        sim.clock.freeze(bool(order["freeze"]))
    return {"now": sim.clock.now()}


async def expire_urls(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    sim.media.expire_urls()
    return {"expired": len(sim.world.media)}


async def business(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    """Payment, government exemption, free tier, registration, subscription: read or change."""
    known = ("payment", "government", "free_tier", "delivered_messages", "registered", "subscribed")
    for key, value in order.items():
        if key not in known:
            raise PhoneError(f"Unbekannt: {key}")
        setattr(sim.world.business, key, value)
    return {key: getattr(sim.world.business, key) for key in known}


async def webhook(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    sim.outbox.url = str(order.get("url", sim.outbox.url))
    return {"url": sim.outbox.url}


async def check_webhook(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    token = str(order.get("verify_token", sim.config.verify_token))
    return {"verified": await verify(sim, sim.outbox.url, token)}


async def raw(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    """Post a `payload` or the bytes of `body`; signature: valid, wrong or none."""
    body = str(order["body"]).encode() if "body" in order else encode(order["payload"])
    kind = order.get("signature", "valid")
    right = signature(body, sim.config.app_secret)
    signed = {"valid": right, "wrong": signature(body, "wrong"), "none": None}[kind]
    sim.outbox.post_raw(body, signed)
    return {"bytes": len(body)}


async def start_burst(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    return await burst.run(sim, **order)


async def media(request: Request) -> Response:
    """A file for the phone page, without Meta's token."""
    found = request.app.state.sim.world.media.get(request.path_params["media"])
    if found is None:
        return Response(status_code=404)
    headers = {"Content-Security-Policy": "sandbox", "X-Content-Type-Options": "nosniff"}
    return Response(found.content, media_type=found.mime_type, headers=headers)


async def events(request: Request) -> Response:
    sim: Simulation = request.app.state.sim
    topic = request.path_params.get("citizen", OVERVIEW)
    return StreamingResponse(sim.hub.stream(topic), media_type="text/event-stream", headers=STREAM)


PHONE = "/control/citizens/{citizen}"
ENDPOINTS: list[tuple[str, str, Handler]] = [
    ("GET", "/control/health", health),
    ("GET", "/control/citizens", citizens),
    ("POST", "/control/citizens", add_citizen),
    ("GET", PHONE, phone),
    ("PATCH", PHONE, change_citizen),
    ("DELETE", PHONE, remove_citizen),
    ("GET", f"{PHONE}/messages", inbox),
    ("POST", f"{PHONE}/messages", write),
    ("POST", f"{PHONE}/read", look),
    ("POST", f"{PHONE}/play", play),
    ("POST", f"{PHONE}/call", call),
    ("DELETE", f"{PHONE}/call", hang_up),
    ("POST", f"{PHONE}/number", new_number),
    ("POST", f"{PHONE}/user-id", new_user_id),
    ("GET", "/control/sends", sends),
    ("GET", "/control/deliveries", deliveries),
    ("GET", "/control/idle", idle),
    ("GET", "/control/faults", faults),
    ("PATCH", "/control/faults", change_faults),
    ("DELETE", "/control/faults", end_faults),
    ("POST", "/control/seed", seed),
    ("POST", "/control/reset", reset),
    ("POST", "/control/clock", clock),
    ("POST", "/control/expire-media-urls", expire_urls),
    ("POST", "/control/business", business),
    ("POST", "/control/webhook", webhook),
    ("POST", "/control/webhook/verify", check_webhook),
    ("POST", "/control/raw", raw),
    ("POST", "/control/burst", start_burst),
]


def routes() -> list[Route]:
    ordinary = [
        Route(path, control(handler), methods=[method])
        for method, path, handler in (*ENDPOINTS, *mail.ENDPOINTS)
    ]
    return [
        *ordinary,
        Route("/control/media/{media}", media, methods=["GET"]),
        Route("/control/events", events, methods=["GET"]),
        Route(f"{mail.ONE}/{{mail:int}}/raw", mail.raw, methods=["GET"]),
        Route(f"{mail.ONE}/{{mail:int}}/html", mail.html, methods=["GET"]),
        Route(f"{PHONE}/events", events, methods=["GET"]),
    ]
