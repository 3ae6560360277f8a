"""Finds the e-mail address in what a citizen typed, and sees well-known providers behind typos."""

import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254  # RFC 5321 with its erratum 1690

# The providers most people in Germany have; a domain a letter or two away is probably a typo.
WELL_KNOWN = (
    *("gmail.com", "googlemail.com", "web.de", "gmx.de", "gmx.net", "t-online.de", "icloud.com"),
    *("outlook.de", "outlook.com", "hotmail.de", "hotmail.com", "live.de", "yahoo.de", "yahoo.com"),
    *("freenet.de", "aol.com", "aol.de", "posteo.de", "mailbox.org", "arcor.de", "mail.com"),
    *("me.com", "mac.com", "gmx.at", "gmx.ch", "gmx.com", "mail.de", "msn.com", "live.com"),
    *("vodafone.de", "kabelbw.de", "unitybox.de", "proton.me", "protonmail.com", "1und1.de"),
)
# No typos by their letters, but nobody's mailbox there either.
_NEVER_MEANT = {"gmail.de": "gmail.com", "web.com": "web.de", "googlemail.de": "googlemail.com"}
_SPOKEN_AT = re.compile(r"\s*[(\[{]\s*(?:at|ät)\s*[)\]}]\s*", re.IGNORECASE)
_SPOKEN_DOT = re.compile(r"\s*[(\[{]\s*(?:dot|punkt)\s*[)\]}]\s*", re.IGNORECASE)
_AROUND_AT = re.compile(r"(?<=[\w.+-])\s*[@＠]\s*(?=[\w-])")
_CANDIDATE = re.compile(r"[^\s<>()\[\]\"',;:|]+@[^\s<>()\[\]\"',;:|]+")
_MOST_EDITS = 2


@dataclass(frozen=True, slots=True)
class Typed:
    """What a text says about an address: all that it has, and whether it looks like an attempt."""

    addresses: tuple[str, ...]
    is_attempt: bool

    @property
    def only(self) -> str | None:
        """The address, if there is exactly one."""
        return self.addresses[0] if len(self.addresses) == 1 else None


def read(text: str) -> Typed:
    """Return the valid addresses in `text`, each once; the domain in lower case."""
    spaced = _SPOKEN_DOT.sub(".", _SPOKEN_AT.sub("@", text))
    joined = _AROUND_AT.sub("@", spaced)
    candidates = [_cut(match.group()) for match in _CANDIDATE.finditer(joined)]
    valid = {each.casefold(): each for each in reversed(candidates) if _is_valid(each)}
    looks_so = "@" in joined or (len(text.split()) == 1 and "." in text.strip(". "))
    return Typed(tuple(reversed(valid.values())), looks_so)


def correction(address: str) -> str | None:
    """Return the address with the provider that was probably meant; None if nothing looks wrong."""
    local, _, domain = address.rpartition("@")
    if domain in WELL_KNOWN:
        return None
    if domain in _NEVER_MEANT:
        return f"{local}@{_NEVER_MEANT[domain]}"
    distance, meant = min((_distance(domain, each), each) for each in WELL_KNOWN)
    allowed = 1 if len(meant) < len("gmail.com") else _MOST_EDITS
    return f"{local}@{meant}" if distance <= allowed else None


def _cut(candidate: str) -> str:
    bare = candidate.removeprefix("mailto:").strip(".!?-")
    local, _, domain = bare.rpartition("@")
    return f"{local.lstrip('@')}@{domain.lower()}"


def _is_valid(address: str) -> bool:
    try:
        validate_email(address)
    except ValidationError:
        return False
    return len(address) <= LONGEST and not address.endswith("@localhost")


def _distance(one: str, other: str) -> int:
    """Return how many letters were left out, added, exchanged or swapped (optimal alignment)."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            costs = (rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (letter != wanted))
            row.append(min(costs))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                row[j] = min(row[j], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]
