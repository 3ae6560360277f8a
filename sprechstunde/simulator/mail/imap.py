"""The IMAP server: pymap in memory, where every address has a mailbox and any password opens it."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from datetime import UTC, datetime

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Identity, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxSet
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials

from sprechstunde.simulator.mail.mailboxes import base

_ARGUMENTS = Namespace(passlib_cfg=None, proxy_protocol=None)


class AnyLogin(Login):
    """Lets everybody in, each into the mailbox of the user name."""

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        name = base(credentials.authcid)
        self.users_dict.setdefault(name, UserMetadata(self.config, name))
        return Identity(name, self, None, frozenset())

    async def authorize(self, authenticated: Identity, authzid: str) -> Identity:  # type: ignore[override]
        return authenticated


class Imap:
    """The server and what lies in its mailboxes."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Empty all mailboxes; clients that are logged in see their old ones until they reconnect."""
        self._config = Config(
            _ARGUMENTS,
            demo_data=False,
            demo_user="",
            demo_password="",
            host="127.0.0.1",
            port=0,
            tls_enabled=False,
        )
        server = IMAPServer(AnyLogin(self._config), self._config)
        self._connected = ProxyProtocolReader(self._config.proxy_protocol).get_callback(server)

    async def append(self, address: str, raw: bytes) -> None:
        """Put a mail into the inbox of an address."""
        mailboxes, _ = self._config.set_cache.setdefault(address, (MailboxSet(), FilterSet()))
        inbox = await mailboxes.get_mailbox("INBOX")
        await inbox.append(AppendMessage(raw, datetime.now(UTC), frozenset()), recent=True)

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on the loopback address."""

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._connected(reader, writer)

        return await asyncio.start_server(connected, "127.0.0.1", port)
