"""Looks into PDF documents for what acts by itself when somebody opens them."""

import re
import zlib
from collections.abc import Iterator

_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|RichMedia|EmbeddedFiles?|ImportData)(?![A-Za-z])")
_ESCAPE = re.compile(rb"#([0-9a-fA-F]{2})")  # ISO 32000-1, 7.3.5: any letter of a name as hex
_PACKED_OBJECTS = re.compile(rb"/ObjStm.{0,400}?stream\r?\n", re.DOTALL)
_MOST_UNPACKED = 4 * 1024 * 1024  # bytes of one stream; the rest of a bomb stays packed


def is_active(pdf: bytes) -> bool:
    """Whether a PDF holds scripts, programs, embedded files or media, also in packed objects.

    Encrypted ones cannot be looked into and are taken for active.
    """
    if b"/Encrypt" in pdf:
        return True
    return any(_ACTIVE.search(_plain_names(part)) for part in (pdf, *_unpacked(pdf)))


def _plain_names(part: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), part)


def _unpacked(pdf: bytes) -> Iterator[bytes]:
    for found in _PACKED_OBJECTS.finditer(pdf):
        try:
            yield zlib.decompressobj().decompress(pdf[found.end() :], _MOST_UNPACKED)
        except zlib.error:
            continue
