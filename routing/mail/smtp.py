"""One connection to the mail server: encrypted or none at all, and always sure what became of a mail.

What matters most is the moment after the final dot: until then a broken connection means that the mail
was not accepted, afterwards nobody knows (RFC 1047). Each case has an exception of its own.
"""

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from routing.mail import message_ids
from routing.mail.compose import Envelope

STEP_TIMEOUT: Final = 30.0  # seconds for each answer of the server
END_TIMEOUT: Final = 300.0  # seconds to accept a whole mail; RFC 5321, 4.5.3.2.6 has ten minutes
KEPT_IDLE: Final = 30.0  # seconds after which a connection is opened anew

_STATUS: Final = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_GO_AHEAD: Final = 354
_GOING_AWAY: Final = 421
_TOO_LARGE: Final = 552
_LINE_BEGINS_WITH_DOT: Final = re.compile(rb"(?m)^\.")
_NO_CONNECTION: Final = "4.4.1"  # RFC 3463
_CUT: Final = "4.4.2"
_CHANGED: Final = "4.3.0"
_NO_TLS: Final = "4.7.4"
_ADDRESS_SCRIPT: Final = "5.6.7"  # RFC 6531
_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+ssl": 465, "smtp+tls": 587, "smtp+insecure": 25}

T = TypeVar("T")


class MailError(Exception):
    """A mail that did not certainly leave; `status` is the enhanced code (RFC 3463)."""

    def __init__(self, status: str, detail: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail  # for check_mail: what the server or TLS said; never logged


class NotNow(MailError):
    """Certainly not accepted; may be tried again later."""


class Refused(MailError):
    """Certainly not accepted, and never will be."""


class Unconfirmed(MailError):
    """The connection broke after the final dot: nobody knows."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over, and how the way there is protected."""

    host: str
    port: int
    security: str  # "starttls", "tls" or "none"
    user: str
    password: str

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, {self.security})"


