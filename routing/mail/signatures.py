"""Finds what stands below a letter: the closing formula with the name, signatures, disclaimers."""

import re
from typing import Final

_F = re.IGNORECASE
_GREETING: Final = r"gr(?:ü|ue|u)(?:ß|ss)(?:e|en|le|li)?"
_KIND: Final = r"(?:viele|beste|liebe|herzliche|freundliche|sch(?:ö|oe)ne|sonnige|kollegiale)n?"
_NAME: Final = r"(?!an\s)[^.!?]{1,40}"
_CLOSINGS: Final = (
    rf"(?:und\s+)?mit\s+(?:\w+\s+){{1,3}}{_GREETING}\b.{{0,60}}",
    rf"{_KIND}\s+{_GREETING}(?:\s(?:aus|vom|von der|sendet|und)\s.{{1,50}})?[,.!]?(?:\s{_NAME})?",
    rf"{_GREETING}(?:\s(?:aus|vom)\s.{{1,40}})?[,.!]?",
    r"(?:mfg|m\.?\s?f\.?\s?g\.?|lg|vg|bg|hg)[,.!]?(?:\s[^.!?]{1,30})?",
    r"hochachtungsvoll[,.]?",
    r"(?:im auftrag|i\.\s?a\.|i\.\s?v\.|in vertretung)[,:]?(?:\s(?:gez\.\s)?[^.!?]{1,40})?",
    r"gez\.\s.{1,40}",
    r"(?:with\s)?(?:best|kind|warm|many)?\s?(?:kind(?:est)?\s)?(?:regards|wishes)[,.!]?(?:\s/.{1,40})?",
    r"(?:yours\s)?(?:sincerely|faithfully|truly)(?:\syours)?[,.]?",
    r"(?:cheers|best|all the best)[,.!]",
)
_CLOSING: Final = re.compile("|".join(f"(?:{form})" for form in _CLOSINGS), _F)
_DELIMITER: Final = re.compile(r"--|—|__")
_DRAWN: Final = re.compile(r"[_\-=*~]{4,}")
_CONTACT: Final = re.compile(
    r"\b(?:tel|telefon|phone|fon|fax|telefax|mobil|e-?mail|internet|web|www|durchwahl)\b|@|https?://"
    r"|\b\d{5}\s+[A-ZÄÖÜ]",
    _F,
)
_SENT_FROM: Final = re.compile(
    r"(?:von meinem .{2,60} gesendet|gesendet (?:von|mit|über|aus|ueber|via) .{2,120}"
    r"|diese (?:nachricht|e-?mail|mail) wurde (?:von|mit) .{2,80} gesendet.{0,40}"
    r"|sent (?:from|with|via) .{2,80}|(?:get|holen sie sich|hol dir) outlook (?:for|für) .{2,80}"
    r"|outlook (?:für|for) (?:ios|android).{0,60}"
    r"|virenfrei\.?.{0,60}|virus-free\.?.{0,60})",
    _F,
)
_DISCLAIMER: Final = re.compile(
    r"(?:(?:wichtiger |rechtlicher )?hinweis:?\s.{0,20})?(?:"
    r"dies(?:e|er inhalt dieser|er) (?:e-?mail|nachricht|mail)\b.{0,80}"
    r"(?:vertraulich|ausschlie(?:ß|ss)lich|bestimmt|rechtlich gesch(?:ü|ue)tzt|viren|avast|avg)"
    r"|der inhalt dieser (?:e-?mail|nachricht).{0,80}|(?:vertraulichkeits|datenschutz)hinweis\b"
    r"|(?:informationen|hinweise) (?:zum|zur|über die) (?:datenschutz|verarbeitung)"
    r"|(?:bitte|please) (?:pr(?:ü|ue)fen|denken|consider|think|beachten).{0,60}"
    r"(?:umwelt|environment|ausdruck|gedruckt|print)"
    r"|this (?:e-?mail|message|communication)\b.{0,120}(?:confidential|intended|privileged)"
    r"|(?:disclaimer|confidentiality notice)\b"
    r"|besuchen sie uns (?:auch )?(?:auf|im|unter)\b|folgen sie uns\b"
    r").*",
    _F,
)
_BANNER: Final = re.compile(
    r"(?:\[?(?:extern|external)\]?\s?:?.{0,80}|(?:achtung|vorsicht|caution|warnung|warning|hinweis)\s?[:!].{0,60}"
    r"(?:extern|external|außerhalb|ausserhalb|outside).*)",
    _F,
)
_POSTSCRIPT: Final = re.compile(r"p\.?\s?s\.?\s?[:.]?\s.+|nachtrag:.*", _F)
_BELOW = 40  # lines that a closing may have below it
_LONGEST = 300  # characters of a line that is looked at


