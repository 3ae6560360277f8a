"""What people get who write outside the hour: nothing, or one notice a day; nothing of it is kept."""

import hmac
import logging
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from threading import BoundedSemaphore

from django.conf import settings
from django.utils import timezone
from redis.exceptions import RedisError

from sessions_app import wording
from sessions_app.enums import MessageKind, OutsidePolicy
from sessions_app.models import Office
from sessions_app.whatsapp import outgoing
from sessions_app.whatsapp.client import graph
from sessions_app.whatsapp.errors import WhatsAppError
from sessions_app.whatsapp.events import Incoming, Sender
from sprechstunde.broker import name, redis

log = logging.getLogger(__name__)

_NOT_ANSWERED = {MessageKind.REACTION, MessageKind.EDIT, MessageKind.REVOKE}
_ANSWERED_WITHIN = timedelta(hours=1)  # a notice about something older would only confuse
_MARK_BYTES = 5  # long enough for one town and day
_SENDERS = 2
_WAITING = 200

# Sent from this process and not by a task: whom it goes to stays in memory.
_pool = ThreadPoolExecutor(_SENDERS, thread_name_prefix="outside-notice")
_places_left = BoundedSemaphore(_WAITING)


def turn_away(phone_number_id: str, events: Iterable[Incoming], *, now: datetime) -> None:
    """Answer messages that belong to no session as the office wishes it; never raises."""
    recent = [event for event in events if _is_answered(event, now)]
    if not recent:
        return
    office = Office.objects.filter(phone_number_id=phone_number_id).first()
    if office is None:
        log.warning("webhook: %d messages for a number of no office", len(recent))
    elif office.outside_policy == OutsidePolicy.NOTICE:
        _send_notices(office, [event.sender for event in recent], now)


def _is_answered(event: Incoming, now: datetime) -> bool:
    return event.kind not in _NOT_ANSWERED and now - event.sent_at <= _ANSWERED_WITHIN


def _send_notices(office: Office, senders: list[Sender], now: datetime) -> None:
    strangers = [sender for sender in senders if _is_first_today(office, sender, now)]
    if not strangers:
        return
    with wording.in_office_language():
        text = wording.outside_notice(office, office.sessions.upcoming(now).first())
    for sender in strangers:
        if _places_left.acquire(blocking=False):
            to = outgoing.Recipient(phone=sender.phone, bsuid=sender.bsuid)
            _pool.submit(_send, office.phone_number_id, to, text)
        else:
            log.warning("office %s: a notice outside the hour was left out", office.pk)


def _send(phone_number_id: str, to: outgoing.Recipient, text: str) -> None:
    try:
        graph().send(phone_number_id, outgoing.text(to, text))
    except (WhatsAppError, outgoing.BadMessage) as error:
        log.warning("a notice outside the hour was not sent (%s)", type(error).__name__)
    finally:
        _places_left.release()


def _is_first_today(office: Office, sender: Sender, now: datetime) -> bool:
    """Mark the person and say whether they had no mark yet; False without Redis.

    The mark is a short digest under the installation's secret and a random key that lies beside it
    and ends with it, at the office's midnight. Who reads Redis cannot try numbers without the
    secret; who has the secret cannot after midnight.
    """
    left = _until_midnight(office, now)
    place = name("outside", office.pk, timezone.localdate(now, office.zone))
    try:
        with redis().pipeline() as pipe:
            pipe.set(f"{place}:key", secrets.token_bytes(32), nx=True, ex=left)
            pipe.get(f"{place}:key")
            key = pipe.execute()[1]
            marks = _marks(key, sender)
            pipe.sadd(f"{place}:seen", *marks)
            pipe.expire(f"{place}:seen", left)
            return int(pipe.execute()[0]) == len(marks)
    except (RedisError, OSError):
        return False


def _marks(key: bytes, sender: Sender) -> set[bytes]:
    ids = (sender.bsuid, sender.parent_bsuid, *sender.phones)
    secret = key + settings.SECRET_KEY.encode()
    return {hmac.digest(secret, value.encode(), "sha256")[:_MARK_BYTES] for value in ids if value}


def _until_midnight(office: Office, now: datetime) -> timedelta:
    day = timezone.localdate(now, office.zone) + timedelta(days=1)
    return datetime.combine(day, time.min, office.zone) - now + timedelta(seconds=1)
