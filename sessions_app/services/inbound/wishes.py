"""A citizen's wish to be erased: the word "Löschen", the question, the answer, and what it changes."""

import logging
import re
import unicodedata
from datetime import datetime, timedelta

from redis.exceptions import RedisError

from sessions_app import wording
from sessions_app.enums import MessageKind
from sessions_app.models import CitizenIdentifier, ConsultationSession, Conversation
from sessions_app.whatsapp.events import Incoming
from sprechstunde.broker import name, redis
from sprechstunde.doorbell import ring

log = logging.getLogger(__name__)

ANSWERS = {wording.ERASE_YES, wording.ERASE_NO}

# Without accents, and "oe" read as "ö".
_VERBS = {"losch", "losche", "loschen", "geloscht", "loschung", "delete", "erase"}
_POLITE = (
    "bitte alles alle jetzt sofort gleich den das die dieses diesen chat chats gesprach verlauf "
    "mein meine meinen daten nachricht nachrichten danke hier mich ich mochte will wieder "
    "please all everything my the this data messages message conversation now"
)
_FILLERS = frozenset(_POLITE.split())
_ACCENTS = re.compile(r"[\u0300-\u036f]+")
_LONGEST_WISH = 8  # words
_REMEMBERED_FOR = timedelta(hours=24)  # longer than any session


def is_wish(event: Incoming) -> bool:
    """Whether the text says nothing but that everything is to be erased."""
    if event.kind is not MessageKind.TEXT:
        return False
    words = re.findall(r"\w+", _plain(event.content["text"][:200]))
    verbs = [word for word in words if word in _VERBS]
    rest = {*words} - {*verbs}
    return bool(verbs) and len(words) <= _LONGEST_WISH and rest <= _FILLERS


def answer(event: Incoming) -> str | None:
    """Return which of the two buttons was pressed, if it was one of them."""
    chosen = event.content.get("id") if event.kind is MessageKind.CHOICE else None
    return chosen if chosen in ANSWERS else None


def request_erasure(conversation: Conversation, *, at: datetime, now: datetime) -> None:
    """Cut the citizen's ids from the conversation and ring for its erasure.

    From now on what the citizen writes begins a new conversation; what was written until `at`
    (WhatsApp's time) and comes late begins none.
    """
    rows = Conversation.objects.filter(pk=conversation.pk, erase_requested_at=None)
    if not rows.update(erase_requested_at=now):
        return
    identifiers = CitizenIdentifier.objects.filter(conversation=conversation)
    found = list(identifiers.values_list("digest", flat=True))
    identifiers.delete()
    # Before the commit: known too early harms nobody, forgotten would bring the erased back.
    _remember(conversation.session_id, found, at)
    ring("sessions_app.erase_conversation", conversation.pk)


def was_erased(session: ConsultationSession, digests: list[bytes], sent_at: datetime) -> bool:
    """Whether one with these ids wished to be erased after writing this."""
    try:
        times = redis().hmget(_topic(session.pk), [value.hex() for value in digests])
    except (RedisError, OSError):
        return False
    return any(time is not None and sent_at.timestamp() <= float(time) for time in times)


def _remember(session_id: int, digests: list[bytes], at: datetime) -> None:
    # Digests under the session's key: once that is destroyed, nobody can tell whose they were.
    try:
        with redis().pipeline() as pipe:
            pipe.hset(_topic(session_id), mapping={v.hex(): at.timestamp() for v in digests})
            pipe.expire(_topic(session_id), _REMEMBERED_FOR)
            pipe.execute()
    except (RedisError, OSError):
        log.warning("redis away: late copies of erased messages may come back as new ones")


def _topic(session_id: int) -> str:
    return name("erased", session_id)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _ACCENTS.sub("", decomposed).replace("oe", "o")
