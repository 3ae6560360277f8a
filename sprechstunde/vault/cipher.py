"""Seals, opens and digests values under a key of the keystore, each bound to its context."""

import hmac
import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sprechstunde.vault.errors import KeyUnavailable, Tampered
from sprechstunde.vault.keystore import Keystore, keystore

_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEADER_BYTES: Final = len(_VERSION) + _NONCE_BYTES
_CACHED_KEYS: Final = 256
_Decrypt = Callable[[bytes, bytes, bytes], bytes]  # (nonce, body, associated data) -> plaintext


@dataclass(frozen=True, slots=True)
class _Subkeys:
    """What one stored key yields, and the token of the store under which it was loaded."""

    stamp: Hashable
    encryption: AESGCM = field(repr=False)
    digest: bytes = field(repr=False)


_subkeys_of: dict[tuple[Keystore, UUID], _Subkeys] = {}


def seal(key_id: UUID, *, context: str, plaintext: bytes) -> bytes:
    """Encrypt with AES-256-GCM; only the same key and `context` open it again (29 bytes longer).

    Nonces are random: NIST SP 800-38D, 8.3 allows 2**32 values under one key.
    Raises KeyUnavailable, KeystoreUnavailable.
    """
    nonce = os.urandom(_NONCE_BYTES)
    sealed = _subkeys(key_id).encryption.encrypt(nonce, plaintext, _associated(key_id, context))
    return _VERSION + nonce + sealed


def open_sealed(key_id: UUID, *, context: str, sealed: bytes) -> bytes:
    """Return what `seal` was given; raises Tampered, KeyUnavailable, KeystoreUnavailable."""
    return opener(key_id)(context, sealed)


def opener(key_id: UUID) -> Callable[[str, bytes], bytes]:
    """Return `open_sealed` for values that are opened now, as many as one page shows.

    The keystore is asked once, here: do not keep what this returns. Raises as `open_sealed` does.
    """
    return partial(_open, _subkeys(key_id).encryption.decrypt, _associated(key_id, ""))


def _open(decrypt: _Decrypt, owner: bytes, context: str, sealed: bytes) -> bytes:
    if len(sealed) < _HEADER_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
        raise Tampered("not a sealed value")
    nonce, body = sealed[1:_HEADER_BYTES], sealed[_HEADER_BYTES:]
    try:
        return decrypt(nonce, body, owner + context.encode())
    except InvalidTag:
        raise Tampered("the sealed value does not belong here") from None


def digest(key_id: UUID, *, context: str, value: str | bytes) -> bytes:
    """Return 32 bytes by which equal values of one key and `context` are found (HMAC-SHA256).

    Raises KeyUnavailable, KeystoreUnavailable.
    """
    label = context.encode()
    content = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    message = len(label).to_bytes(4, "big") + label + content
    return hmac.digest(_subkeys(key_id).digest, message, "sha256")


def _associated(key_id: UUID, context: str) -> bytes:
    return _VERSION + key_id.bytes + context.encode()


def _subkeys(key_id: UUID) -> _Subkeys:
    store = keystore()
    place = (store, key_id)
    cached = _subkeys_of.get(place)
    try:
        stamp = store.stamp(key_id)
        if cached is None or cached.stamp != stamp:
            cached = _derive(store.load(key_id), stamp)
            _remember(place, cached)
    except KeyUnavailable:
        _subkeys_of.pop(place, None)
        raise
    return cached


def _derive(key: bytes, stamp: Hashable) -> _Subkeys:
    return _Subkeys(stamp, AESGCM(_expand(key, b"encrypt")), _expand(key, b"digest"))


def _expand(key: bytes, purpose: bytes) -> bytes:
    info = b"sprechstunde/vault/1/" + purpose
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _remember(place: tuple[Keystore, UUID], subkeys: _Subkeys) -> None:
    # Threads may meet here; losing an entry only costs loading that key again.
    if len(_subkeys_of) >= _CACHED_KEYS:
        _subkeys_of.clear()
    _subkeys_of[place] = subkeys
