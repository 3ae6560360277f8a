"""The model fields for what citizens send and are called, and for finding it again."""

import json
from typing import Any, Final, TypeVar

from django.utils.functional import Promise

from sprechstunde.vault.binary import BinaryColumn
from sprechstunde.vault.encrypted import EncryptedField

DIGEST_BYTES: Final = 32

_ST = TypeVar("_ST")
_GT = TypeVar("_GT")


class EncryptedTextField(EncryptedField[_ST, _GT]):
    """Text of any length and script; see EncryptedField for `owner` and `row`."""

    _pyi_private_set_type: str
    _pyi_private_get_type: str
    empty_strings_allowed = True

    def accept(self, value: object) -> str:
        """Return the text, a translated one as it reads now; raises TypeError otherwise."""
        if not isinstance(value, str | Promise):
            raise TypeError(f"{self} takes text, not {type(value).__name__}")
        return str(value)

    def encode(self, plain: object) -> bytes:
        """Turn the text into UTF-8; half a surrogate pair survives as well."""
        return self.accept(plain).encode("utf-8", "surrogatepass")

    def decode(self, content: bytes) -> str:
        """Turn UTF-8 into the text."""
        return content.decode("utf-8", "surrogatepass")


class EncryptedBytesField(EncryptedField[_ST, _GT]):
    """Bytes of any length; see EncryptedField for `owner` and `row`."""

    _pyi_private_set_type: bytes
    _pyi_private_get_type: bytes

    def accept(self, value: object) -> bytes:
        """Return a copy of the bytes; raises TypeError for anything else."""
        if not isinstance(value, bytes | bytearray | memoryview):
            raise TypeError(f"{self} takes bytes, not {type(value).__name__}")
        return bytes(value)

    def encode(self, plain: object) -> bytes:
        """Return the bytes as they are."""
        return self.accept(plain)

    def decode(self, content: bytes) -> bytes:
        """Return the bytes as they are."""
        return content


class EncryptedJSONField(EncryptedField[_ST, _GT]):
    """What JSON can say; None is NULL. Changed in place it is saved like a value set anew."""

    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def accept(self, value: object) -> object:
        """Return the value; what JSON can't say raises TypeError or ValueError on saving."""
        return value

    def encode(self, plain: object) -> bytes:
        """Turn the value into JSON."""
        return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode()

    def decode(self, content: bytes) -> object:
        """Turn JSON into the value."""
        value: object = json.loads(content.decode())
        return value


class DigestField(BinaryColumn[_ST, _GT]):
    """A `cipher.digest` by which a row is found; takes `unique` and `db_index` like any column."""

    _pyi_private_set_type: bytes
    _pyi_private_get_type: bytes

    def from_db_value(self, value: bytes | memoryview | None, *_: object) -> bytes | None:
        """Give the same type on every database."""
        return None if value is None else bytes(value)

    def stored(self, value: object) -> bytes | None:
        """Refuse to store or look up anything but a digest, such as the readable value itself."""
        if value is None:
            return None
        if not isinstance(value, bytes) or len(value) != DIGEST_BYTES:
            raise TypeError(f"{self} takes a digest of {DIGEST_BYTES} bytes")
        return value
