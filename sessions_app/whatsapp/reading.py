"""Takes values out of decoded JSON whose shape nobody guarantees; nothing here raises."""

import re
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

Element = dict[str, Any]

TEXT_LIMIT = 65_536  # a citizen's app allows no more
LINE_LIMIT = 1_000
ID_LIMIT = 512
_CLOCKS_DIFFER_BY = timedelta(days=1)
_WORD = re.compile(r"[a-z_]{1,40}")
_NUMBER = re.compile(r"\d{5,20}", re.ASCII)
_NUMBER_TYPOGRAPHY = str.maketrans("", "", "+ -/()\u00a0")


def child(parent: Element, key: str) -> Element:
    """Return the object at `key`, or an empty one."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def children(parent: Element, key: str) -> list[Any]:
    """Return what the list at `key` holds, of whatever type."""
    value = parent.get(key)
    return value if isinstance(value, list) else []


def objects(parent: Element, key: str) -> list[Element]:
    """Return the objects in the list at `key`."""
    return [value for value in children(parent, key) if isinstance(value, dict)]


def text(parent: Element, key: str, limit: int = LINE_LIMIT) -> str | None:
    """Return at most `limit` characters of the text at `key`; None if it is missing or blank."""
    value = parent.get(key)
    if not isinstance(value, str) or not value.strip():
        return None
    return _whole_characters(value[:limit])


def identifier(parent: Element, key: str) -> str | None:
    """Return the id at `key`, which some systems send as a number; None if it is too long for one."""
    value = parent.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= ID_LIMIT:
        return None
    return _whole_characters(value)


def word(parent: Element, key: str) -> str:
    """Return the lower-case word at `key`, one of Meta's own and never a citizen's; else ``""``."""
    value = parent.get(key)
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def integer(parent: Element, key: str) -> int | None:
    """Return the number at `key`, also from a text, if it fits a database's integer."""
    value = parent.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < ID_LIMIT:
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    return value if fits else None


def degrees(parent: Element, key: str, limit: float) -> float | None:
    """Return the angle at `key` if it lies within ±`limit`."""
    value = parent.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) and abs(value) <= limit else None


def phone(parent: Element, key: str) -> str | None:
    """Return the digits of the phone number at `key`, however it is written."""
    written = identifier(parent, key)
    bare = written.translate(_NUMBER_TYPOGRAPHY) if written else ""
    return bare if _NUMBER.fullmatch(bare) else None


def moment(parent: Element, key: str, now: datetime) -> datetime:
    """Return the time at `key` (Unix seconds, a text at Meta), or `now` if it cannot be one."""
    try:
        at = datetime.fromtimestamp(int(identifier(parent, key) or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return at if at.year > 2000 and at < now + _CLOCKS_DIFFER_BY else now


def _whole_characters(value: str) -> str:
    # JSON can spell half a surrogate pair, which no encoding and no browser can show.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
