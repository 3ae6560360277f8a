"""The block list and the QR codes of the number."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph.fields import Fields, Json
from sprechstunde.simulator.identity import is_bsuid
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.world import Citizen

DAY_SECONDS = 24 * 3600
CODES_MOST = 2000
FORMATS = {"SVG", "PNG"}


def blocked(sim: Simulation) -> dict[str, Any]:
    users = sim.world.business.blocked
    found = [sim.world.by_user_id(identity) for identity in users]
    return {"data": [_user(citizen) for citizen in found if citizen], "paging": {"cursors": {}}}


def _user(citizen: Citizen) -> dict[str, str]:
    shared = {"wa_id": citizen.phone} if citizen.shows_phone else {}
    return {"messaging_product": "whatsapp", **shared, "user_id": citizen.user_id}


def block(sim: Simulation, body: Json) -> dict[str, Any]:
    """Only who wrote within 24 hours can be blocked."""
    done: list[dict[str, str]] = []
    refused: list[dict[str, Any]] = []
    for given, citizen in _named(sim, body):
        if citizen is not None and citizen.window_open(sim.clock.now()):
            sim.world.business.blocked[citizen.user_id] = given
            done.append({"input": given, **_ids(citizen)})
        else:
            error = GraphError(139100, "User did not write in the last 24 hours.")
            refused.append({"input": given, "errors": [error.body("block")["error"]]})
    if refused and not done:
        raise GraphError(139100, "Failed to block any user.")
    failed = {"failed_users": refused} if refused else {}
    return {"messaging_product": "whatsapp", "block_users": {"added_users": done, **failed}}


def unblock(sim: Simulation, body: Json) -> dict[str, Any]:
    done = []
    for given, citizen in _named(sim, body):
        if citizen is not None and citizen.user_id in sim.world.business.blocked:
            del sim.world.business.blocked[citizen.user_id]
            done.append({"input": given, **_ids(citizen)})
    return {"messaging_product": "whatsapp", "block_users": {"removed_users": done}}


def _ids(citizen: Citizen) -> dict[str, str]:
    user = _user(citizen)
    del user["messaging_product"]
    return user


def _named(sim: Simulation, body: Json) -> list[tuple[str, Citizen | None]]:
    users = Fields(body, "").children("block_users", most=1000)
    return [_find(sim, user) for user in users]


def _find(sim: Simulation, user: Fields) -> tuple[str, Citizen | None]:
    given = user.optional("user_id") or user.text("user")
    if is_bsuid(given):
        return given, sim.world.by_user_id(given)
    return given, sim.world.by_phone("".join(sign for sign in given if sign.isdigit()))


def codes(sim: Simulation) -> dict[str, Any]:
    return {"data": list(sim.world.business.codes.values())}


def code(sim: Simulation, name: str) -> dict[str, Any]:
    return {"data": [_existing(sim, name)]}


def put_code(sim: Simulation, body: Json) -> dict[str, Any]:
    """A new code, or a new text for the one that is named."""
    fields = Fields(body, "")
    text = fields.text("prefilled_message", most=140)
    image = fields.one_of("generate_qr_image", FORMATS) if "generate_qr_image" in fields else ""
    known = sim.world.business.codes
    if "code" in fields:
        found = _existing(sim, fields.text("code"))
        found["prefilled_message"] = text
        return found
    if len(known) >= CODES_MOST:
        raise GraphError(100, "At most 2,000 codes per number.")
    return known.setdefault(*_new_code(sim, text, image))


def _new_code(sim: Simulation, text: str, image: str) -> tuple[str, dict[str, str]]:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    name = "".join(sim.dice.random.choices(letters, k=14))
    made = {
        "code": name,
        "prefilled_message": text,
        "deep_link_url": f"https://wa.me/message/{name}",
    }
    if image:
        made["qr_image_url"] = f"{sim.config.base_url}/lookaside/qr/{name}.{image.lower()}"
    return name, made


def delete_code(sim: Simulation, name: str) -> dict[str, Any]:
    _existing(sim, name)
    del sim.world.business.codes[name]
    return {"success": True}


def _existing(sim: Simulation, name: str) -> dict[str, str]:
    found = sim.world.business.codes.get(name)
    if found is None:
        raise GraphError(100, "The code does not exist.", subcode=33)
    return found
