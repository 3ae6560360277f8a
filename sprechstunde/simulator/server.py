"""The web server of the simulator: routes, versions, cut connections, quick shutdown."""

from __future__ import annotations

import asyncio
import re
import sys
import weakref
from socket import socket
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sprechstunde.simulator.config import Config
from sprechstunde.simulator.control.routes import routes as control_routes
from sprechstunde.simulator.graph.routes import routes as graph_routes
from sprechstunde.simulator.pages.routes import routes as page_routes
from sprechstunde.simulator.simulation import Simulation

VERSION = re.compile(r"^/v\d+\.\d+(?=/)")
Address = tuple[str, int]
connections: weakref.WeakValueDictionary[Address, asyncio.Transport] = weakref.WeakValueDictionary()


class Protocol(HttpToolsProtocol):
    """Remembers the connection of each client, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            connections[self.client] = transport


class Paths:
    """Takes the Graph version off the path and lends the request a way to cut its connection."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["cut"] = lambda: _cut(scope["client"])
            if match := VERSION.match(scope["path"]):
                path = scope["path"][match.end() :]
                scope["path"] = path.rstrip("/") or "/"
        await self._app(scope, receive, send)


def _cut(client: Address | None) -> None:
    transport = connections.get(tuple(client)) if client else None  # type: ignore[arg-type]
    if transport is not None:
        transport.abort()


class Server(uvicorn.Server):
    """Ends open streams as soon as it is told to stop."""

    def __init__(self, config: uvicorn.Config, sim: Simulation) -> None:
        super().__init__(config)
        self._sim = sim

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._sim.hub.close()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await self._sim.mail.start()
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(f"simulator ready: {self._sim.config.base_url}/\n")
            sys.stdout.flush()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._sim.mail.stop()
        await super().shutdown(sockets)


def application(sim: Simulation) -> ASGIApp:
    app = Starlette(routes=[*page_routes(), *control_routes(), *graph_routes()])
    app.router.redirect_slashes = False
    app.state.sim = sim
    return Paths(app)


def server(config: Config) -> Server:
    """Listens on the loopback address only."""
    sim = Simulation(config)
    settings = uvicorn.Config(
        application(sim),
        host="127.0.0.1",
        port=config.port,
        http=Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        backlog=2048,
    )
    return Server(settings, sim)
