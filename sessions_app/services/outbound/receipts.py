"""Apply what WhatsApp reports about our messages. What is known of a message only moves forward."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction
from django.db.models import Q

from sessions_app.enums import DeliveryState, Direction
from sessions_app.models import ConsultationSession, EarlyReceipt, Message
from sessions_app.whatsapp.events import Receipt
from sprechstunde.live.events import announce
from sprechstunde.vault.cipher import digest

log = logging.getLogger(__name__)

_COLUMNS = (
    *("session_id", "conversation_id", "key_id", "uid", "wamid_digest"),
    *("delivery", "attempts", "error_code", "next_attempt_at"),
)


@dataclass(frozen=True, slots=True)
class _News:
    """One status, by the digest of the message's id; `wamid` is None when it was kept for later."""

    delivery: DeliveryState
    error_code: int | None
    digest: bytes
    wamid: str | None = None
    reference: int | None = None


def apply(session: ConsultationSession, receipts: Sequence[Receipt]) -> None:
    """Apply statuses of messages of `session`, which may come twice, late, in any order, or early.

    A status is matched by the row's id that we sent along and by WhatsApp's id; both must lead to
    the same row. Unknown ones are kept if a message is being sent right now, else dropped.
    Call it inside the caller's transaction and as its last step: it locks rows of messages, and
    everybody else locks conversations before messages. Raises KeyUnavailable.
    """
    news = [_news(session, receipt) for receipt in receipts]
    if news:
        with transaction.atomic(savepoint=False):
            _keep(session, _apply(session.pk, news))


def settle_early(session_id: int, digests: Iterable[bytes]) -> None:
    """Apply the statuses kept for messages whose ids are known by now."""
    if not _any_early(session_id):
        return
    kept = EarlyReceipt.objects.filter(session=session_id, wamid_digest__in=list(digests))
    with transaction.atomic():
        rows = kept.order_by("delivery").values_list("pk", "delivery", "error_code", "wamid_digest")
        news = {pk: _News(DeliveryState(state), code, mark) for pk, state, code, mark in rows}
        unknown = {piece.digest for piece in _apply(session_id, list(news.values()))}
        settled = [pk for pk, piece in news.items() if piece.digest not in unknown]
        EarlyReceipt.objects.filter(pk__in=settled).delete()


def _any_early(session_id: int) -> bool:
    # Asked after every message and nearly always denied: the ORM takes ten times longer to ask.
    table = EarlyReceipt._meta.db_table  # noqa: SLF001
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE session_id = %s LIMIT 1", [session_id])  # noqa: S608
        return cursor.fetchone() is not None


def wamid_digest(message: Message | ConsultationSession, wamid: str) -> bytes:
    """Return the digest under which WhatsApp's id of a message is found; raises KeyUnavailable."""
    return digest(message.key_id, context="wamid", value=wamid)


def _news(session: ConsultationSession, receipt: Receipt) -> _News:
    mark = wamid_digest(session, receipt.wamid)
    return _News(receipt.delivery, receipt.error_code, mark, receipt.wamid, receipt.reference)


def _apply(session_id: int, news: Sequence[_News]) -> list[_News]:
    """Apply `news` and return those whose message is unknown."""
    rows = _locked_rows(session_id, news)
    by_id = {row.pk: row for row in rows}
    by_digest = {row.wamid_digest: row for row in rows if row.wamid_digest}
    changed: dict[int, Message] = {}
    unknown = []
    for piece in news:
        row = by_digest.get(piece.digest) or by_id.get(piece.reference or 0)
        if row is None:
            unknown.append(piece)
        elif piece.reference in {None, row.pk} and _advance(row, piece):
            changed[row.pk] = row
            by_digest[piece.digest] = row
    _save(changed.values())
    return unknown


def _locked_rows(session_id: int, news: Sequence[_News]) -> list[Message]:
    # In the order of their ids, so that two batches never wait for each other.
    ids = {piece.reference for piece in news if piece.reference}
    mine = Q(pk__in=ids) | Q(wamid_digest__in={piece.digest for piece in news})
    rows = Message.objects.filter(mine, session=session_id, direction=Direction.OUT)
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk").only(*_COLUMNS))


def _advance(row: Message, piece: _News) -> bool:
    """Move `row` forward if `piece` is news about it, and say whether it did."""
    same = row.wamid_digest == piece.digest
    if not _is_news(row, piece.delivery, same=same):
        return False
    if not same:
        row.wamid, row.wamid_digest = piece.wamid, piece.digest
    row.delivery = piece.delivery
    row.error_code = piece.error_code if piece.delivery == DeliveryState.FAILED else None
    row.next_attempt_at = None
    return True


def _is_news(row: Message, reported: DeliveryState, *, same: bool) -> bool:
    """Whether `reported` moves `row` forward; `same`: it names the WhatsApp id that the row has.

    A row that has an id and is not yet SENT was sent before, and its id is of that attempt: that
    one's failure is old news, while its arrival means that the citizen has the message. Another id
    can only be of an attempt whose answer we don't know.
    """
    state = row.delivery or 0
    failed = reported == DeliveryState.FAILED
    if same:
        return state == DeliveryState.SENT if failed else state < reported
    if failed:
        return state in {DeliveryState.SENDING, DeliveryState.UNCONFIRMED}
    return row.attempts > 0 and state < DeliveryState.SENT


def _save(rows: Iterable[Message]) -> None:
    alike: dict[tuple[int | None, int | None], list[int]] = defaultdict(list)
    events: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        if "wamid" in row.__dict__:  # set just now, so each has its own
            fields = ("delivery", "error_code", "next_attempt_at", "wamid", "wamid_digest")
            row.save(update_fields=fields)
        else:
            alike[row.delivery, row.error_code].append(row.pk)
        events[row.session_id] |= {"queue", f"conversation-{row.conversation_id}"}
    for (delivery, code), ids in alike.items():
        Message.objects.filter(pk__in=ids).update(
            delivery=delivery, error_code=code, next_attempt_at=None
        )
    for session_id, names in events.items():
        announce(session_id, *sorted(names))


def _keep(session: ConsultationSession, unknown: Sequence[_News]) -> None:
    if not unknown:
        return
    sending = Message.objects.filter(session=session, delivery=DeliveryState.SENDING)
    if not sending.exists():
        # What was being sent at our look may be known by now.
        if dropped := _apply(session.pk, unknown):
            log.info("%d statuses of unknown messages dropped", len(dropped))
        return
    early = [
        EarlyReceipt(
            session=session,
            wamid_digest=piece.digest,
            delivery=piece.delivery,
            error_code=piece.error_code,
        )
        for piece in unknown
    ]
    EarlyReceipt.objects.bulk_create(early, ignore_conflicts=True)
    # The message's id may become known between our look and our commit: so look once more.
    digests = {piece.digest for piece in unknown}
    # Robust: what we keep is committed, and must not be stored once more because this failed.
    transaction.on_commit(partial(settle_early, session.pk, digests), robust=True)
