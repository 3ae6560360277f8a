"""The control API of the mailboxes: read, reply, write, and set how a mailbox behaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sprechstunde.simulator.mail import reading, writing
from sprechstunde.simulator.mail.mailboxes import Mail, Mailbox, Mode
from sprechstunde.simulator.mail.post import Recipient
from sprechstunde.simulator.simulation import Simulation

Answer = dict[str, Any]
Handler = Callable[[Simulation, dict[str, Any], Request], Awaitable[Answer]]
SANDBOX = {
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
}


async def mailboxes(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    found = sim.mail.post.mailboxes.by_address.values()
    lines = [reading.line(mailbox) for mailbox in found]
    return {**sim.mail.addresses(), "mailboxes": sorted(lines, key=lambda each: each["address"])}


async def mailbox(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    found = _mailbox(sim, request)
    return {**reading.line(found), "mails": [reading.whole(mail) for mail in found.mails]}


async def change(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    found = _mailbox(sim, request)
    found.mode = Mode(order["mode"])
    found.told.clear()
    sim.hub.publish("mail")
    return reading.line(found)


async def look(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    _mailbox(sim, request).unread = 0
    sim.hub.publish("mail")
    return {"read": True}


async def reply(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    found, mail = _mailbox(sim, request), _mail(sim, request)
    to, raw = writing.reply(
        found.address,
        mail,
        words=str(order["text"]),
        style=str(order.get("style", "thunderbird")),
        attachment=order.get("attachment"),
        at=sim.clock.now(),
    )
    await sim.mail.post.deliver(found.address, [Recipient(to)], raw)
    return {"to": to}


async def write(sim: Simulation, order: dict[str, Any], request: Request) -> Answer:
    found = _mailbox(sim, request)
    to, raw = writing.letter(
        found.address,
        to=str(order["to"]),
        subject=str(order.get("subject", "")),
        words=str(order.get("text", "")),
        headers=order.get("headers"),
        attachment=order.get("attachment"),
        at=sim.clock.now(),
    )
    await sim.mail.post.deliver(found.address, [Recipient(to)], raw)
    return {"to": to}


async def raw(request: Request) -> Response:
    """The bytes of a mail."""
    mail = _mail(request.app.state.sim, request)
    return Response(mail.raw, media_type="text/plain; charset=utf-8", headers=SANDBOX)


async def html(request: Request) -> Response:
    """The HTML part, for a frame without scripts."""
    mail = _mail(request.app.state.sim, request)
    page = reading.html(reading.parsed(mail))
    return Response(page, media_type="text/html; charset=utf-8", headers=SANDBOX)


def _mailbox(sim: Simulation, request: Request) -> Mailbox:
    return sim.mail.post.mailboxes.of(request.path_params["address"])


def _mail(sim: Simulation, request: Request) -> Mail:
    found = _mailbox(sim, request).mail(int(request.path_params["mail"]))
    if found is None:
        raise LookupError("Diese Nachricht gibt es nicht.")
    return found


ONE = "/control/mail/{address}"
ENDPOINTS: list[tuple[str, str, Handler]] = [
    ("GET", "/control/mail", mailboxes),
    ("GET", ONE, mailbox),
    ("PATCH", ONE, change),
    ("POST", f"{ONE}/read", look),
    ("POST", f"{ONE}/send", write),
    ("POST", f"{ONE}/{{mail:int}}/reply", reply),
]
