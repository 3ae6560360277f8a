"""The queue of a session as the desk shows it: who waits longest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery

from sessions_app.enums import ConversationState, DeliveryState, MessageKind
from sessions_app.models import ConsultationSession, Conversation, Message, Staff
from sessions_app.models.message import UNCONFIRMED_GRACE
from sessions_app.queries.excerpts import called, excerpt

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

_GROUPS = {
    ConversationState.NEW: 0,
    ConversationState.IN_TALK: 0,
    ConversationState.ANSWERED: 1,
    ConversationState.DONE: 2,
}
# With two hundred rows every column that is not shown costs.
_COLUMNS = (
    *("session_id", "key_id", "uid", "number", "name", "username", "assigned_to_id", "unread"),
    *("last_message_at", "waiting_since", "first_answered_at", "done_at"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FAR = 10**17  # microseconds; later than any time of day that a row can have


class _Found(TypedDict):
    last_message: int | None
    has_stuck: bool


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue. `sort` orders rows as text; times are aware."""

    pk: int
    number: int
    title: str
    line: str
    line_is_ours: bool
    state: ConversationState
    unread: int
    since: datetime
    waits: bool
    talks: str
    is_mine: bool
    is_stuck: bool
    sort: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many wait, are unread and are there at all, and since when the longest waits."""

    waiting: int
    unread: int
    everyone: int
    longest: datetime | None


def queue(
    session: ConsultationSession, staff: Staff, now: datetime, only: Iterable[int] | None = None
) -> list[QueueRow]:
    """Return the rows of `session` for `staff` in the queue's order; `only` those conversations."""
    found = list(_conversations(session, now, only))
    names = {each.pk: str(each) for each in _colleagues(staff)}
    last = _said([row.last_message for row in found if row.last_message])
    rows = [_row(each, last.get(each.last_message or 0), staff, names) for each in found]
    return sorted(rows, key=lambda row: row.sort)


def counts(session: ConsultationSession) -> Counts:
    """Count without reading content."""
    standing = Conversation.objects.filter(session=session, erase_requested_at=None)
    found = standing.aggregate(
        waiting=Count("pk", filter=Q(done_at=None, waiting_since__isnull=False)),
        unread=Count("pk", filter=Q(unread__gt=0)),
        everyone=Count("pk"),
        longest=Min("waiting_since", filter=Q(done_at=None)),
    )
    return Counts(**found)


def counted(rows: list[QueueRow]) -> Counts:
    """Count the rows of a whole queue."""
    waiting = [row.since for row in rows if row.waits]
    unread = sum(1 for row in rows if row.unread)
    return Counts(len(waiting), unread, len(rows), min(waiting, default=None))


def needs_decision(now: datetime) -> Q:
    """Return the condition that `Message.needs_decision` is, for the database; reactions need none."""
    long_ago = Q(attempted_at=None) | Q(attempted_at__lte=now - UNCONFIRMED_GRACE)
    stuck = Q(delivery=DeliveryState.FAILED) | (Q(delivery=DeliveryState.UNCONFIRMED) & long_ago)
    return stuck & Q(given_up_at=None) & ~Q(kind=MessageKind.REACTION)


def _conversations(
    session: ConsultationSession, now: datetime, only: Iterable[int] | None
) -> "QuerySet[WithAnnotations[Conversation, _Found]]":
    messages = Message.objects.filter(conversation=OuterRef("pk"))
    said = messages.filter(notice="").exclude(kind=MessageKind.REACTION)
    last = said.order_by("-sent_at", "-id")
    standing = Conversation.objects.filter(session=session, erase_requested_at=None)
    found = standing.only(*_COLUMNS)
    if only is not None:
        found = found.filter(pk__in=list(only))
    return found.annotate(
        last_message=Subquery(last.values("pk")[:1]),
        has_stuck=Exists(messages.filter(needs_decision(now))),
    )


def _said(pks: list[int]) -> dict[int, Message]:
    return Message.objects.only("key_id", "uid", "direction", "kind", "content").in_bulk(pks)


def _colleagues(staff: Staff) -> QuerySet[Staff]:
    return Staff.objects.filter(office_id=staff.office_id).select_related("user")


def _row(
    conversation: "WithAnnotations[Conversation, _Found]",
    last: Message | None,
    staff: Staff,
    names: dict[int, str],
) -> QueueRow:
    state = conversation.state
    waits = _GROUPS[state] == 0
    since = conversation.waiting_since if waits else None
    return QueueRow(
        pk=conversation.pk,
        number=conversation.number,
        title=called(conversation),
        line=excerpt(last) if last else "",
        line_is_ours=bool(last and not last.is_incoming),
        state=state,
        unread=conversation.unread,
        since=since or conversation.last_message_at,
        waits=waits,
        talks=names.get(conversation.assigned_to_id or 0, ""),
        is_mine=conversation.assigned_to_id == staff.pk,
        is_stuck=conversation.has_stuck,
        sort=_sort(state, since, conversation.last_message_at),
    )


def _sort(state: ConversationState, waiting_since: datetime | None, last: datetime) -> str:
    at = _microseconds(waiting_since) if waiting_since else _FAR - _microseconds(last)
    return f"{_GROUPS[state]}{at:018d}"


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND
