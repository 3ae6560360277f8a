"""Who a sender is within a session: finds the conversation, opens one, follows changed ids.

Nobody is merged automatically, and a citizen exists only inside one session.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from sessions_app.models import CitizenIdentifier, ConsultationSession, Conversation
from sessions_app.services.inbound.sql import conversations_of
from sessions_app.whatsapp.events import IdentityChange, Sender
from sprechstunde.vault.cipher import digest


class Vanished(Exception):
    """What the ids led to was erased in between: the webhook has to be read anew."""


def wamid_digest(key_id: UUID, wamid: str) -> bytes:
    """Return by what a message of the session with this key is found (see `cipher.digest`)."""
    return digest(key_id, context="wamid", value=wamid)


def digests(key_id: UUID, sender: Sender) -> list[bytes]:
    """Return by what the sender is found, the most reliable id first: BSUIDs, then numbers."""
    ids = [value for value in (sender.bsuid, sender.parent_bsuid) if value]
    return [
        *(digest(key_id, context="bsuid", value=value) for value in ids),
        *(digest(key_id, context="phone", value=value) for value in sender.phones),
    ]


@dataclass
class Directory:
    """To whom the ids of one webhook lead, and what of that is not in the database yet."""

    session: ConsultationSession
    leads_to: dict[bytes, Conversation] = field(default_factory=dict)
    opened: list[Conversation] = field(default_factory=list)
    learnt: dict[bytes, Conversation] = field(default_factory=dict)
    changed: dict[int, tuple[Conversation, set[str]]] = field(default_factory=dict)
    digests_of: dict[Sender, list[bytes]] = field(default_factory=dict)

    def digests(self, sender: Sender) -> list[bytes]:
        """Return by what the sender is found, computed once."""
        if sender not in self.digests_of:
            self.digests_of[sender] = digests(self.session.key_id, sender)
        return self.digests_of[sender]


def look_up(directory: Directory, senders: Iterable[Sender]) -> None:
    """Learn from the database to whom the senders' ids lead; one query."""
    wanted = list({value for sender in senders for value in directory.digests(sender)})
    # One object a conversation, whichever of its ids led there.
    seen = {row.pk: row for row in directory.leads_to.values()}
    for value, row in conversations_of(directory.session, wanted):
        found = seen.setdefault(row.pk, row)
        found.session = directory.session
        directory.leads_to[value] = found


def find(directory: Directory, sender: Sender) -> Conversation | None:
    """Return the sender's conversation; changes nothing.

    A number leads to a conversation only if that has no other BSUID of its own: numbers are handed
    on to other people, BSUIDs are not.
    """
    for value in directory.digests(sender):
        found = directory.leads_to.get(value)
        if found is not None and _may_be(found, sender, directory):
            return found
    return None


def recognise(directory: Directory, sender: Sender) -> Conversation | None:
    """Return the sender's conversation and note the ids and names that are new about it."""
    found = find(directory, sender)
    if found is not None:
        _note_names(directory, found, sender)
        _note_ids(directory, found, sender)
    return found


def open_for(directory: Directory, sender: Sender, *, at: datetime) -> Conversation:
    """Open a conversation, to be stored by `save`; `at` is WhatsApp's time of the first message.

    The caller holds the lock of `lock_for_newcomers`.
    """
    session = directory.session
    session.citizens += 1
    conversation = Conversation(
        session=session,
        key_id=session.key_id,
        number=session.citizens,
        name=sender.name,
        username=sender.username,
        phone=sender.phone,
        bsuid=sender.bsuid,
        began_at=at,
        last_inbound_at=at,
        last_message_at=at,
    )
    directory.opened.append(conversation)
    _note_ids(directory, conversation, sender)
    return conversation


