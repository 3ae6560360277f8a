"""Finds what a reply only repeats: the lines of mail programs that announce a quote, and the quote."""

import re
from typing import Final

_OLDER: Final = r"(?:urspr(?:ü|ue)ngliche|original|weitergeleitete|forwarded|reply|antwort)"
# What a mail program writes between two mails, above the headers that follow.
_SEPARATORS: Final = (
    rf"-{{2,}}\s*{_OLDER}[\s-]*(?:e-?mail|mail|nachricht|message)?\s*:?\s*-{{2,}}.*",
    r"_{2,}\s*(?:urspr(?:ü|ue)ngliche nachricht|original message)\s*_{2,}.*",
    r"(?:anfang der weitergeleiteten (?:e-mail|nachricht)|begin forwarded message)\s*:?",
    r"-{2,}\s*(?:weitergeleitet von|forwarded by)\b.*-{0,}",
    r"\*{2,}\s*bitte (?:nur )?ober?halb dieser zeile antworten.*",
    r"[-=*#\s]*bitte (?:nur )?ober?halb dieser (?:zeile|linie) antworten[-=*#\s.]*",
    r"[-=*#\s]*(?:please )?(?:reply|write your reply) above this line[-=*#\s.]*",
    r">>>\s.{1,200}\d{1,2}[.:/]\d{2}.*>>>",  # GroupWise
    r"\[?original message processed by david.*",
    r"[^\s>].{1,80}\s-{2,3}\s?\d{1,2}[./]\d{1,2}[./]\d{2,4}\s\d{1,2}:\d{2}(?::\d{2})?\s?-{2,3}.*",  # Notes
)
_SEPARATOR: Final = re.compile("|".join(f"(?:{form})" for form in _SEPARATORS), re.IGNORECASE)

_DATE: Final = r"(?=.*(?:\d{1,2}[.:/]\s?\d{1,2}|\d{4}|\bgestern\b|\bheute\b))"
# One line (or two that were wrapped) that says who wrote what follows.
_ATTRIBUTIONS: Final = (
    rf"am\s{_DATE}.{{3,250}}?\b(?:schrieb|geschrieben)\b.{{0,200}}:",
    rf"am\s{_DATE}.{{3,250}}?\bhat\b.{{1,200}}\bgeschrieben:",
    rf"on\s{_DATE}.{{3,250}}?\bwrote:",
    rf"{_DATE}\S.{{1,200}}?\bschrieb\s(?:am|um|on)\b.{{3,80}}:",
    rf"{_DATE}\S.{{1,200}}?\bhat am\b.{{3,80}}\bgeschrieben:",
    r"\d.{3,60},?\s.{1,200}?\b(?:schrieb|wrote)\s?:",
    r"(?:zitat von|zitiere|quoting)\s.{2,200}:",
    r".{2,120}\s(?:schrieb|wrote)\s?:",
)
# What a mail program writes there and a person hardly does: the hour, the whole date, an address.
_PROGRAM: Final = re.compile(r"\d{1,2}[:.]\d{2}|@")
_ATTRIBUTION: Final = re.compile("|".join(f"(?:{form})" for form in _ATTRIBUTIONS), re.IGNORECASE)
_OPENING: Final = re.compile(r"(?:am|on)\s.*\d|.*<\S+@\S+", re.IGNORECASE)

_FIELD: Final = re.compile(
    r"[*\s]*(von|from|gesendet|sent|an|to|cc|kopie|betreff|subject|datum|date|thema|priorit(?:ä|ae)t"
    r"|wichtigkeit|importance|antwort an|reply-to|gesendet am|anlagen?|attachments?)\s*:[*\s]*(.*)",
    re.IGNORECASE,
)
_WHO: Final = frozenset({"von", "from"})
_WHEN_OR_WHAT: Final = frozenset(
    {"gesendet", "sent", "datum", "date", "betreff", "subject", "gesendet am", "thema"}
)
_RULE: Final = re.compile(r"[_\-=\s*]{5,}|-{2,}|_{2,}")
_FIELDS_WITHIN = 8  # lines in which the headers of a quoted mail stand
_LONGEST = 500  # characters of a line that is looked at


def is_quoted(line: str) -> bool:
    """Whether the line carries a quote's mark."""
    return line.lstrip().startswith((">", "|>", "»"))


def begins_quote(lines: list[str], at: int) -> bool:
    """Whether from this line on everything is a mail that was written before."""
    line = lines[at].strip()[:_LONGEST]
    if not line:
        return False
    return bool(_SEPARATOR.fullmatch(line)) or begins_headers(lines, at)


def begins_headers(lines: list[str], at: int) -> bool:
    """Whether a quoted mail's headers begin here: who, and when or what, close together."""
    if _name(lines[at]) not in _WHO | _WHEN_OR_WHAT:
        return False
    names = _fields(lines, at)
    return bool(_WHO & names) and bool(_WHEN_OR_WHAT & names) and len(names) >= 3


def attribution(lines: list[str], at: int) -> int:
    """Return how many lines from here say who wrote the quote below; 0 if they say no such thing."""
    if not lines[at].strip() or is_quoted(lines[at]):
        return 0
    line = lines[at].strip()[:_LONGEST]
    if _ATTRIBUTION.fullmatch(line):
        return 1
    if not _OPENING.match(line):
        return 0
    for count in (2, 3):
        wrapped = " ".join(part.strip() for part in lines[at : at + count])[:_LONGEST]
        if all(part.strip() for part in lines[at : at + count]) and _ATTRIBUTION.fullmatch(wrapped):
            return min(count, len(lines) - at)
    return 0


def is_by_program(lines: list[str], at: int, count: int) -> bool:
    """Whether an attribution has what only a mail program writes, so that no mark is needed below."""
    return bool(_PROGRAM.search(" ".join(lines[at : at + count])[:_LONGEST]))


def before_rule(lines: list[str], at: int) -> int:
    """Step back over the empty lines and the drawn line above a quote."""
    while at and (not lines[at - 1].strip() or _RULE.fullmatch(lines[at - 1].strip())):
        at -= 1
    return at


def _fields(lines: list[str], at: int) -> set[str]:
    names: set[str] = set()
    for line in lines[at : at + _FIELDS_WITHIN]:
        name = _name(line)
        if name:
            names.add(name)
        elif not line.strip() and names:
            break
    return names


def _name(line: str) -> str:
    found = _FIELD.fullmatch(line[:_LONGEST])
    return found[1].lower() if found else ""
