"""The portal's own mailbox: log in over TLS, see what lies there, read one mail, delete, wait for news."""

import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from imaplib import IMAP4
from threading import Event
from time import monotonic
from typing import Final
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailBoxUnencrypted
from imap_tools.idle import get_socket_poller

STEP_TIMEOUT: Final = 30.0  # seconds for each answer of the server
# What goes wrong between us and the server; nothing is lost by trying again.
ImapTrouble = (OSError, IMAP4.error, ImapToolsError)

_PORTS: Final = {"imap+ssl": 993, "imaps": 993, "imap+tls": 143, "imap": 143, "imap+insecure": 143}
_SIZE: Final = re.compile(rb"UID (\d+)[^)]*RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+)[^)]*UID (\d+)")
_SLICE: Final = 1  # seconds after which a waiting thread looks whether it shall stop
_WITHOUT_IDLE: Final = 10.0  # seconds between two looks


class Unreadable(Exception):
    """The server does not give this mail out; the others may be fine."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where our mailbox is and how the way there is protected."""

    host: str
    port: int
    security: str  # "tls", "starttls" or "none"
    user: str
    password: str
    folder: str

    def __repr__(self) -> str:
        return f"Account({self.place}, {self.security})"

    @property
    def place(self) -> str:
        """Host and folder, without the user: what rows may say about it."""
        return f"{self.host}:{self.port}/{self.folder}"[:200]


def account(url: str) -> Account:
    """Read INBOX_URL: imap+ssl:// or imaps://, imap+tls:// or imap:// (STARTTLS), imap+insecure://.

    A path names another folder than INBOX. Raises ImproperlyConfigured, without repeating the
    address: it holds a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or not parts.username:
        schemes = ", ".join(f"{scheme}://" for scheme in _PORTS)
        raise ImproperlyConfigured(f"INBOX_URL must name user and host and begin with {schemes}")
    return Account(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        security=_SECURITY.get(parts.scheme, "starttls"),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


_SECURITY: Final = {"imap+ssl": "tls", "imaps": "tls", "imap+insecure": "none"}


@contextmanager
def opened(to: Account) -> Iterator["Inbox"]:
    """Log in for as long as the block runs. Raises any of ImapTrouble; never goes on without TLS."""
    box = _connected(to)
    try:
        login = box.login if (to.user + to.password).isascii() else box.login_utf8
        login(to.user, to.password, to.folder)
        yield Inbox(box)
    finally:
        with suppress(*ImapTrouble):
            box.logout()


class Inbox:
    """An open mailbox. Every method may raise ImapTrouble."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box
        capabilities = b" ".join(part for part in box.client.capability()[1] if part).upper()
        self._abilities = frozenset(capabilities.split())

    @property
    def validity(self) -> int:
        """The mailbox's UIDVALIDITY: UIDs mean nothing without it."""
        data = self._box.client.response("UIDVALIDITY")[1]
        given = [part for part in data if part]
        return (
            int(given[-1])
            if given
            else self._box.folder.status(options=["UIDVALIDITY"])["UIDVALIDITY"]
        )

    @property
    def can_wait(self) -> bool:
        """Whether the server tells of new mail by itself (RFC 2177)."""
        return b"IDLE" in self._abilities

    def sizes(self) -> dict[int, int]:
        """Return the size in bytes of all mails that are not marked as deleted, by UID."""
        uids = sorted(int(uid) for uid in self._box.uids("UNDELETED", charset=None))
        if not uids:
            return {}
        _, data = self._box.client.uid("FETCH", _ranges(uids), "(UID RFC822.SIZE)")
        lines = [part[0] if isinstance(part, tuple) else part for part in data if part]
        found = (_SIZE.search(line) for line in lines)
        sizes = {int(match[1] or match[4]): int(match[2] or match[3]) for match in found if match}
        return {uid: sizes.get(uid, 0) for uid in uids}

    def read(self, uid: int, *, only_head: bool = False) -> bytes:
        """Return the raw mail, or its headers, without marking it as read; raises Unreadable."""
        section = "HEADER" if only_head else ""
        try:
            _, data = self._box.client.uid("FETCH", str(uid), f"(BODY.PEEK[{section}])")
        except IMAP4.abort:
            raise
        except IMAP4.error as refused:
            raise Unreadable from refused
        found = next((part[1] for part in data if isinstance(part, tuple)), None)
        if not found:
            raise Unreadable
        return bytes(found)

    def delete(self, uids: Iterable[int]) -> None:
        """Delete these mails for good; with UIDPLUS (RFC 4315) no other marked ones go with them."""
        among = _ranges(sorted(uids))
        if not among:
            return
        self._box.client.uid("STORE", among, "+FLAGS.SILENT", r"(\Deleted)")
        if b"UIDPLUS" in self._abilities:
            self._box.client.uid("EXPUNGE", among)
        else:
            self._box.expunge()

    def wait(self, seconds: float, stopped: Event) -> bool:
        """Wait until something new is there, at most `seconds`; False once it shall stop.

        Without IDLE that is a pause of ten seconds.
        """
        if self.can_wait:
            self._idle(seconds, stopped)
        else:
            stopped.wait(min(seconds, _WITHOUT_IDLE))
            self._box.client.noop()
        return not stopped.is_set()

    def _idle(self, seconds: float, stopped: Event) -> None:
        end = monotonic() + seconds
        self._box.idle.start()  # type: ignore[no-untyped-call]
        # Not `idle.poll`: it reads without waiting, and a line that comes in two pieces ends it all.
        while monotonic() < end and not stopped.is_set():
            if get_socket_poller(self._box.client.sock, _SLICE):
                break
        self._box.idle.stop()  # type: ignore[no-untyped-call]


def _connected(to: Account) -> BaseMailBox:
    if to.security == "none":
        return MailBoxUnencrypted(to.host, to.port, timeout=STEP_TIMEOUT)
    if to.security == "tls":
        context = ssl.create_default_context()
        return MailBox(to.host, to.port, timeout=STEP_TIMEOUT, ssl_context=context)
    return _StartTls(to.host, to.port, timeout=STEP_TIMEOUT)


class _StartTls(MailBoxUnencrypted):
    """Encrypts before anything else is said, and leaves no open socket behind where that fails."""

    def _get_mailbox_client(self) -> IMAP4:
        client = super()._get_mailbox_client()
        try:
            client.starttls(ssl.create_default_context())
        except BaseException:
            client.shutdown()
            raise
        return client


def _ranges(uids: list[int]) -> str:
    """Write sorted UIDs as IMAP does, 1:3,7: a full mailbox still fits into one command line."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(f"{first}:{last}" if last > first else str(first) for first, last in runs)
