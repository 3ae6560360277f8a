"""What belongs to the number and the account: registration, profile, settings, health, apps."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.graph.fields import Fields, Json
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.transport import Transport, TransportError

SUCCESS: dict[str, Any] = {"success": True}
REGISTRATIONS = 10
REGISTRATION_SECONDS = 72 * 3600
PROFILE = {"about": 139, "address": 256, "description": 512, "email": 128}
SUBJECTS = {
    *("UNDEFINED", "OTHER", "AUTO", "BEAUTY", "APPAREL", "EDU", "ENTERTAIN", "EVENT_PLAN"),
    *("FINANCE", "GROCERY", "GOVT", "HOTEL", "HEALTH", "NONPROFIT", "PROF_SERVICES", "RETAIL"),
    *("TRAVEL", "RESTAURANT", "NOT_A_BIZ", "ALCOHOL", "ONLINE_GAMBLING", "PHYSICAL_GAMBLING"),
}
SETTINGS = {"calling", "storage_configuration", "user_identity_change", "payload_encryption"}


def register(sim: Simulation, body: Json) -> dict[str, Any]:
    """At most ten in 72 hours; the PIN of the first registration is asked for later."""
    fields = Fields(body, "")
    business, now = sim.world.business, sim.clock.now()
    pin = fields.text("pin", most=6, least=6)
    recent = [at for at in business.registrations if now - at < REGISTRATION_SECONDS]
    if len(recent) >= REGISTRATIONS:
        raise GraphError(133016, "Too many attempts to register or deregister.")
    business.registrations = [*recent, now]
    if not pin.isdigit():
        raise GraphError(131009, "pin must be six digits.")
    if business.pin not in (None, pin):
        raise GraphError(133005, "The PIN is incorrect.")
    business.registered, business.pin = True, pin
    return SUCCESS


def deregister(sim: Simulation) -> dict[str, Any]:
    sim.world.business.registered = False
    return SUCCESS


def profile(sim: Simulation) -> dict[str, Any]:
    return {"data": [{"messaging_product": "whatsapp", **sim.world.business.profile}]}


def change_profile(sim: Simulation, body: Json) -> dict[str, Any]:
    fields = Fields(body, "")
    fields.raw("messaging_product")
    changes: dict[str, Any] = {
        key: fields.text(key, most=most, least=0) for key, most in PROFILE.items() if key in fields
    }
    if "vertical" in fields:
        changes["vertical"] = fields.one_of("vertical", SUBJECTS)
    if "websites" in fields:
        changes["websites"] = _websites(fields.raw("websites"))
    if "profile_picture_handle" in fields:
        fields.text("profile_picture_handle")
    fields.done()
    sim.world.business.profile.update(changes)
    return SUCCESS


def _websites(value: Json) -> list[str]:
    correct = isinstance(value, list) and len(value) <= 2
    if not correct or any(not isinstance(site, str) or len(site) > 256 for site in value):
        raise GraphError(131009, "websites: at most two addresses of 256 characters.")
    return list(value)


def settings(sim: Simulation) -> dict[str, Any]:
    return dict(sim.world.business.settings)


def change_settings(sim: Simulation, body: Json) -> dict[str, Any]:
    """Local storage can only be chosen while the number is not registered."""
    fields = Fields(body, "")
    changes = {key: fields.raw(key) for key in SETTINGS if key in fields}
    fields.done()
    if "storage_configuration" in changes and sim.world.business.registered:
        raise GraphError(100, "Deregister the number before changing the storage.")
    if "calling" in changes:
        fields.child("calling").one_of("status", {"ENABLED", "DISABLED"})
    sim.world.business.settings.update(changes)
    return SUCCESS


def automation(sim: Simulation, body: Json) -> dict[str, Any]:
    fields = Fields(body, "")
    changes: dict[str, Any] = {}
    if "prompts" in fields:
        changes["prompts"] = _prompts(fields.raw("prompts"))
    if "commands" in fields:
        changes["commands"] = [_command(item) for item in fields.children("commands", most=30)]
    fields.raw("enable_welcome_message")
    fields.done()
    sim.world.business.automation.update(changes)
    return SUCCESS


def _prompts(value: Json) -> list[str]:
    correct = isinstance(value, list) and len(value) <= 4
    if not correct or any(not isinstance(text, str) or len(text) > 80 for text in value):
        raise GraphError(131009, "prompts: at most four of 80 characters.")
    return list(value)


def _command(fields: Fields) -> dict[str, str]:
    checked = {
        "command_name": fields.text("command_name", most=32),
        "command_description": fields.text("command_description", most=256),
    }
    fields.done()
    return checked


def subscribed_apps(sim: Simulation) -> dict[str, Any]:
    app = {"whatsapp_business_api_data": {"id": "1", "link": "", "name": "Sprechstunde"}}
    return {"data": [app] if sim.world.business.subscribed else []}


async def subscribe(
    sim: Simulation, body: dict[str, Any], *, url: str, token: str
) -> dict[str, Any]:
    """A callback address is taken only after it has answered the verification."""
    address = body.get(url)
    if isinstance(address, str) and address:
        if not await verify(sim, address, str(body.get(token, ""))):
            raise GraphError(100, "Callback verification failed.", subcode=2200)
        sim.outbox.url = address
    sim.world.business.subscribed = True
    return SUCCESS


async def verify(sim: Simulation, url: str, token: str) -> bool:
    """Meta's GET: 200 with the challenge as the whole body."""
    challenge = str(sim.dice.random.randint(10**9, 10**10 - 1))
    mark = "&" if "?" in url else "?"
    query = f"hub.mode=subscribe&hub.challenge={challenge}&hub.verify_token={token}"
    transport = Transport(timeout=10)
    try:
        reply = await transport.request("GET", f"{url}{mark}{query}")
    except TransportError:
        return False
    finally:
        transport.close()
    return reply.status == 200 and reply.body == challenge.encode()