def lock_for_newcomers(directory: Directory, senders: Iterable[Sender]) -> None:
    """Let nobody else open conversations in this session until the end of the transaction.

    Looks the senders up again: they may have become known before the lock was ours. Raises
    Vanished if the session has ended by then.
    """
    rows = ConsultationSession.objects.select_for_update(no_key=True).filter(
        pk=directory.session.pk
    )
    session = rows.first()
    if session is None or not session.is_readable(timezone.now()):
        raise Vanished
    session.office = directory.session.office
    directory.session = session
    look_up(directory, senders)


def follow(directory: Directory, change: IdentityChange) -> list[Conversation]:
    """Let the new ids lead to the conversation of the old ones; return where to note the change.

    If the new ids already lead to another conversation, both stay as they are and get the note.
    """
    before = find(directory, change.previous)
    if before is None:
        return []
    ids = directory.digests(change.current)
    others = [directory.leads_to[value] for value in ids if value in directory.leads_to]
    if other := next((each for each in others if each is not before), None):
        return [before, other]
    # Followed already: a late copy must not undo a change that came after it.
    if ids[0] not in directory.leads_to:
        _rename(directory, before, change.current)
    return [before]


def save(directory: Directory) -> None:
    """Store what is new in the directory; part of the caller's transaction."""
    if directory.opened:
        Conversation.objects.bulk_create(directory.opened)
        rows = ConsultationSession.objects.filter(pk=directory.session.pk)
        rows.update(citizens=F("citizens") + len(directory.opened))
    CitizenIdentifier.objects.bulk_create(
        [
            CitizenIdentifier(session=directory.session, conversation=conversation, digest=value)
            for value, conversation in sorted(directory.learnt.items(), key=itemgetter(0))
        ],
        ignore_conflicts=True,
    )
    # In the same order everywhere, and nothing else: another process may have changed the rest.
    for _pk, (conversation, names) in sorted(directory.changed.items(), key=itemgetter(0)):
        conversation.save(update_fields=names)


def _may_be(found: Conversation, sender: Sender, directory: Directory) -> bool:
    # Also by an earlier BSUID of the same citizen, from before a change that we followed.
    if not sender.bsuid or directory.leads_to.get(directory.digests(sender)[0]) is found:
        return True
    return found.bsuid is None or found.bsuid == sender.bsuid


def _rename(directory: Directory, conversation: Conversation, current: Sender) -> None:
    # The old number may soon be another person's: without a new one the BSUID is written to.
    conversation.phone, conversation.bsuid = current.phone, current.bsuid
    _mark_changed(directory, conversation, {"phone", "bsuid"})
    _note_ids(directory, conversation, current)


def _note_ids(directory: Directory, conversation: Conversation, sender: Sender) -> None:
    for value in directory.digests(sender):
        if value not in directory.leads_to:
            directory.leads_to[value] = directory.learnt[value] = conversation


def _note_names(directory: Directory, found: Conversation, sender: Sender) -> None:
    told = {name: getattr(sender, name) for name in _TOLD if _is_missing(found, name)}
    # A late message under superseded ids must not bring them back.
    if "bsuid" in told and not _is_unheard_of(directory, sender):
        del told["bsuid"]
    if "phone" in told and sender.bsuid != (told.get("bsuid") or found.bsuid):
        del told["phone"]
    news = {name: value for name, value in told.items() if value}
    for name, value in news.items():
        setattr(found, name, value)
    if news:
        _mark_changed(directory, found, set(news))


_TOLD = ("name", "username", "phone", "bsuid")


def _is_missing(found: Conversation, name: str) -> bool:
    # Looks at the row itself: opening the sealed value would cost more than all the rest.
    return found.__dict__[name] is None


def _is_unheard_of(directory: Directory, sender: Sender) -> bool:
    return bool(sender.bsuid) and directory.digests(sender)[0] not in directory.leads_to


def _mark_changed(directory: Directory, conversation: Conversation, names: set[str]) -> None:
    if conversation.pk is not None:
        _, known = directory.changed.get(conversation.pk, (conversation, set()))
        directory.changed[conversation.pk] = (conversation, known | names)
