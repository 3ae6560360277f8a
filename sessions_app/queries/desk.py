"""The queue of a session as the desk shows it: who waits longest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Min, Q

from sessions_app.enums import ConversationState, Direction, MessageKind
from sessions_app.models import ConsultationSession, Conversation, Message, Staff
from sessions_app.models.conversation import state_of
from sessions_app.models.message import UNCONFIRMED_GRACE
from sessions_app.queries import desk_sql
from sessions_app.queries.desk_sql import Found
from sessions_app.queries.excerpts import citizen, one_line
from sprechstunde.vault.encrypted import encrypted

_GROUPS = {
    ConversationState.NEW: 0,
    ConversationState.IN_TALK: 0,
    ConversationState.ANSWERED: 1,
    ConversationState.DONE: 2,
}
_NAME, _USERNAME = (encrypted(Conversation, field) for field in ("name", "username"))
_CONTENT = encrypted(Message, "content")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FAR = 10**17  # microseconds; later than any time of day that a row can have


class QueueRow(NamedTuple):
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
    session: ConsultationSession, staff: Staff, now: datetime, only: Sequence[int] | None = None
) -> list[QueueRow]:
    """Return the rows of `session` for `staff` in the queue's order; `only` those conversations."""
    found = desk_sql.conversations(session.pk, now - UNCONFIRMED_GRACE, only)
    row_of = _Maker(session.key_id, staff.pk)
    return sorted(map(row_of, found), key=attrgetter("sort"))


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


class _Maker:
    """Makes rows of one session for one member of staff; its key is looked up once."""

    def __init__(self, key_id: UUID, staff_id: int) -> None:
        self.staff_id = staff_id
        self.name = _NAME.opener(key_id)
        self.username = _USERNAME.opener(key_id)
        self.content = _CONTENT.opener(key_id)

    def __call__(self, found: Found) -> QueueRow:
        state = state_of(
            is_done=found.is_done,
            has_turn=found.has_turn,
            is_taken_up=found.is_answered or found.assigned_to is not None,
        )
        waits = _GROUPS[state] == 0
        return QueueRow(
            pk=found.pk,
            number=found.number,
            title=self.title(found),
            line=self.line(found),
            line_is_ours=found.said_direction == Direction.OUT,
            state=state,
            unread=found.unread,
            since=found.since,
            waits=waits,
            talks=_talks(found),
            is_mine=found.assigned_to == self.staff_id,
            is_stuck=found.is_stuck,
            sort=_sort(state, found.since),
        )

    def title(self, found: Found) -> str:
        name = self.name(found.name, found.uid)
        return citizen(name, self.username(found.username, found.uid), found.number)

    def line(self, found: Found) -> str:
        if found.said_uid is None or found.said_kind is None:
            return ""
        content = self.content(found.said_content, found.said_uid)
        return one_line(MessageKind(found.said_kind), content)


def _talks(found: Found) -> str:
    if found.assigned_to is None:
        return ""
    full_name = f"{found.staff_first_name} {found.staff_last_name}".strip()
    return full_name or str(found.staff_username)


def _sort(state: ConversationState, since: datetime) -> str:
    """Who waits longest comes first, then whose last message is newest."""
    at = (since - _EPOCH) // _MICROSECOND
    return f"{_GROUPS[state]}{at if _GROUPS[state] == 0 else _FAR - at:018d}"
