"""Looks for planted words and bytes in files, in every shape in which they might get there."""

import base64
import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
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

    def found_under(self, *folders: Path) -> dict[str, set[str]]:
        """Return what of them is in which file under `folders`."""
        found = {str(path): self.found_in(data) for path, data in contents(folders)}
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


def contents(folders: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Go through all files; one that vanishes meanwhile is none."""
    for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
        try:
            if path.is_file():
                yield path, path.read_bytes()
        except FileNotFoundError:
            continue


def _base64_core(plain: bytes, offset: int) -> bytes:
    """What is the same wherever `plain` begins `offset` bytes after a full group of three."""
    encoded = base64.b64encode(bytes(offset) + plain)
    first = -(-offset * 8 // 6)  # the first letter that depends on `plain` alone
    last = (offset + len(plain)) * 8 // 6
    return encoded[first:last]
