"""Takes in what WhatsApp tells: webhooks that come together, one transaction, one live event."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from sessions_app.enums import MessageKind
from sessions_app.models import ConsultationSession, Conversation, Message
from sessions_app.services.inbound import effects, identity, outside, wishes
from sessions_app.services.inbound.rows import attach, insert_new, message_of, note_of
from sessions_app.services.inbound.running import running_on
from sessions_app.services.outbound import receipts
from sessions_app.whatsapp.events import IdentityChange, Incoming, Receipt, Sender, Update
from sessions_app.whatsapp.payloads import parse
from sprechstunde.doorbell import ring
from sprechstunde.live.events import announce
from sprechstunde.vault.errors import KeyUnavailable

log = logging.getLogger(__name__)

# These never bring somebody in whom we do not know: a late one would bring back the erased.
_OPENS_NOTHING = {MessageKind.REACTION, MessageKind.EDIT, MessageKind.REVOKE}
_ATTEMPTS = 3
_RINGS_FOR_EACH = 20  # beyond that one ring for all that is due costs less

Said = Incoming | IdentityChange


@dataclass(repr=False)
class Mail:
    """What one webhook brought for one number."""

    phone_number_id: str
    session: ConsultationSession | None
    said: list[Said] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    turned_away: list[Incoming] = field(default_factory=list)
    directory: identity.Directory | None = None
    events: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, repr=False)
class _Place:
    """Where an event is shown, and the other conversation that claims the same ids."""

    event: Said
    conversation: Conversation
    other: Conversation | None = None


def receive(bodies: Iterable[bytes]) -> None:
    """Store everything that genuine webhooks brought; whatever cannot be understood is counted.

    When it returns, all is durable; when it raises, nothing is stored, and Meta comes again. Raises
    Unreadable for a body that is no JSON object, OperationalError or KeystoreUnavailable when nothing
    can be stored now, identity.Vanished when things were erased again and again meanwhile.
    """
    now = timezone.now()
    updates = [update for body in bodies for update in _updates(body, now)]
    for mail in _stored(updates, now):
        if mail.session and mail.events:
            announce(mail.session.pk, "queue", *mail.events)
        outside.turn_away(mail.phone_number_id, mail.turned_away, now=now)


def _updates(body: bytes, now: datetime) -> Sequence[Update]:
    parsed = parse(body, now=now)
    if parsed.skipped:
        log.warning("webhook: left out %s", parsed.skipped)
    return parsed.updates


def _stored(updates: Sequence[Update], now: datetime) -> list[Mail]:
    attempt = 1
    while True:
        mails = _sorted_by_number(updates, now, anew=attempt > 1)
        try:
            _store(mails, now)
        except (OperationalError, IntegrityError, identity.Vanished) as error:
            # Two deliveries blocked each other, or something was erased in between.
            log.warning("webhook: attempt %s failed (%s)", attempt, type(error).__name__)
            if attempt == _ATTEMPTS:
                raise
            attempt += 1
        else:
            return mails


def _store(mails: list[Mail], now: datetime) -> None:
    for mail in mails:
        _find_senders(mail)
    with transaction.atomic():
        for mail in mails:
            _take_in(mail, now)


def _sorted_by_number(updates: Sequence[Update], now: datetime, *, anew: bool) -> list[Mail]:
    # In the same order in every process, or two could wait for each other.
    numbers = sorted({update.phone_number_id for update in updates})
    sessions = running_on(numbers, now, anew=anew)
    mails = {number: Mail(number, sessions.get(number)) for number in numbers}
    for update in updates:
        mail = mails[update.phone_number_id]
        if isinstance(update.event, Receipt):
            mail.receipts.append(update.event)
        else:
            mail.said.append(update.event)
    return list(mails.values())


def _find_senders(mail: Mail) -> None:
    """Look up who is known, before the transaction: what it finds, the writing checks again."""
    if mail.session is None:
        return
    takes = mail.session.takes_message_of
    mail.said = sorted(
        (event for event in mail.said if takes(event.sent_at)), key=lambda event: event.sent_at
    )
    mail.directory = identity.Directory(mail.session)
    with suppress(KeyUnavailable):
        identity.look_up(mail.directory, _senders(mail.said))


def _take_in(mail: Mail, now: datetime) -> None:
    if mail.session is None or mail.directory is None:
        mail.turned_away = [event for event in mail.said if isinstance(event, Incoming)]
        return
    try:
        if mail.said:
            _take_in_said(mail, mail.directory, now)
        if mail.receipts:
            receipts.apply(mail.session, mail.receipts)
    except KeyUnavailable:
        if (
            connection.needs_rollback
        ):  # it went while we wrote: what else the batch brought is not lost
            raise identity.Vanished from None
        log.warning("webhook: the key of session %s is gone", mail.session.pk)


def _take_in_said(mail: Mail, directory: identity.Directory, now: datetime) -> None:
    if any(_is_newcomers(directory, event) for event in mail.said):
        identity.lock_for_newcomers(directory, _senders(mail.said))
    places = [place for event in mail.said for place in _places(directory, event, mail, now)]
    identity.save(directory)
    arrivals = [effects.Arrival(_row(place, now), place.event) for place in places]
    new = {id(row) for row in insert_new(each.message for each in arrivals)}
    arrivals = [each for each in arrivals if id(each.message) in new]
    mail.events = {f"conversation-{each.message.conversation_id}" for each in arrivals}
    _let_work(directory, arrivals, now)


def _senders(events: Iterable[Said]) -> list[Sender]:
    senders = []
    for event in events:
        if isinstance(event, IdentityChange):
            senders += [event.previous, event.current]
        else:
            senders.append(event.sender)
    return senders


def _is_newcomers(directory: identity.Directory, event: Said) -> bool:
    """Whether `event` comes from somebody unknown and may open a conversation."""
    if not isinstance(event, Incoming) or event.kind in _OPENS_NOTHING:
        return False
    return wishes.answer(event) is None and identity.find(directory, event.sender) is None


def _places(directory: identity.Directory, event: Said, mail: Mail, now: datetime) -> list[_Place]:
    """Return where `event` is shown: in one conversation, in none, a change perhaps in two."""
    if isinstance(event, IdentityChange):
        found = identity.follow(directory, event)
        others = reversed(found) if len(found) > 1 else [None]
        return [_Place(event, each, other) for each, other in zip(found, others, strict=False)]
    conversation = identity.recognise(directory, event.sender)
    if conversation is None and _is_newcomers(directory, event):
        conversation = _opened(directory, event, mail, now)
    return [_Place(event, conversation)] if conversation else []


def _opened(
    directory: identity.Directory, event: Incoming, mail: Mail, now: datetime
) -> Conversation | None:
    session = directory.session
    if not session.is_open(now) and event.sent_at >= session.ends_at:
        mail.turned_away.append(event)
        return None
    if wishes.was_erased(session, directory.digests(event.sender), event.sent_at):
        return None
    return identity.open_for(directory, event.sender, at=event.sent_at)


def _row(place: _Place, now: datetime) -> Message:
    if isinstance(place.event, IdentityChange):
        return note_of(place.event, place.conversation, other=place.other, now=now)
    return message_of(place.event, place.conversation, now=now)


def _let_work(
    directory: identity.Directory, arrivals: list[effects.Arrival], now: datetime
) -> None:
    _let_fetch(arrivals, directory.session)
    opened = {conversation.pk for conversation in directory.opened}
    by_conversation: dict[int, list[effects.Arrival]] = {}
    # In the order of their conversations, see `insert_new`.
    for each in sorted(arrivals, key=lambda each: each.message.conversation_id):
        by_conversation.setdefault(each.message.conversation_id, []).append(each)
    effects.note(by_conversation, now=now)
    for pk, its in by_conversation.items():
        effects.answer(its[0].message.conversation, its, is_new=pk in opened, now=now)
    _close_empty(opened - by_conversation.keys())


def _let_fetch(arrivals: list[effects.Arrival], session: ConsultationSession) -> None:
    with_files = [
        (each.message, each.event.media)
        for each in arrivals
        if isinstance(each.event, Incoming) and each.event.media
    ]
    if not with_files:
        return
    waiting = attach(with_files, session.office.picture_policy)
    if len(waiting) > _RINGS_FOR_EACH:
        ring("sessions_app.fetch_due_attachments")
        return
    for attachment in waiting:
        ring("sessions_app.fetch_attachment", attachment.pk)


def _close_empty(opened: set[int]) -> None:
    # Copies of messages that are being erased with the conversation they were first filed in.
    if opened:
        Conversation.objects.filter(pk__in=opened).delete()
