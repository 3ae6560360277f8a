"""All parts of one running simulator, wired together."""

from __future__ import annotations

import asyncio

from sprechstunde.simulator.clock import Clock, Timers
from sprechstunde.simulator.config import Config
from sprechstunde.simulator.envelope import Update
from sprechstunde.simulator.faults import Dice, Faults
from sprechstunde.simulator.limits import Limits
from sprechstunde.simulator.live import OVERVIEW, Hub
from sprechstunde.simulator.mail.service import MailService
from sprechstunde.simulator.media import MediaStore
from sprechstunde.simulator.webhooks import Outbox
from sprechstunde.simulator.world import Citizen, World


class Simulation:
    """One account, its citizens and everything that can go wrong with them."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = Clock()
        self.dice = Dice()
        self.faults = Faults()
        self.timers = Timers()
        self.hub = Hub()
        self.outbox = Outbox(config, self.clock, self.faults, self.dice)
        self.mail = MailService(self.clock, self.hub, config.smtp_port, config.imap_port)
        self._fresh()

    def _fresh(self) -> None:
        self.world = World()
        self.limits = Limits()
        self.media = MediaStore(self.world, self.clock, self.dice, self.config.base_url)

    def reset(self, *, seed: int | None = None) -> None:
        """Back to the beginning: no citizens, no media, no mails, no faults, nothing on its way."""
        self.timers.cancel()
        self.outbox.reset()
        self.clock.reset()
        self.faults.change(Faults().as_json())
        self.dice.seed(seed)
        self.mail.reset()
        self._fresh()
        self.hub.publish(OVERVIEW)

    def tell(self, citizen: Citizen, update: Update) -> None:
        """Send an update to the portal, unless the account or the citizen is cut off."""
        business = self.world.business
        if business.subscribed and citizen.user_id not in business.blocked:
            self.outbox.put(update)

    async def until_idle(self) -> None:
        """Returns when nothing is queued, on its way or still to come."""
        while not self.idle_state()["idle"]:  # noqa: ASYNC110 - many sources end at no one event
            await asyncio.sleep(0.005)

    def idle_state(self) -> dict[str, int | bool]:
        state = {**self.outbox.state(), "scheduled": len(self.timers)}
        busy = state["queued"] + state["in_flight"] + state["retrying"] + state["scheduled"]
        return {"idle": busy == 0, **state}
