"""Tries out what the settings for e-mail promise, and says in words what is wrong."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum

import dns.exception
import dns.resolver
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext as _

from routing.mail import imap, message_ids, smtp

DNS_SECONDS = 5.0


class Level(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    HINT = "hint"  # better otherwise, but mail goes out and comes in
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the result; holds no password."""

    level: Level
    text: str


def findings(*, dkim_selector: str = "") -> Iterator[Finding]:
    """Check everything, one after the other; connects to the servers and asks the DNS."""
    yield from _names()
    yield from _outgoing()
    yield from _incoming()
    yield from _sender_records(dkim_selector)


def _names() -> Iterator[Finding]:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if address.endswith("@localhost") or "@" not in address:
        yield Finding(Level.FAIL, _("DEFAULT_FROM_EMAIL: name the portal's own mailbox."))
    else:
        yield Finding(Level.OK, _("We write from %(address)s.") % {"address": address})
    if settings.REPLY_ADDRESS.count("*") != 1 or "@" not in settings.REPLY_ADDRESS:
        yield Finding(Level.FAIL, _("REPLY_ADDRESS: write an address with one star in it."))
    else:
        text = _("Replies come to %(pattern)s; the mailbox of INBOX_URL must receive them all.")
        yield Finding(Level.OK, text % {"pattern": settings.REPLY_ADDRESS})
    if not settings.PORTAL_URL.startswith("https://"):
        yield Finding(Level.HINT, _("PORTAL_URL: links in e-mails should begin with https://."))


def _outgoing() -> Iterator[Finding]:
    try:
        server = smtp.server(settings.EMAIL_URL)
    except ImproperlyConfigured as error:
        yield Finding(Level.FAIL, _("EMAIL_URL is unusable: %(why)s") % {"why": error})
        return
    connection = smtp.Connection(server)
    try:
        connection.open()
        yield from _open_connection(connection, server)
    except smtp.MailError as error:
        yield Finding(Level.FAIL, _no_connection(error, server))
    finally:
        connection.close()


def _open_connection(connection: smtp.Connection, server: smtp.Server) -> Iterator[Finding]:
    names = {"host": server.host, "port": server.port, "tls": connection.protection}
    yield Finding(Level.OK, _("SMTP: connected to %(host)s:%(port)d.") % names)
    if connection.protection:
        text = _("SMTP: encrypted (%(tls)s), the certificate is good.")
        yield Finding(Level.OK, text % names)
    else:
        text = _("SMTP: NOT encrypted. That is all right on one and the same machine only.")
        yield Finding(Level.HINT, text)
    if server.user:
        yield Finding(Level.OK, _("SMTP: logged in."))
    if connection.promises_receipts:
        yield Finding(Level.OK, _("SMTP: the server tells what becomes of a mail (DSN)."))
    else:
        text = _(
            "SMTP: the server offers no delivery reports (DSN). After a crash a person has to "
            "decide whether an answer is sent again."
        )
        yield Finding(Level.HINT, text)


def _no_connection(error: smtp.MailError, server: smtp.Server) -> str:
    names = {"host": server.host, "port": server.port, "why": error.detail, "code": error.status}
    texts = {
        "4.4.1": _("SMTP: %(host)s:%(port)d cannot be reached (%(why)s)."),
        "4.7.4": _(
            "SMTP: no trustworthy encryption with %(host)s:%(port)d (%(why)s); no mail is sent."
        ),
        "5.7.8": _("SMTP: the log-in is refused (%(why)s)."),
    }
    other = _("SMTP: %(host)s:%(port)d refuses us: %(code)s (%(why)s).")
    return texts.get(error.status, other) % names


def _incoming() -> Iterator[Finding]:
    if not settings.INBOX_URL:
        text = _("INBOX_URL is not set: replies by e-mail and delivery reports are not read.")
        yield Finding(Level.FAIL, text)
        return
    try:
        account = imap.account(settings.INBOX_URL)
    except ImproperlyConfigured as error:
        yield Finding(Level.FAIL, _("INBOX_URL is unusable: %(why)s") % {"why": error})
        return
    try:
        with imap.opened(account) as inbox:
            names = {"place": account.place, "count": len(inbox.sizes())}
            can_wait = inbox.can_wait
    except ssl.SSLError:
        yield Finding(Level.FAIL, _("IMAP: no trustworthy encryption; nothing is fetched."))
    except imap.ImapTrouble as error:
        text = _("IMAP: no access to %(place)s (%(why)s).")
        names = {"place": account.place, "why": type(error).__name__}
        yield Finding(Level.FAIL, text % names)
    else:
        text = _("IMAP: logged in to %(place)s, %(count)d e-mails wait there.")
        yield Finding(Level.OK, text % names)
        if account.security == "none":
            yield Finding(Level.HINT, _("IMAP: NOT encrypted."))
        if not can_wait:
            yield Finding(Level.HINT, _("IMAP: the server has no IDLE; we look now and then."))


def _sender_records(dkim_selector: str) -> Iterator[Finding]:
    domain = message_ids.domain()
    try:
        spf = _has_record(domain, "v=spf1")
        dmarc = _has_record(f"_dmarc.{domain}", "v=DMARC1")
        dkim = _has_record(f"{dkim_selector}._domainkey.{domain}", "p=") if dkim_selector else None
    except dns.exception.DNSException:
        text = _("DNS: not reachable from here; SPF, DKIM and DMARC were not looked up.")
        yield Finding(Level.HINT, text)
        return
    there = _("DNS: %(domain)s has a record for %(what)s.")
    spf_missing = _("DNS: %(domain)s has no SPF record; many servers will distrust our mail.")
    dmarc_missing = _("DNS: %(domain)s has no DMARC record; others can write in your name.")
    yield _record(spf, there, spf_missing, {"domain": domain, "what": "SPF"})
    yield _record(dmarc, there, dmarc_missing, {"domain": domain, "what": "DMARC"})
    if dkim is None:
        yield Finding(Level.HINT, _("DNS: name the selector (--dkim-selector) to look for DKIM."))
        return
    dkim_missing = _("DNS: %(domain)s has no such DKIM key.")
    yield _record(dkim, there, dkim_missing, {"domain": domain, "what": "DKIM"})


def _record(found: bool, there: str, missing: str, names: dict[str, str]) -> Finding:
    return Finding(Level.OK, there % names) if found else Finding(Level.HINT, missing % names)


def _has_record(name: str, begins: str) -> bool:
    resolver = dns.resolver.Resolver()
    resolver.lifetime = DNS_SECONDS
    try:
        answer = resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return False
    texts = (b"".join(record.strings).decode("ascii", "replace") for record in answer)
    return any(begins in text for text in texts)
