"""Many messages at once, for measuring how fast the portal takes them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sprechstunde.simulator import phones
from sprechstunde.simulator.control.says import say
from sprechstunde.simulator.phones import PhoneError
from sprechstunde.simulator.simulation import Simulation
from sprechstunde.simulator.world import Citizen

MOST = 100_000


async def run(
    sim: Simulation,
    *,
    messages: int = 100,
    citizens: int = 20,
    per_second: float = 0.0,
    text: str = "Guten Tag, wann wird die Straße repariert?",
) -> dict[str, Any]:
    """Spread over the citizens in turn; answers when every webhook was accepted or given up.

    `per_second` 0 means as fast as `webhook_concurrency` allows. Times are seconds.
    """
    if not (1 <= messages <= MOST and 1 <= citizens <= MOST):
        raise PhoneError("messages und citizens: 1 bis 100.000")
    people = _people(sim, citizens)
    started = time.perf_counter()
    for number in range(messages):
        say(sim, people[number % len(people)], {"type": "text", "text": f"{text} ({number})"})
        await _pace(started, number, per_second)
    await sim.until_idle()
    seconds = time.perf_counter() - started
    return {"seconds": round(seconds, 4), "per_second": round(messages / seconds, 1)}


def _people(sim: Simulation, count: int) -> list[Citizen]:
    while len(sim.world.citizens) < count:
        phones.new_citizen(sim)
    return list(sim.world.citizens.values())[:count]


async def _pace(started: float, number: int, per_second: float) -> None:
    if per_second:
        wait = started + (number + 1) / per_second - time.perf_counter()
        await asyncio.sleep(max(0.0, wait))
    elif number % 50 == 0:
        await asyncio.sleep(0)
