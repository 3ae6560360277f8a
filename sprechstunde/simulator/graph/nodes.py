"""GET of a single object: the number, the account - or a media id."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator.graph.files import look_up
from sprechstunde.simulator.simulation import Simulation

HEALTHY = "AVAILABLE"


def node(sim: Simulation, identity: str, fields: str) -> dict[str, Any]:
    """Only the fields asked for, the usual ones by default; raises GraphError if unknown."""
    if identity == sim.config.phone_number_id:
        everything = number(sim)
    elif identity == sim.config.waba_id:
        everything = account(sim)
    else:
        return look_up(sim, identity)
    wanted = [name.strip() for name in fields.split(",") if name.strip()] or list(USUAL)
    chosen = {name: everything[name] for name in wanted if name in everything}
    return {**chosen, "id": identity}


USUAL = ("verified_name", "display_phone_number", "quality_rating", "name", "timezone_id")


def number(sim: Simulation) -> dict[str, Any]:
    business = sim.world.business
    return {
        "verified_name": "Sprechstunde",
        "display_phone_number": f"+{sim.config.display_phone_number}",
        "quality_rating": "GREEN",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API" if business.registered else "NOT_APPLICABLE",
        "status": "CONNECTED" if business.registered else "DISCONNECTED",
        "name_status": "APPROVED",
        "account_mode": "LIVE",
        "throughput": {"level": "STANDARD"},
        "messaging_limit_tier": "TIER_2K",
        "webhook_configuration": {"application": sim.outbox.url},
        "conversational_automation": {**business.automation, "id": sim.config.phone_number_id},
        "health_status": health(sim),
        "id": sim.config.phone_number_id,
    }


def account(sim: Simulation) -> dict[str, Any]:
    return {
        "name": "Sprechstunde",
        "timezone_id": "49",
        "currency": "EUR",
        "country": "DE",
        "message_template_namespace": "simulator",
        "account_review_status": "APPROVED",
        "health_status": health(sim),
        "id": sim.config.waba_id,
    }


def health(sim: Simulation) -> dict[str, Any]:
    able = HEALTHY if sim.world.business.registered else "BLOCKED"
    entities: list[dict[str, Any]] = [
        {"entity_type": "PHONE_NUMBER", "id": sim.config.phone_number_id, "can_send_message": able},
        {"entity_type": "WABA", "id": sim.config.waba_id, "can_send_message": HEALTHY},
        {"entity_type": "BUSINESS", "id": "1", "can_send_message": HEALTHY},
        {"entity_type": "APP", "id": "1", "can_send_message": HEALTHY},
    ]
    if able != HEALTHY:
        entities[0]["errors"] = [
            {"error_code": 141000, "error_description": "The phone number is not registered."}
        ]
    return {"can_send_message": able, "entities": entities}