def without(lines: list[str], *, sender_name: str = "") -> list[str]:
    """Return the lines above the signature, and a postscript from below it."""
    lines = _without_banner(lines)
    end = _disclaimer(lines)
    lines = _stripped(lines[:end])
    at = _begin(lines, _names(sender_name))
    return _stripped(lines[:at]) + _postscript(lines[at:])


def _begin(lines: list[str], names: set[frozenset[str]]) -> int:
    """Return the line at which the signature begins; the number of lines if there is none."""
    for at, line in enumerate(lines):
        text = line.strip()[:_LONGEST]
        if not text or len(lines) - at > _BELOW:
            continue
        if _SENT_FROM.fullmatch(text) or _DELIMITER.fullmatch(text):
            return at
        if _CLOSING.fullmatch(text) and _ends_letter(lines, at):
            return at
        if _DRAWN.fullmatch(text) and _has_contacts(lines[at + 1 :]):
            return at
        if _is_name(lines, at, names):
            return at
    return len(lines)


def _ends_letter(lines: list[str], at: int) -> bool:
    """Whether nothing but a name and an address follows: no line that reads like a long sentence."""
    below = _before_delimiter(lines[at + 1 :])
    prose = [line for line in below if _reads_on(line) and not _POSTSCRIPT.fullmatch(line.strip())]
    return not prose or any(_POSTSCRIPT.fullmatch(line.strip()) for line in below)


def _before_delimiter(lines: list[str]) -> list[str]:
    for at, line in enumerate(lines):
        if _DELIMITER.fullmatch(line.strip()) or _DRAWN.fullmatch(line.strip()):
            return lines[:at]
    return lines


def _reads_on(line: str) -> bool:
    words = line.split()
    ends = line.rstrip().endswith((".", "?", "!"))
    return len(words) > 6 and ends and not _CONTACT.search(line)


def _has_contacts(lines: list[str]) -> bool:
    return 0 < len(lines) <= _BELOW and sum(bool(_CONTACT.search(line)) for line in lines) > 1


def _is_name(lines: list[str], at: int, names: set[frozenset[str]]) -> bool:
    """Whether the sender's own name stands here alone, at the head of the last paragraph or two."""
    is_first = at > 0 and not lines[at - 1].strip()
    words = _words(lines[at])
    return is_first and len(words) > 1 and words in names and len(lines) - at <= _BELOW // 2


def _names(sender_name: str) -> set[frozenset[str]]:
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", sender_name)
    words = _words(plain)
    return {words} if len(words) > 1 else set()


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[\w-]+", text[:_LONGEST].lower()))


def _disclaimer(lines: list[str]) -> int:
    """Return where disclaimers begin: a paragraph's first line, not the mail's first."""
    for at, line in enumerate(lines):
        is_first = at > 0 and not lines[at - 1].strip()
        if is_first and _DISCLAIMER.fullmatch(line.strip()[:_LONGEST]) and _is_tail(lines, at):
            return at
    return len(lines)


def _is_tail(lines: list[str], at: int) -> bool:
    return any(line.strip() for line in lines[:at]) and len(lines) - at <= _BELOW


def _postscript(below: list[str]) -> list[str]:
    for at, line in enumerate(below):
        if _POSTSCRIPT.fullmatch(line.strip()[:_LONGEST]):
            rest = below[at:]
            end = next((i for i, one in enumerate(rest) if not one.strip()), len(rest))
            return ["", *rest[:end]]
    return []


def _without_banner(lines: list[str]) -> list[str]:
    """Drop the warning that a mail gateway puts above mails from outside."""
    lines = _stripped(lines)
    if not lines or not _BANNER.fullmatch(lines[0].strip()[:_LONGEST]):
        return lines
    end = next((at for at, line in enumerate(lines) if not line.strip()), 0)
    return _stripped(lines[end:]) if end else lines


def _stripped(lines: list[str]) -> list[str]:
    begin, end = 0, len(lines)
    while begin < end and not lines[begin].strip():
        begin += 1
    while end > begin and not lines[end - 1].strip():
        end -= 1
    return lines[begin:end]
