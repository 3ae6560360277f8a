"""Finds what is likely personal in a question, so that staff can take it out before it leaves.

A help for people, not a guarantee: patterns of German writing, no dictionary of names.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

OLDEST = 1900
ADULT_AFTER = 14  # years: a date at least so long ago is rather a birthday than an event


class Kind(TextChoices):
    """What a place in the text probably is; the label stands in its place once it is taken out."""

    IBAN = "iban", _("account number")
    EMAIL = "email", _("e-mail address")
    PHONE = "phone", _("phone number")
    BIRTH = "birth", _("date of birth")
    PLATE = "plate", _("licence plate")
    ADDRESS = "address", _("address")
    NAME = "name", _("name")


@dataclass(frozen=True, slots=True)
class Finding:
    """A place in the text: characters `start` to `end`, counted as Python does."""

    start: int
    end: int
    kind: Kind


def find(text: str, *, names: Iterable[str] = (), today: date | None = None) -> list[Finding]:
    """Return the likely personal places of `text` in its order; no two overlap, none is empty.

    `names` are what the citizen is called (the profile name): each of their words counts.
    """
    today = today or date.today()  # noqa: DTZ011  # a year more or less is all the same here
    found: list[Finding] = []
    for kind, places in _SEARCHES.items():
        found += (Finding(*place, kind) for place in places(text, today))
    found += (Finding(*place, Kind.NAME) for place in _known_names(text, names))
    return _apart(found)


def redacted(text: str, findings: Iterable[Finding]) -> str:
    """Return `text` with each finding replaced by its kind in brackets: [phone number]."""
    for finding in sorted(findings, key=lambda each: each.start, reverse=True):
        text = f"{text[: finding.start]}[{finding.kind.label}]{text[finding.end :]}"
    return text


def _apart(found: list[Finding]) -> list[Finding]:
    """Keep what was found first by kind where two overlap, and sort by place."""
    kept: list[Finding] = []
    for each in found:
        if each.start < each.end and all(
            each.end <= other.start or other.end <= each.start for other in kept
        ):
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)


Place = tuple[int, int]

_UPPER, _WORD = r"[A-ZÄÖÜ]", r"[A-ZÄÖÜ][\wäöüß’'-]+"

_EMAIL = re.compile(r"[\w.+%-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.,])(?:\+|00?)[1-9](?:[ \-/.()]{0,3}\d){5,14}(?!\w)")
_DATE = re.compile(
    r"(?<![\d.])(\d{1,2})(?:\.\s?|/|-)(?:\d{1,2}(?:\.\s?|/|-)|(?:Jan|Feb|Mär|Apr|Mai|Jun|Jul|Aug|Sep|Okt"
    r"|Nov|Dez)\w*\.?\s)(\d{4}|\d{2})(?!\d)",
    re.IGNORECASE,
)
_BIRTH_WORD = re.compile(
    r"\b(?:geb\.?|geboren|geburtstag|geburtsdatum|born|birth)\b.{0,25}\Z", re.IGNORECASE | re.DOTALL
)
_PLATE = re.compile(
    rf"\b(?!(?:DIN|EN|ISO|EU|KW|B)[ -])({_UPPER}{{1,3}}-{_UPPER}{{1,2}} ?\d{{1,4}}[EH]?"
    rf"|{_UPPER}{{1,3}} {_UPPER}{{1,2}} ?\d{{2,4}}[EH]?)\b|\bB[ -]{_UPPER}{{1,2}} ?\d{{2,4}}[EH]?\b"
)
_NUMBER = r"\d{1,4}(?:\s?[a-zA-Z]\b)?(?:\s?[-/+]\s?\d{1,4}\s?[a-zA-Z]?\b)?"
_STREET_END = (
    r"(?:straße|strasse|str\.|weg|gasse|allee|platz|ring|damm|ufer|chaussee|pfad|steig|hof|stieg|zeile"
    r"|berg|promenade|graben|markt|garten|winkel|blick|acker|wiesen?)"
)
_STREET = re.compile(
    rf"\b(?:{_WORD}[ -]){{0,2}}\w[\w’'.-]+?(?i:{_STREET_END})\s+{_NUMBER}"
    rf"|\b(?:{_WORD}[ -]){{1,2}}(?i:{_STREET_END})\s+{_NUMBER}"
    rf"|\b(?i:straße|strasse|platz|allee|weg|ring) (?:der|des|am|von|vom|zum|zur) {_WORD}(?: {_WORD})?"
    rf"\s+{_NUMBER}"
    rf"|\b(?i:am|an der|an den|an dem|auf der|auf dem|im|in der|in den|zum|zur|unter den|beim|hinter der)"
    rf" {_WORD}(?: {_WORD})?\s+{_NUMBER}"
)
_PLACE = re.compile(rf"(?<!\d)(?:D-)?\d{{5}}\s+{_WORD}(?:[ -](?:am|an der|im|{_WORD}))?")
_INTRODUCED = re.compile(
    rf"(?i:\b(?:ich heiße|ich heisse|mein name ist|mein name:|name:|my name is"
    rf"|herrn?|frau|familie|fam\.|dr\.))\s+((?:(?:von|van|de|zu|Dr\.|{_WORD})[ \t]){{0,2}}{_WORD})"
)
_SIGNED = re.compile(
    rf"(?i:\b(?:gruß|grüße|grüßen|gruss|grüsse|grüssen|mfg|lg|vg|regards))\s*,?\s+"
    rf"((?:{_WORD}[ \t]){{0,2}}{_WORD})\s*[.!]?\s*\Z"
)
_NO_NAMES = frozenset(
    {"bürgermeister", "bürgermeisterin", "oberbürgermeister", "oberbürgermeisterin"}
)


def _matches(pattern: re.Pattern[str]) -> Callable[[str, date], Iterator[Place]]:
    def places(text: str, _today: date) -> Iterator[Place]:
        return (match.span() for match in pattern.finditer(text))

    return places


def _ibans(text: str, _today: date) -> Iterator[Place]:
    """Yield account numbers whose check digits are right (ISO 13616)."""
    for match in _IBAN.finditer(text):
        start, end = match.span()
        while end - start >= _SHORTEST_IBAN:
            if _is_iban(text[start:end]):
                yield start, end
                break
            end = _before_last_word(text, start, end)


_SHORTEST_IBAN = 15


def _before_last_word(text: str, start: int, end: int) -> int:
    """Return where the last group begins: the words after an account number look like a part of it."""
    cut = max(text.rfind(" ", start, end), text.rfind("-", start, end))
    return max(cut, start)


def _is_iban(text: str) -> bool:
    code = re.sub(r"[ -]", "", text).upper()
    if not code.isascii() or not code[2:4].isdigit():
        return False
    digits = "".join(str(int(letter, 36)) for letter in code[4:] + code[:4])
    return int(digits) % 97 == 1


def _birthdays(text: str, today: date) -> Iterator[Place]:
    """Yield dates that a word says are birthdays, and those so long ago that they probably are."""
    for match in _DATE.finditer(text):
        year = int(match[2])
        is_old = OLDEST <= year <= today.year - ADULT_AFTER
        if is_old or _BIRTH_WORD.search(text, 0, match.start()):
            yield match.span()


def _addresses(text: str, _today: date) -> Iterator[Place]:
    for pattern in (_STREET, _PLACE):
        for match in pattern.finditer(text):
            yield match.span()


def _names(text: str, _today: date) -> Iterator[Place]:
    for pattern in (_INTRODUCED, _SIGNED):
        for match in pattern.finditer(text):
            if match[1].partition(" ")[0].casefold() not in _NO_NAMES:
                yield match.span(1)


def _known_names(text: str, names: Iterable[str]) -> Iterator[Place]:
    words = {word for name in names for word in re.findall(r"[^\W\d_]{3,}", name)}
    if not words:
        return
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    for match in re.finditer(rf"\b(?:{pattern})s?\b", text, re.IGNORECASE):
        yield match.span()


_SEARCHES: dict[Kind, Callable[[str, date], Iterator[Place]]] = {
    Kind.IBAN: _ibans,
    Kind.EMAIL: _matches(_EMAIL),
    Kind.BIRTH: _birthdays,
    Kind.PHONE: _matches(_PHONE),
    Kind.PLATE: _matches(_PLATE),
    Kind.ADDRESS: _addresses,
    Kind.NAME: _names,
}
