"""Cuts a reply out of a mail: what somebody wrote now, without quotes, signature and disclaimers."""

import re
from itertools import groupby, pairwise
from typing import Final

from mailparser_reply.parser import EmailMessage

from routing.mail import quotes, signatures

LANGUAGES: Final = ["de", "en", "fr", "it", "nl", "es"]
_INVISIBLE: Final = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_SPACES: Final = re.compile("[\u00a0\u202f\u2007]")
# The library's patterns take long on long lines: it sees the beginnings of so many lines.
_LINES: Final = 1500
_CHARACTERS: Final = 200


def cut(text: str, *, sender_name: str = "") -> str:
    """Return what was written in this mail; empty if it holds nothing but quotes and a signature.

    An answer below the quote counts like one above it. Where somebody answered between quoted lines,
    these stay, marked with "> ", because the answers make no sense without them.
    """
    lines = _lines(text)
    lines = _until_older_mail(lines)
    lines = _own(lines, sender_name)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _lines(text: str) -> list[str]:
    text = _SPACES.sub(" ", _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return [line.rstrip() for line in text.split("\n")]


def _until_older_mail(lines: list[str]) -> list[str]:
    """Cut at the first line below which everything is an older mail, marked or not."""
    for at, line in enumerate(lines):
        if quotes.begins_quote(lines, at):
            return lines[: quotes.before_rule(lines, at)]
        if quotes.is_quoted(line):
            continue
        count = quotes.attribution(lines, at)
        if not count or _is_marked_below(lines, at + count):
            continue
        if quotes.is_by_program(lines, at, count):
            return lines[: quotes.before_rule(lines, at)]
    return lines


def _is_marked_below(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at:] if line.strip()), "")
    return quotes.is_quoted(following)


def _until_foreign_quote(lines: list[str]) -> list[str]:
    """Ask mail-parser-reply, which knows how mail programs of other languages announce a quote."""
    speaking = [line.strip()[:_CHARACTERS] for line in lines if _speaks(line)]
    if not speaking or len(speaking) > _LINES:
        return lines
    found = EmailMessage(text="\n".join(speaking), languages=list(LANGUAGES)).read().replies
    kept = sum(_speaks(line) for line in found[0].content.split("\n")) if found else 0
    if not kept or kept >= len(speaking):
        return lines
    return _first_speaking(lines, kept)


def _first_speaking(lines: list[str], count: int) -> list[str]:
    for at, line in enumerate(lines):
        count -= _speaks(line)
        if count == 0:
            return lines[: at + 1]
    return lines


def _speaks(line: str) -> bool:
    return any(character.isalnum() for character in line)


def _own(lines: list[str], sender_name: str) -> list[str]:
    """Drop quotes, unless somebody answered between them; signatures go in any case."""
    blocks = [
        (quoted, block if quoted else _letter(block, sender_name))
        for quoted, block in _blocks(lines)
    ]
    while blocks and (blocks[-1][0] or not any(line.strip() for line in blocks[-1][1])):
        blocks.pop()
    is_between = _answered_quotes(blocks) > 1
    kept = [block for quoted, block in blocks if is_between or not quoted]
    return [line for block in kept for line in (*block, "")]


def _blocks(lines: list[str]) -> list[tuple[bool, list[str]]]:
    """Group the lines into quoted and own ones; an attribution goes with neither."""
    marked = [quotes.is_quoted(line) for line in lines]
    for at, line in enumerate(lines):
        if not line.strip() and 0 < at < len(lines) - 1:
            marked[at] = marked[at - 1] and marked[at + 1]
    left = [not dropped for dropped in _attributions(lines)]
    pairs = [pair for pair, keep in zip(zip(marked, lines, strict=True), left, strict=True) if keep]
    return [
        (quoted, [line for _, line in group]) for quoted, group in groupby(pairs, lambda p: p[0])
    ]


def _attributions(lines: list[str]) -> list[bool]:
    dropped = [False] * len(lines)
    for at in range(len(lines)):
        count = quotes.attribution(lines, at)
        if count and _is_marked_below(lines, at + count):
            dropped[at : at + count] = [True] * count
    return dropped


def _letter(block: list[str], sender_name: str) -> list[str]:
    return signatures.without(_until_foreign_quote(block), sender_name=sender_name)


def _answered_quotes(blocks: list[tuple[bool, list[str]]]) -> int:
    """Count the quotes that are followed by somebody's own words."""
    own = [quoted for quoted, block in blocks if quoted or any(line.strip() for line in block)]
    return sum(first and not second for first, second in pairwise(own))
