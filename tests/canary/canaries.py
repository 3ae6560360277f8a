"""Looks for planted words and bytes in files, in every shape in which they might get there."""

import base64
import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

MIDDLE = 48  # bytes out of the middle of a file stand for the file


class Canaries:
    """Everything that must be found nowhere, each in all its shapes."""

    def __init__(self) -> None:
        self._shapes: dict[bytes, str] = {}

    def add(self, name: str, word: str) -> None:
        """Look for a word or a number from now on."""
        for shape, pattern in shapes_of_word(word).items():
            self._shapes[pattern] = f"{name} in {shape}"

    def add_media(self, name: str, content: bytes) -> None:
        """Look for a file's bytes from now on."""
        for shape, pattern in shapes_of_media(content).items():
            self._shapes[pattern] = f"{name} in {shape}"

    def found_in(self, data: bytes) -> set[str]:
        """Return what of them is in `data`."""
        return {name for pattern, name in list(self._shapes.items()) if pattern in data}

    def found_under(self, *places: Path) -> dict[str, set[str]]:
        """Return what of them is in which file in `places`."""
        found = {str(path): self.found_in(data) for path, data in contents(places)}
        return {path: names for path, names in found.items() if names}


def shapes_of_word(word: str) -> Mapping[str, bytes]:
    """UTF-8, UTF-16, and base64 in its three alignments."""
    plain = word.encode()
    shapes = {"UTF-8": plain}
    shapes |= {name: word.encode(name) for name in ("UTF-16LE", "UTF-16BE")}
    for offset in range(3):
        shapes[f"base64 at {offset}"] = _base64_core(plain, offset)
    return shapes


def shapes_of_media(content: bytes) -> Mapping[str, bytes]:
    """The bytes, their base64, and what gzip makes of the whole file."""
    shapes = {"bytes": middle_of(content)}
    for offset in range(3):
        shapes[f"base64 at {offset}"] = _base64_core(middle_of(content), offset)
    for level in (1, 6, 9):
        shapes[f"gzip -{level}"] = middle_of(gzip.compress(content, level)[10:-8])
        shapes[f"zlib -{level}"] = middle_of(zlib.compress(content, level))
    return shapes


def middle_of(content: bytes) -> bytes:
    """Return a piece that is typical for the content, not for its kind."""
    start = max(0, (len(content) - MIDDLE) // 2)
    return content[start : start + MIDDLE]


def contents(places: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Go through all files in `places`, each content once; one that vanishes meanwhile is none.

    A database keeps copies of its catalogue and long files full of zeros: half a minute saved.
    """
    seen = set()
    for path in (path for place in places for path in _files(place)):
        with suppress(FileNotFoundError):
            data = path.read_bytes().rstrip(b"\0")
            if hash(data) not in seen:
                seen.add(hash(data))
                yield path, data


def _files(place: Path) -> list[Path]:
    found = sorted(place.rglob("*")) if place.is_dir() else [place]
    return [path for path in found if path.is_file()]


def _base64_core(plain: bytes, offset: int) -> bytes:
    """What is the same wherever `plain` begins `offset` bytes after a full group of three."""
    encoded = base64.b64encode(bytes(offset) + plain)
    first = -(-offset * 8 // 6)  # the first letter that depends on `plain` alone
    last = (offset + len(plain)) * 8 // 6
    return encoded[first:last]