def server(url: str) -> Server:
    """Read EMAIL_URL: smtp:// or smtp+tls:// with STARTTLS, smtps:// or smtp+ssl://, smtp+insecure://.

    Raises ImproperlyConfigured, without repeating the address: it may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        schemes = ", ".join(f"{scheme}://" for scheme in _PORTS)
        raise ImproperlyConfigured(f"EMAIL_URL must name a host and begin with one of {schemes}")
    return Server(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        security=_SECURITY.get(parts.scheme, "starttls"),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


_SECURITY: Final = {"smtps": "tls", "smtp+ssl": "tls", "smtp+insecure": "none"}


class Connection:
    """A connection that is opened when needed, kept, and reused by one thread."""

    def __init__(self, to: Server) -> None:
        self._to = to
        self._smtp: smtplib.SMTP | None = None
        self._used_at = 0.0

    @property
    def promises_receipts(self) -> bool:
        """Whether the server will tell what becomes of a mail (RFC 3461); call after `open`."""
        return self._smtp is not None and self._smtp.has_extn("dsn")

    @property
    def protection(self) -> str:
        """The version of TLS in use, empty without; call after `open`."""
        sock = self._smtp.sock if self._smtp is not None else None
        return (sock.version() or "") if isinstance(sock, ssl.SSLSocket) else ""

    @property
    def is_stale(self) -> bool:
        """Whether it has not been used for so long that the server may have hung up."""
        return time.monotonic() - self._used_at > KEPT_IDLE

    def open(self) -> None:
        """Connect, encrypt and log in, unless that is done; raises NotNow."""
        if self.is_stale:
            self.close()
        if self._smtp is None:
            self._smtp = _certain(lambda: _opened(self._to))
        self._used_at = time.monotonic()

    def send(self, envelope: Envelope, *, with_receipts: bool) -> None:
        """Hand one mail over; raises NotNow, Refused, Unconfirmed.

        With receipts the server is asked to report success, too: to the envelope's sender, under
        the name that the envelope carries. NotNow if it offers that no more.
        """
        kept = self._smtp is not None
        self.open()
        try:
            self._begin(envelope, with_receipts)
        except smtplib.SMTPServerDisconnected as gone:
            self.close()
            if not kept:
                raise NotNow(_CUT) from gone
            self.open()  # it had grown tired of waiting; nothing of this mail was sent yet
            _certain(lambda: self._begin(envelope, with_receipts), self.close)
        except OSError as broken:
            self.close()
            raise NotNow(_CUT) from broken
        self._content(envelope.content)
        self._used_at = time.monotonic()

    def close(self) -> None:
        """Hang up; the next mail opens a new connection."""
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None

    def _begin(self, envelope: Envelope, with_receipts: bool) -> None:
        smtp = self._open_smtp()
        mail, rcpt = _options(smtp, envelope, with_receipts)
        code, said = smtp.mail(envelope.sender, mail)
        if code == _GOING_AWAY:
            raise smtplib.SMTPServerDisconnected
        self._check(code, said, refuses=code == _TOO_LARGE)
        answers = [smtp.rcpt(recipient, rcpt) for recipient in envelope.recipients]
        refusals = [answer for answer in answers if not _is_success(answer[0])]
        if len(refusals) == len(answers):
            # Of several recipients the one that may still work decides.
            code, said = min(refusals)
            self._check(code, said, refuses=True)
        code, said = smtp.docmd("DATA")
        if code != _GO_AHEAD:
            self._check(code, said, refuses=True)
            raise NotNow(_CUT)

    def _content(self, content: bytes) -> None:
        smtp = self._open_smtp()
        try:
            # Fails only if the final dot did not leave.
            smtp.send(_LINE_BEGINS_WITH_DOT.sub(b"..", content) + b".\r\n")
        except (OSError, smtplib.SMTPServerDisconnected) as cut:
            self.close()
            raise NotNow(_CUT) from cut
        try:
            _wait_up_to(smtp, END_TIMEOUT)
            code, said = smtp.getreply()
            _wait_up_to(smtp, STEP_TIMEOUT)
        except (OSError, smtplib.SMTPException) as cut:
            self.close()
            raise Unconfirmed(_CUT) from cut
        self._check(code, said, refuses=True)

    def _check(self, code: int, said: bytes, *, refuses: bool) -> None:
        """Raise unless it is a success; a permanent no refuses the mail only where that is meant."""
        if _is_success(code):
            return
        self._reset()
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR and refuses:
            raise Refused(_status(code, said), _readable(said))
        raise NotNow(_status(code, said), _readable(said))

    def _reset(self) -> None:
        try:
            self._open_smtp().rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _open_smtp(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise NotNow(_CUT)
        return self._smtp


def _opened(to: Server) -> smtplib.SMTP:
    context = ssl.create_default_context()
    our_name = message_ids.domain()  # smtplib would ask the DNS for this machine's
    if to.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            to.host, to.port, our_name, timeout=STEP_TIMEOUT, context=context
        )
    else:
        smtp = smtplib.SMTP(to.host, to.port, our_name, timeout=STEP_TIMEOUT)
    try:
        _protect(smtp, to, context)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _protect(smtp: smtplib.SMTP, to: Server, context: ssl.SSLContext) -> None:
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    smtp.ehlo_or_helo_if_needed()
    if to.security == "starttls":
        if not smtp.has_extn("starttls"):
            raise NotNow(_NO_TLS, "the server offers no STARTTLS")
        smtp.starttls(context=context)
        smtp.ehlo()
    if to.user:
        smtp.login(to.user, to.password)


def _options(
    smtp: smtplib.SMTP, envelope: Envelope, with_receipts: bool
) -> tuple[list[str], list[str]]:
    mail, rcpt = [], []
    if smtp.has_extn("size"):
        mail.append(f"SIZE={len(envelope.content)}")
    if with_receipts:
        if not smtp.has_extn("dsn"):
            # The row says that a report will come: that must not be wrong if we die now.
            raise NotNow(_CHANGED)
        mail += ["RET=HDRS", f"ENVID={envelope.name}"]
        rcpt.append("NOTIFY=SUCCESS,FAILURE,DELAY")
    if not all(recipient.isascii() for recipient in envelope.recipients):
        if not smtp.has_extn("smtputf8"):
            raise Refused(_ADDRESS_SCRIPT)
        mail.append("SMTPUTF8")
    return mail, rcpt


def _certain(step: Callable[[], T], and_then: Callable[[], None] = lambda: None) -> T:
    """Do what comes before the final dot; whatever breaks there means: not accepted, try again."""
    try:
        return step()
    except MailError:
        and_then()
        raise
    except smtplib.SMTPResponseException as answer:
        and_then()
        said = answer.smtp_error
        text = said if isinstance(said, bytes) else said.encode()
        raise NotNow(_status(answer.smtp_code, text), _readable(text)) from answer
    except ssl.SSLError as untrusted:
        and_then()
        raise NotNow(_NO_TLS, getattr(untrusted, "verify_message", "") or "TLS") from untrusted
    except (OSError, smtplib.SMTPException) as broken:
        and_then()
        raise NotNow(_NO_CONNECTION, type(broken).__name__) from broken


def _wait_up_to(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _is_success(code: int) -> bool:
    return HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES


def _status(code: int, said: bytes) -> str:
    found = _STATUS.match(said)
    return found[1].decode() if found else f"{code // 100}.0.0"


def _readable(said: bytes) -> str:
    return said.decode("ascii", "replace")
