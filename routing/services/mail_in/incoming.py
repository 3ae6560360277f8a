"""Takes in a mail: one transaction stores it and finds its home, or keeps it sealed for a person."""

import hashlib
import hmac
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.errors import MessageError
from email.utils import parseaddr
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, transaction
from django.utils.crypto import salted_hmac

from routing.enums import Channel, Doubt, Outcome, Party
from routing.mail import automatic, message_ids, parsing, replies, reports
from routing.mail.addresses import Purpose
from routing.mail.bodies import File
from routing.mail.parsing import Mail
from routing.mail.reports import Fate, Report
from routing.models import Answer, IncomingMail, MailboxPlace, OutgoingMail, Ticket
from routing.services.mail_in import matching
from routing.services.mail_in.matching import Match
from routing.services.mail_out import sending
from routing.services.work import actors, answers, moves, tickets
from routing.services.work.actors import Actor
from sprechstunde.vault.errors import KeyUnavailable
from sprechstunde.vault.keystore import keystore

log = logging.getLogger(__name__)

KEPT = timedelta(days=30)  # what nobody resolved, and what needed nobody
_DECIDED = ("outcome", "doubt", "office", "ticket", "about")
_SEALED = ("key_id", "sender", "subject", "raw")
_WRAPPINGS = (".eml", ".msg", "winmail.dat")
_HOMES = frozenset({Outcome.ANSWER, Outcome.REPLY})
# What a mail can do to us. All else (database or keystore away, disk full) says nothing about the mail.
_ITS_FAULT = (
    MessageError,
    ArithmeticError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a mailbox a mail lies (RFC 9051, 2.3.1.1)."""

    mailbox: str
    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class _Found:
    """What is to become of a mail."""

    outcome: Outcome
    match: Match = field(default_factory=Match)
    doubt: Doubt | None = None


def receive(
    raw: bytes, *, now: datetime, place: Place | None = None, is_cut: bool = False
) -> IncomingMail:
    """Store a mail and do what it asks for; when this returns, it is safely committed.

    The same mail again, also at the same time, changes nothing and returns the first row. A mail
    that cannot be dealt with is kept sealed for a person. `is_cut`: `raw` is only the head of one
    that is too large. Raises DatabaseError, KeystoreUnavailable, OSError: then nothing is stored.
    """
    is_too_large = is_cut or len(raw) > settings.INBOX_MAX_BYTES
    mail: Mail | None = parsing.read_headers(raw) if is_too_large else parsing.read(raw)
    doubt = Doubt.TOO_LARGE if is_too_large else None
    seal = uuid4()
    try:
        with transaction.atomic():
            return _take_in(raw, mail, seal, now, place, doubt)
    except (tickets.TicketError, KeyUnavailable) as refusal:
        doubt = _refused(refusal)
    except (*_ITS_FAULT, DataError, IntegrityError) as error:
        mail, doubt = None, Doubt.MALFORMED
        log.warning("an incoming mail could not be read (%s) and waits for a person", type(error))
    except DatabaseError:
        raise  # perhaps it is committed; a key that is nobody's is destroyed within a day
    except BaseException:
        keystore().destroy(seal)
        raise
    keystore().destroy(seal)
    with transaction.atomic():
        return _take_in(raw, mail, uuid4(), now, place, doubt)


def digest(raw: bytes, mail: Mail | None) -> bytes:
    """Return by what a mail is known again: its Message-ID and its words, however they came here.

    Not the Message-ID alone: devices exist that give all their mails the same one.
    """
    body = raw.partition(b"\r\n\r\n")[2] or raw.partition(b"\n\n")[2] or raw
    words = hashlib.sha256(b"".join(body.split())).digest()
    name = mail.message_id if mail else ""
    known_by = name.encode("utf-8", "surrogatepass") + b"\0" + words
    key = salted_hmac("routing.incoming", "digest", algorithm="sha256").digest()
    return hmac.digest(key, known_by, "sha256")


def forget_old(now: datetime) -> int:
    """Erase what has lain here for 30 days; returns how many mails that nobody had resolved."""
    old = IncomingMail.objects.filter(received_at__lt=now - KEPT)
    unresolved = old.filter(outcome=Outcome.QUARANTINED).count()
    for mail in old.only("pk", "key_id"):
        if mail.key_id:
            keystore().destroy(mail.key_id)
        mail.delete()
    if unresolved:
        log.warning("%s incoming mails were erased that nobody had resolved in time", unresolved)
    return unresolved


def _take_in(
    raw: bytes,
    mail: Mail | None,
    seal: UUID,
    now: datetime,
    place: Place | None,
    doubt: Doubt | None,
) -> IncomingMail:
    """Store the mail and deal with it; in doubt, and without `mail`, it is only kept for a person."""
    row, is_new = _row(digest(raw, mail), now)
    if place:
        _remember(place, row)
    if not is_new:
        return row
    found = _Found(Outcome.QUARANTINED, doubt=doubt)
    if mail:
        found = _in_doubt(mail, doubt, now) if doubt else _deal_with(raw, mail, now)
    row.outcome, row.doubt = found.outcome, found.doubt or ""
    row.office_id = matching.office_of(mail.sender if mail else "", found.match)
    row.ticket, row.about = found.match.ticket, found.match.about
    has_home = found.outcome in _HOMES
    if not has_home:
        _keep_sealed(row, mail, raw, seal)
    row.save(update_fields=_DECIDED if has_home else (*_DECIDED, *_SEALED))
    return row


def _in_doubt(mail: Mail, doubt: Doubt, now: datetime) -> _Found:
    return _Found(Outcome.QUARANTINED, matching.match(mail, now=now), doubt)


def _row(known_by: bytes, now: datetime) -> tuple[IncomingMail, bool]:
    """Insert, or wait for whoever inserts the same now (both databases do on the unique digest)."""
    row = IncomingMail(digest=known_by, received_at=now)
    IncomingMail.objects.bulk_create([row], ignore_conflicts=True)
    row.pk, uid = IncomingMail.objects.values_list("pk", "uid").get(digest=known_by)
    is_new = uid == row.uid
    return row if is_new else IncomingMail.objects.get(pk=row.pk), is_new


def _remember(place: Place, row: IncomingMail) -> None:
    here = MailboxPlace(mailbox=place.mailbox, validity=place.validity, uid=place.uid, mail=row)
    MailboxPlace.objects.bulk_create([here], ignore_conflicts=True)


def _keep_sealed(row: IncomingMail, mail: Mail | None, raw: bytes, seal: UUID) -> None:
    keystore().create(seal)
    row.key_id, row.raw = seal, raw
    if mail:
        row.sender, row.subject = mail.sender, mail.subject


def _deal_with(raw: bytes, mail: Mail, now: datetime) -> _Found:
    report = reports.read(mail.message)
    if report:
        return _report(report, mail, now)
    if _is_own(mail):
        return _Found(Outcome.LOOP, matching.of_message_ids([mail.message_id]))
    match = matching.match(mail, now=now)
    if automatic.is_automatic(mail.message):
        return _Found(Outcome.AUTO_REPLY, match)
    doubt = _doubt(mail, match)
    if doubt:
        return _Found(Outcome.QUARANTINED, match, doubt)
    return _bring_home(raw, mail, match)


def _is_own(mail: Mail) -> bool:
    """Whether it is our own mail that came back: by its name, or because we are said to have sent it."""
    own = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower()
    return message_ids.uid_of(mail.message_id) is not None or mail.sender == own


def _doubt(mail: Mail, match: Match) -> Doubt | None:
    readable = {
        Doubt.MALFORMED: mail.is_damaged,
        Doubt.ENCRYPTED: mail.is_encrypted,
        Doubt.INVITATION: mail.is_invitation,
        Doubt.TOO_LARGE: mail.is_long,
    }
    unreadable = next((doubt for doubt, is_so in readable.items() if is_so), None)
    if match.doubt or unreadable:
        return match.doubt or unreadable
    return Doubt.NO_ADDRESS if match.purpose in {None, Purpose.BOUNCE} else None


def _bring_home(raw: bytes, mail: Mail, match: Match) -> _Found:
    """Make it the department's answer or the citizen's reply; where that cannot be, a doubt says why.

    Raises TicketError, KeyUnavailable: then the transaction is rolled back.
    """
    text = replies.cut(mail.text, sender_name=mail.sender_name)
    ticket = moves.locked(match.ticket) if match.ticket else None
    match = replace(match, ticket=ticket)
    writer = matching.sender(mail, match)
    if writer is None or ticket is None:
        return _Found(Outcome.QUARANTINED, match, Doubt.SENDER)
    if not text:
        return _Found(Outcome.QUARANTINED, match, Doubt.EMPTY)
    known = [] if writer is actors.CITIZEN else answers.unrejected(ticket)
    if text.split() in (said.split() for said in _said_before(ticket, writer, known)):
        return _Found(Outcome.AUTO_REPLY, match)  # the very same words: a robot that answers robots
    if writer is not actors.CITIZEN and any(map(_is_wrapping, mail.files)):
        return _Found(Outcome.QUARANTINED, match, Doubt.FILE)
    return _Found(_hand_over(ticket, mail, raw, text, writer, known), match)


def _hand_over(
    ticket: Ticket, mail: Mail, raw: bytes, text: str, by: Actor, known: list[Answer]
) -> Outcome:
    """Give text, files and original to the ticket, by a citizen as a reply, else as an answer."""
    if by.party is Party.CITIZEN:
        tickets.reopen_locked(ticket, text=text, original=raw, by=by)
        return Outcome.REPLY
    files = [(file.name, file.data) for file in mail.files]
    answers.submit_mail(ticket, by=by, text=text, original=raw, files=files, known=known)
    return Outcome.ANSWER


def _said_before(ticket: Ticket, writer: Actor, known: list[Answer]) -> Iterator[str]:
    """Go through what the same side wrote by e-mail."""
    if writer is actors.CITIZEN:
        return (reply.text for reply in ticket.replies.defer("original"))
    return (answer.text for answer in known if answer.channel == Channel.MAIL)


def _is_wrapping(file: File) -> bool:
    """Whether a file holds another mail: what is inside was perhaps never meant for the citizen."""
    return file.media_type == "message/rfc822" or file.name.lower().endswith(_WRAPPINGS)


def _refused(refusal: Exception) -> Doubt:
    if isinstance(refusal, answers.FileRefused):
        return Doubt.FILE
    return Doubt.SENDER if isinstance(refusal, tickets.NotAllowed) else Doubt.STATE


def _report(report: Report, mail: Mail, now: datetime) -> _Found:
    match = _about(report, mail, now)
    about = match.about
    if about is None:
        return _Found(Outcome.QUARANTINED, match, match.doubt or Doubt.NO_ADDRESS)
    if report.fate is Fate.DELAYED:
        return _Found(Outcome.DELAY, match)
    if report.fate is Fate.DELIVERED:
        sending.delivered(about, now=now)
        return _Found(Outcome.DELIVERED, match)
    sending.bounced(about, status=report.status, permanent=report.permanent, now=now)
    return _Found(Outcome.BOUNCE, match)


def _about(report: Report, mail: Mail, now: datetime) -> Match:
    """Return of which mail a report speaks: by its address, by the envelope's name, by what it sends back."""
    match = matching.match(mail, now=now)
    if match.about or match.doubt in {Doubt.FORGED, Doubt.EXPIRED}:
        return match
    named = _of_envelope(report.envelope_id)
    if named:
        return Match(Purpose.BOUNCE, named.ticket, named)
    sent_back = matching.of_message_ids(report.message_ids)
    return sent_back if sent_back.about else match


def _of_envelope(name: str) -> OutgoingMail | None:
    try:
        uid = UUID(name)
    except ValueError:
        return None
    return OutgoingMail.objects.select_related("ticket").filter(uid=uid).first()
