"""The simulated mail as one part of the simulator: post, servers, their ports."""

from __future__ import annotations

import asyncio

from sprechstunde.simulator.clock import Clock
from sprechstunde.simulator.live import Hub
from sprechstunde.simulator.mail import smtp
from sprechstunde.simulator.mail.imap import Imap
from sprechstunde.simulator.mail.post import Post


class MailService:
    """Listens on two ports of the loopback address; port 0 takes any that is free."""

    def __init__(self, clock: Clock, hub: Hub, smtp_port: int, imap_port: int) -> None:
        self._clock, self._hub = clock, hub
        self._wanted = (smtp_port, imap_port)
        self._imap = Imap()
        self._servers: list[asyncio.Server] = []
        self.reset()

    def reset(self) -> None:
        """Empty every mailbox and end every mode."""
        self._imap.forget()
        self.post = Post(self._clock, self._hub, self._imap.append)

    async def start(self) -> None:
        """Listen. Raises OSError if a port is taken."""
        smtp_port, imap_port = self._wanted
        self._servers = [await smtp.serve(self, smtp_port), await self._imap.serve(imap_port)]

    def stop(self) -> None:
        """Take no new connections; open ones end with the process."""
        for server in self._servers:
            server.close()

    def addresses(self) -> dict[str, str]:
        """Return where SMTP and IMAP are to be had, as `host:port`."""
        ports = [server.sockets[0].getsockname()[1] for server in self._servers if server.sockets]
        return dict(zip(("smtp", "imap"), (f"127.0.0.1:{port}" for port in ports), strict=False))
