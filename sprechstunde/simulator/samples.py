"""Small real files that citizens send when nobody gives others."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "samples"
FILES = {
    "image": ("picture.jpg", "image/jpeg"),
    "video": ("clip.mp4", "video/mp4"),
    "audio": ("voice.ogg", "audio/ogg; codecs=opus"),
    "voice": ("voice.ogg", "audio/ogg; codecs=opus"),
    "document": ("letter.pdf", "application/pdf"),
    "sticker": ("sticker.webp", "image/webp"),
}


def sample(kind: str, number: int = 0) -> tuple[bytes, str, str]:
    """(bytes, MIME type, file name); each number of an album has a hash of its own."""
    name, mime_type = FILES[kind]
    # readers ignore what follows a picture's end mark
    return _read(name) + b"\0" * number, mime_type, name


@cache
def _read(name: str) -> bytes:
    return (FOLDER / name).read_bytes()
