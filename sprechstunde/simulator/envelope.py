"""Webhook bodies: one update, and how Meta packs several into one POST."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sprechstunde.simulator.faults import Dice

MAX_BYTES = 3 * 1024 * 1024


@dataclass(slots=True)
class Update:
    """A `value` of one field; the lane is whose order it belongs to."""

    lane: str
    field: str
    value: dict[str, Any]
    on_success: Callable[[], None] | None = None


def envelope(account: str, updates: list[Update], dice: Dice) -> dict[str, Any]:
    """Meta may spread a batch over entries, changes and messages: all three happen here."""
    changes: list[dict[str, Any]] = []
    for update in updates:
        if not (changes and _merged(changes[-1], update, dice)):
            changes.append({"value": dict(update.value), "field": update.field})
    entries = [{"id": account, "changes": part} for part in _parts(changes, dice)]
    return {"object": "whatsapp_business_account", "entry": entries}


def _merged(change: dict[str, Any], update: Update, dice: Dice) -> bool:
    """Put the next message of the same sender into the same value, now and then."""
    value, addition = change["value"], update.value
    same = value.keys() == addition.keys() and value.get("contacts") == addition.get("contacts")
    if change["field"] != "messages" or "messages" not in addition or not same:
        return False
    if not dice.happens(0.5):
        return False
    value["messages"] = value["messages"] + addition["messages"]
    return True


def _parts(changes: list[dict[str, Any]], dice: Dice) -> list[list[dict[str, Any]]]:
    if len(changes) < 2 or dice.happens(0.5):
        return [changes]
    cut = dice.random.randint(1, len(changes) - 1)
    return [changes[:cut], changes[cut:]]
