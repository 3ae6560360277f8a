"""A real mail server for tests: TLS, log-in, receipts (RFC 3461), and every way to fail on purpose."""

import asyncio
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.services import ports

_OPTION = re.compile(r"\s(RET|ENVID|NOTIFY|ORCPT)=(\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class Taken:
    """A mail that the server accepted, with the envelope it came in."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    options: dict[str, str]

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.raw, policy=default)

    def part(self, kind: str) -> str:
        """The text of the part `plain` or `html`."""
        body = self.message.get_body((kind,))
        assert body is not None
        return cast("str", body.get_content())


@dataclass
class Behaviour:
    """What the server does; a test changes it at any time."""

    to_mail: str = ""  # a reply other than success
    to_recipient: dict[str, str] = field(default_factory=dict)
    to_data: str = ""
    cut_before_dot: bool = False
    cut_after_dot: bool = False
    when_taken: Callable[[], None] = lambda: None  # the mail is taken, the client not yet told


class MailServer:
    """One server on loopback with a thread of its own."""

    def __init__(
        self, *, offers_receipts: bool, tls: ssl.SSLContext | None, implicit: bool, password: str
    ) -> None:
        self.taken: list[Taken] = []
        self.connections = 0
        self.does = Behaviour()
        self.offers_receipts = offers_receipts
        self.tls, self.implicit, self.password = tls, implicit, password
        self.port = ports.free()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Listen; after a stop on the same port as before."""
        if not self._thread.is_alive():
            self._thread.start()
        self._server = self._call(self._listen())

    def stop(self) -> None:
        """Refuse connections and cut those that are open."""
        self._call(self._close())

    def url(self, scheme: str = "smtp+insecure", user: str = "") -> str:
        """Its address as EMAIL_URL takes it."""
        return f"{scheme}://{user}127.0.0.1:{self.port}"

    def end(self) -> None:
        """Stop for good."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        self._open: set[_Protocol] = set()
        context = self.tls if self.implicit else None
        server = await self._loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _close(self) -> None:
        self._server.close()
        for protocol in list(self._open):
            if protocol.transport is not None:
                cast("asyncio.Transport", protocol.transport).abort()
        await asyncio.sleep(0)

    def _protocol(self) -> "_Protocol":
        options: dict[str, Any] = {"hostname": "mail.example", "loop": self._loop}
        if self.password:
            options |= {"authenticator": self._log_in, "auth_required": not self.implicit}
        protocol = _Protocol(
            _Handler(self),
            tls_context=None if self.implicit else self.tls,
            auth_require_tls=not self.implicit,
            enable_SMTPUTF8=True,
            **options,
        )
        protocol.server = self
        self._open.add(protocol)
        return protocol

    def _log_in(self, *given: Any) -> AuthResult:
        login = given[-1]
        right = isinstance(login, LoginPassword) and login.password.decode() == self.password
        return AuthResult(success=right, handled=False)

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


class _Protocol(SMTP):
    server: MailServer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.server.connections += 1
        super().connection_made(transport)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 (aiosmtpd's name)
        if self.server.does.to_mail:
            await self.push(self.server.does.to_mail)
            return
        await super().smtp_MAIL(self._understood(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        await super().smtp_RCPT(self._understood(arg))

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if self.server.does.cut_before_dot:
            cast("asyncio.Transport", self.transport).abort()
            return
        await super().smtp_DATA(arg)

    def _understood(self, arg: str | None) -> str | None:
        if arg is None or not self.server.offers_receipts:
            return arg
        assert self.session is not None
        assert self.envelope is not None
        given = {name.upper(): value for name, value in _OPTION.findall(arg)}
        self.envelope.options = getattr(self.envelope, "options", {}) | given  # type: ignore[attr-defined]
        return _OPTION.sub("", arg)


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, said: list[str]
    ) -> list[str]:
        session.host_name = hostname
        extra = ["250-DSN"] if self._server.offers_receipts else []
        return [*said[:-1], *extra, said[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self._server.does.to_recipient.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        does = self._server.does
        if does.to_data:
            return does.to_data
        self._server.taken.append(
            Taken(
                envelope.mail_from or "",
                tuple(envelope.rcpt_tos),
                envelope.original_content or b"",
                getattr(envelope, "options", {}),
            )
        )
        does.when_taken()
        if does.cut_after_dot:
            cast("asyncio.Transport", server.transport).abort()
        return "250 2.0.0 OK"


@contextmanager
def running(
    *,
    offers_receipts: bool = True,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    password: str = "",
) -> Iterator[MailServer]:
    """Run a server; with `tls` it offers STARTTLS, or speaks TLS at once if `implicit`."""
    server = MailServer(
        offers_receipts=offers_receipts, tls=tls, implicit=implicit, password=password
    )
    server.start()
    try:
        yield server
    finally:
        server.end()
