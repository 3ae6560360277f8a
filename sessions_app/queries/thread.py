"""One conversation as the desk shows it: messages in WhatsApp's time order with quotes and reactions."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from sessions_app.enums import AttachmentState, DeliveryState, Direction, MessageKind
from sessions_app.models import Attachment, Conversation, Message
from sessions_app.models.message import UNCONFIRMED_GRACE
from sessions_app.queries.excerpts import called, excerpt, printable
from sessions_app.whatsapp.media_types import VIEWABLE

# What the page shows without being asked for more; the rest is one link away.
SHOWN = 80


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that another answers to; `pk` is None when it is not here."""

    pk: int | None
    who: str
    line: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """The newest reaction of one side to a message."""

    emoji: str
    who: str
    is_ours: bool
    delivery: DeliveryState | None


@dataclass(frozen=True, slots=True)
class File:
    """What came with a message; bytes only where `state` is stored."""

    pk: int
    state: AttachmentState
    is_viewable: bool
    name: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message. `body` has the shape that its kind has in models/message.py, safe to print."""

    pk: int
    kind: MessageKind
    is_ours: bool
    is_notice: bool
    who: str
    at: datetime
    body: dict[str, Any]
    quote: Quote | None
    reactions: list[Reaction]
    file: File | None
    delivery: DeliveryState | None
    error_code: int | None
    needs_decision: bool
    decision_at: datetime | None
    is_given_up: bool
    can_be_quoted: bool
    sort: str


@dataclass(frozen=True, slots=True)
class Thread:
    """The bubbles that are shown, how many earlier ones are not, and the newest row of all."""

    bubbles: list[Bubble]
    earlier: int
    newest: int


def thread(conversation: Conversation, now: datetime, *, whole: bool = False) -> Thread:
    """Return the conversation; only the newest SHOWN messages unless `whole`. One query."""
    rows = list(
        Message.objects.filter(conversation=conversation)
        .select_related("author__user", "attachment")
        .order_by("sent_at", "id")
    )
    spoken = [row for row in rows if row.kind != MessageKind.REACTION]
    shown = spoken if whole else spoken[-SHOWN:]
    maker = _Maker(rows, called(conversation), now)
    newest = max((row.pk for row in rows), default=0)
    return Thread([maker.bubble(row) for row in shown], len(spoken) - len(shown), newest)


class _Maker:
    """Turns rows into bubbles; knows the whole conversation for quotes and reactions."""

    def __init__(self, rows: Iterable[Message], citizen: str, now: datetime) -> None:
        self.citizen = citizen
        self.now = now
        self.by_digest: dict[bytes, Message] = {}
        self.reactions: dict[bytes, dict[str, Message]] = defaultdict(dict)
        for row in rows:
            if row.kind == MessageKind.REACTION and row.quoted_digest:
                self.reactions[row.quoted_digest][row.direction] = row  # rows come oldest first
            elif row.wamid_digest:
                self.by_digest[row.wamid_digest] = row

    def bubble(self, row: Message) -> Bubble:
        return Bubble(
            pk=row.pk,
            kind=MessageKind(row.kind),
            is_ours=not row.is_incoming,
            is_notice=bool(row.notice),
            who=self.who(row),
            at=row.sent_at,
            body=_printable(row.content or {}),
            quote=self.quote(row),
            reactions=self.reactions_to(row),
            file=_file(row),
            delivery=None if row.delivery is None else DeliveryState(row.delivery),
            error_code=row.error_code,
            needs_decision=row.needs_decision(self.now),
            decision_at=_decision_at(row),
            is_given_up=row.given_up_at is not None,
            can_be_quoted=row.wamid_digest is not None,
            sort=_sort(row),
        )

    def who(self, row: Message) -> str:
        if row.is_incoming:
            return self.citizen
        return str(row.author) if row.author else _("Automatic")

    def quote(self, row: Message) -> Quote | None:
        if row.quoted_digest is None:
            return None
        target = self.by_digest.get(row.quoted_digest)
        if target is None:
            return Quote(None, "", _("A message that is not here"))
        return Quote(target.pk, self.who(target), excerpt(target))

    def reactions_to(self, row: Message) -> list[Reaction]:
        if row.wamid_digest is None:
            return []
        newest = self.reactions.get(row.wamid_digest, {}).values()
        return [found for found in map(self._reaction, newest) if found.emoji]

    def _reaction(self, row: Message) -> Reaction:
        delivery = None if row.delivery is None else DeliveryState(row.delivery)
        emoji = printable((row.content or {}).get("emoji") or "")
        return Reaction(emoji, self.who(row), row.direction == Direction.OUT, delivery)


def _decision_at(row: Message) -> datetime | None:
    """Return when an unconfirmed message will need a decision, so that the page can look again."""
    if row.is_stuck and row.delivery == DeliveryState.UNCONFIRMED and row.attempted_at:
        return row.attempted_at + UNCONFIRMED_GRACE
    return None


def _file(row: Message) -> File | None:
    # A row without one raises this subclass of AttributeError.
    attachment: Attachment | None = getattr(row, "attachment", None)
    if attachment is None:
        return None
    return File(
        pk=attachment.pk,
        state=AttachmentState(attachment.state),
        is_viewable=attachment.media_type in VIEWABLE,
        name=printable(attachment.filename or ""),
        size=attachment.size,
    )


def _printable(value: object) -> Any:
    if isinstance(value, dict):
        return {str(key): _printable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value


def _sort(row: Message) -> str:
    return f"{row.sent_at.astimezone(UTC):%Y%m%d%H%M%S%f}-{row.pk:019d}"
