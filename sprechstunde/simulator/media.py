"""Media on Meta's side: ids, addresses of five minutes, allowed types and sizes."""

from __future__ import annotations

import base64
import hashlib
import secrets

from sprechstunde.simulator.clock import Clock
from sprechstunde.simulator.errors import GraphError
from sprechstunde.simulator.faults import Dice
from sprechstunde.simulator.identity import digits
from sprechstunde.simulator.world import Media, World

URL_SECONDS = 5 * 60
UPLOADED_SECONDS = 30 * 24 * 3600
RECEIVED_SECONDS = 7 * 24 * 3600
MEGABYTE = 1024 * 1024

OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: dict[str, tuple[int, frozenset[str]]] = {
    "audio": (
        16 * MEGABYTE,
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
    ),
    "image": (5 * MEGABYTE, frozenset({"image/jpeg", "image/png"})),
    "sticker": (500 * 1024, frozenset({"image/webp"})),
    "video": (16 * MEGABYTE, frozenset({"video/mp4", "video/3gpp"})),
    "document": (
        100 * MEGABYTE,
        frozenset(
            {
                *("text/plain", "application/pdf", "application/msword"),
                *("application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
                OFFICE + "wordprocessingml.document",
                OFFICE + "spreadsheetml.sheet",
                OFFICE + "presentationml.presentation",
            }
        ),
    ),
}


def bare_type(mime_type: str) -> str:
    return mime_type.split(";", maxsplit=1)[0].strip().lower()


def kind_of(mime_type: str) -> str | None:
    return next((kind for kind, (_, types) in KINDS.items() if bare_type(mime_type) in types), None)


class MediaStore:
    """Puts media into the world and hands out its short-lived addresses."""

    def __init__(self, world: World, clock: Clock, dice: Dice, base_url: str) -> None:
        self._world, self._clock, self._dice, self._base_url = world, clock, dice, base_url

    def upload(self, content: bytes, mime_type: str, filename: str) -> Media:
        """From the business; raises GraphError for a type or size that Meta refuses."""
        kind = kind_of(mime_type)
        if kind is None:
            raise GraphError(100, f"Param file must be a file with a supported type: {mime_type}")
        if not content or len(content) > KINDS[kind][0]:
            raise GraphError(131053, f"File size must be between 1 and {KINDS[kind][0]} bytes")
        return self._add(content, mime_type, filename, UPLOADED_SECONDS)

    def receive(self, content: bytes, mime_type: str, filename: str = "") -> Media:
        """From a citizen."""
        return self._add(content, mime_type, filename, RECEIVED_SECONDS)

    def _add(self, content: bytes, mime_type: str, filename: str, seconds: float) -> Media:
        media = Media(
            id=digits(self._dice.random, 16),
            content=content,
            mime_type=mime_type,
            sha256=hashlib.sha256(content).hexdigest(),
            filename=filename,
            expires=self._clock.now() + seconds,
        )
        self._world.media[media.id] = media
        return media

    def get(self, media_id: str) -> Media:
        """Raises GraphError (100, subcode 33) for an unknown or expired id, as Meta does."""
        media = self._world.media.get(media_id)
        if media is None or media.expires <= self._clock.now():
            raise GraphError(100, f"Object with ID '{media_id}' does not exist", subcode=33)
        return media

    def new_url(self, media: Media) -> str:
        """An address that works with the Bearer token for five minutes."""
        if media.url_until <= self._clock.now():
            media.token = secrets.token_urlsafe(16)
        media.url_until = self._clock.now() + URL_SECONDS
        query = f"mid={media.id}&ext={int(media.url_until)}&hash={media.token}"
        return f"{self._base_url}/lookaside/whatsapp_business/attachments/?{query}"

    def by_url(self, media_id: str, token: str) -> Media | None:
        media = self._world.media.get(media_id)
        if media is None or media.token != token or media.url_until <= self._clock.now():
            return None
        return media

    def expire_urls(self) -> None:
        for media in self._world.media.values():
            media.url_until = 0.0


def webhook_hash(media: Media) -> str:
    """In webhooks the hash is base64, in the answer for a media id it is hexadecimal."""
    return base64.b64encode(bytes.fromhex(media.sha256)).decode()
