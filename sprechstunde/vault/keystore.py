"""Where the keys are kept: one per owner, outside the database, behind `KEYSTORE_URL`."""

from collections.abc import Hashable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from sprechstunde.vault.file_keystore import FileKeystore
from sprechstunde.vault.redis_keystore import RedisKeystore

_REDIS_SCHEMES: Final = frozenset({"redis", "rediss", "unix"})


class Keystore(Protocol):
    """Keeps 32 random bytes per id. Any method may raise KeystoreUnavailable."""

    def create(self, key_id: UUID) -> None:
        """Draw and durably keep a new key; raises KeyExists."""

    def load(self, key_id: UUID) -> bytes:
        """Return the key's 32 bytes; raises KeyUnavailable once it is destroyed."""

    def stamp(self, key_id: UUID) -> Hashable:
        """Return a cheap token; a key loaded under another token is no longer good.

        Raises KeyUnavailable where the store notices at once that the key is destroyed.
        """

    def destroy(self, key_id: UUID) -> None:
        """Make the key unrecoverable; a key that is gone already is fine."""

    def exists(self, key_id: UUID) -> bool:
        """Say whether anything of the key is still there."""

    def ids(self) -> Iterator[UUID]:
        """Go through all keys that are there, in no order."""

    def check(self) -> None:
        """Prove that keys can be written now; raises KeystoreUnavailable."""


def keystore() -> Keystore:
    """Return this process's keystore for `settings.KEYSTORE_URL`.

    `file:///absolute`, `file://relative/to/BASE_DIR`, `redis://`, `rediss://` or `unix://`.
    Raises ImproperlyConfigured for any other address, KeystoreUnavailable if it can't be opened.
    """
    return _open(settings.KEYSTORE_URL)


@lru_cache(maxsize=16)
def _open(url: str) -> Keystore:
    scheme = urlsplit(url).scheme
    if scheme == "file":
        return FileKeystore(Path(settings.BASE_DIR, unquote(url.removeprefix("file://"))))
    if scheme in _REDIS_SCHEMES:
        return RedisKeystore(url)
    # The address itself may hold a password, so it is not repeated.
    raise ImproperlyConfigured("KEYSTORE_URL must begin with file, redis, rediss or unix")
