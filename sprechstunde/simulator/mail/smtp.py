"""The SMTP server: takes mail for every address, with size, eight bits, UTF-8 and receipts (RFC 3461)."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from sprechstunde.simulator.mail.post import HOST, Post, Recipient, Refused

LARGEST = 35 * 1024 * 1024
_OPTION = re.compile(r"\s(RET|ENVID|NOTIFY|ORCPT)=(\S+)", re.IGNORECASE)


class Receiver(SMTP):
    """Understands the options of RFC 3461, which aiosmtpd refuses."""

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        given = _options(arg)
        await super().smtp_MAIL(_without(arg))
        if self.envelope is not None and "ENVID" in given:
            self.envelope.mail_options.append(f"ENVID={given['ENVID']}")

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        assert self.envelope is not None  # noqa: S101 (aiosmtpd makes one with each session)
        before = len(self.envelope.rcpt_tos)
        await super().smtp_RCPT(_without(arg))
        if len(self.envelope.rcpt_tos) > before:
            self.envelope.rcpt_options.append(_options(arg).get("NOTIFY", ""))


class HasPost(Protocol):
    """Whoever has the post; another one after a reset."""

    post: Post


class Handler:
    """What happens with the commands: the post decides."""

    def __init__(self, service: HasPost) -> None:
        self._service = service

    @property
    def _post(self) -> Post:
        return self._service.post

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, said: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*said[:-1], "250-DSN", "250-ENHANCEDSTATUSCODES", said[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        try:
            self._post.check(address)
        except Refused as refused:
            return str(refused)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        try:
            self._post.check_again(envelope.rcpt_tos, raw)
        except Refused as refused:
            return str(refused)
        sender = (envelope.mail_from or "").strip("<>")
        told = [*envelope.rcpt_options, *[""] * len(envelope.rcpt_tos)]
        recipients = [
            Recipient(address, frozenset(notify.upper().split(",")) - {""})
            for address, notify in zip(envelope.rcpt_tos, told, strict=False)
        ]
        await self._post.deliver(sender, recipients, raw, envelope_id=_envelope_id(envelope))
        return "250 2.0.0 OK"


async def serve(service: HasPost, port: int) -> asyncio.Server:
    """Listen on the loopback address; any user and password may log in."""
    handler, loop = Handler(service), asyncio.get_running_loop()
    return await loop.create_server(lambda: _receiver(handler), "127.0.0.1", port)


def _receiver(handler: Handler) -> Receiver:
    return Receiver(
        handler,
        hostname=HOST,
        ident="simulator",
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
        auth_require_tls=False,
        authenticator=_anybody,
        loop=asyncio.get_running_loop(),
    )


def _anybody(*_args: Any) -> AuthResult:
    return AuthResult(success=True)


def _envelope_id(envelope: Envelope) -> str:
    named = [each for each in envelope.mail_options if each.startswith("ENVID=")]
    return named[-1].removeprefix("ENVID=") if named else ""


def _options(arg: str | None) -> dict[str, str]:
    return {name.upper(): value for name, value in _OPTION.findall(arg or "")}


def _without(arg: str | None) -> str | None:
    return None if arg is None else _OPTION.sub("", arg)
