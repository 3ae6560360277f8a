"""Write down what Meta answered to our attempts."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain

from django.db import connection
from django.utils import timezone

from sessions_app.enums import DeliveryState
from sessions_app.models import Message
from sessions_app.services.outbound import pace, receipts
from sessions_app.services.outbound.attempts import Answer, Attempt
from sessions_app.whatsapp import errors
from sprechstunde.live.events import announce
from sprechstunde.vault.errors import VaultError

log = logging.getLogger(__name__)

_Values = tuple[int, int, bytes, bytes]

# One statement for many rows: the ORM would build it anew for each. The number of the attempt
# keeps a late answer from a row that was sent again meanwhile. A status that came first wins,
# unless it told of the failure of an earlier attempt.
_ACCEPTED = f"""
WITH answer (message_id, attempt, wamid, digest) AS (VALUES {{rows}})
UPDATE {Message._meta.db_table} AS message
   SET delivery = {DeliveryState.SENT:d}, error_code = NULL, next_attempt_at = NULL,
       wamid = answer.wamid, wamid_digest = answer.digest
  FROM answer
 WHERE message.id = answer.message_id AND message.attempts = answer.attempt
   AND (message.delivery < {DeliveryState.SENT:d}
        OR message.delivery = {DeliveryState.FAILED:d} AND message.wamid_digest <> answer.digest)
"""  # noqa: S608, SLF001 (no value of a person is part of it)


def record(answers: Sequence[tuple[Attempt, Answer]]) -> dict[int, list[bytes]]:
    """Write down many answers, which may be done twice; return the digests of new wamids by session.

    Once this is committed, `receipts.settle_early` wants the digests. An answer that can no longer
    be sealed is left out: its session has been erased.
    """
    accepted: list[_Values] = []
    digests: dict[int, list[bytes]] = defaultdict(list)
    for attempt, answer in answers:
        if isinstance(answer, errors.WhatsAppError):
            _not_accepted(attempt, answer)
        elif values := _sealed(attempt, answer):
            accepted.append(values)
            digests[attempt.message.session_id].append(attempt.message.wamid_digest or b"")
    if accepted:
        _accepted(accepted)
    _tell([attempt.message for attempt, _ in answers])
    return digests


def _accepted(rows: Sequence[_Values]) -> None:
    statement = _ACCEPTED.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(rows)))
    with connection.cursor() as cursor:
        # In the order of their ids, as `receipts` locks them.
        cursor.execute(statement, list(chain.from_iterable(sorted(rows))))


def _sealed(attempt: Attempt, wamid: str) -> _Values | None:
    message = attempt.message
    field = Message._meta.get_field("wamid")  # noqa: SLF001
    try:
        message.wamid, message.wamid_digest = wamid, receipts.wamid_digest(message, wamid)
        sealed = field.pre_save(message, add=False)
    except VaultError as error:
        log.warning("message %s: answer not kept (%s)", message.pk, type(error).__name__)
        return None
    if sealed is None:
        return None
    return message.pk, attempt.count, sealed.ciphertext, message.wamid_digest


def _not_accepted(attempt: Attempt, error: errors.WhatsAppError) -> None:
    message = attempt.message
    values: dict[str, object] = {"delivery": DeliveryState.FAILED}
    if isinstance(error, errors.Rejected):
        later = timezone.now() + pace.pause(error.code, attempt.count)
        values = {"delivery": DeliveryState.QUEUED, "next_attempt_at": later}
    elif isinstance(error, errors.Ambiguous):
        values = {"delivery": DeliveryState.UNCONFIRMED}
    Message.objects.filter(
        pk=message.pk, delivery=DeliveryState.SENDING, attempts=attempt.count
    ).update(error_code=error.code, **values)
    log.warning("message %s: %s %s", message.pk, type(error).__name__, error.code)


def _tell(messages: Sequence[Message]) -> None:
    events: dict[int, set[str]] = defaultdict(lambda: {"queue"})
    for message in messages:
        events[message.session_id].add(f"conversation-{message.conversation_id}")
    for session_id, names in events.items():
        announce(session_id, *sorted(names))
