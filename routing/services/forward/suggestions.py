"""Which department a question is probably for, and why: keywords, and what the office chose before.

Computed here from the departments' own keywords. What is remembered of a choice are the keywords that
the question touched, never a word of a citizen.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F
from django.utils.translation import gettext as _

from routing.models import Choice, Department
from sessions_app.models import Office

MOST = 3
WEIGHT_OF_CHOICES = 3  # so many choices count as much as one keyword

_SHORTEST_PART = 5  # letters; shorter stems are found in too many words,
_SHORTEST_HEAD = 4  # at the end of a compound, which says what it is, in fewer
_LONGEST_WORD = 60
_ENDINGS = ("innen", "ungen", "ung", "ern", "em", "en", "er", "es", "in", "e", "n", "s")
_SHORTEST_STEM = 3
_LETTERS = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A department, and in words why it is suggested."""

    department: Department
    reasons: tuple[str, ...]


def suggest(office: Office, text: str) -> list[Suggestion]:
    """Return the likeliest departments for `text`, the best first; none if nothing speaks for any."""
    departments = list(Department.objects.filter(office=office).active())
    touched = _touched(departments, text)
    chosen = _chosen(departments, touched)
    scored = [
        (len(own) + chosen[each.pk] / WEIGHT_OF_CHOICES, each, own)
        for each in departments
        for own in [_own(each, touched)]
    ]
    best = sorted((row for row in scored if row[0]), key=lambda row: (-row[0], row[1].name))
    return [Suggestion(each, _reasons(own, chosen[each.pk])) for _score, each, own in best[:MOST]]


def learn(department: Department, text: str) -> None:
    """Remember that a question with these keywords went to `department`."""
    departments = list(Department.objects.filter(office=department.office_id).active())
    touched = [stem[:_LONGEST_WORD] for stem in _touched(departments, text)]
    rows = [Choice(department=department, word=stem) for stem in touched]
    Choice.objects.bulk_create(rows, ignore_conflicts=True)
    Choice.objects.filter(department=department, word__in=touched).update(count=F("count") + 1)


def stems(text: str) -> list[str]:
    """Return the words of `text` without case, accents and endings, in their order."""
    return [_stem(word) for word in re.findall(r"[^\W\d_]+", text.casefold())]


def _stem(word: str) -> str:
    plain = word.translate(_LETTERS)
    for ending in _ENDINGS:
        if plain.endswith(ending) and len(plain) - len(ending) >= _SHORTEST_STEM:
            return plain.removesuffix(ending)
    return plain


def _touched(departments: Iterable[Department], text: str) -> dict[str, str]:
    """Return the office's keywords that `text` touches, as written, by their stems."""
    words = set(stems(text))
    return {
        key: keyword
        for department in departments
        for keyword in department.keyword_list
        if (key := _key(keyword)) and all(_occurs(part, words) for part in key.split())
    }


def _own(department: Department, touched: Mapping[str, str]) -> list[str]:
    return [word for word in department.keyword_list if _key(word) in touched]


def _key(keyword: str) -> str:
    return " ".join(stems(keyword))


def _occurs(stem: str, words: set[str]) -> bool:
    """Whether the stem is one of the words, or a part of a compound: Lampe in Straßenlampe."""
    if stem in words:
        return True
    if len(stem) >= _SHORTEST_PART:
        return any(stem in word for word in words)
    return len(stem) >= _SHORTEST_HEAD and any(word.endswith(stem) for word in words)


def _chosen(departments: Iterable[Department], touched: Mapping[str, str]) -> Counter[int]:
    words = [stem[:_LONGEST_WORD] for stem in touched]
    rows = Choice.objects.filter(department__in=list(departments), word__in=words)
    counted: Counter[int] = Counter()
    for department_id, count in rows.values_list("department_id", "count"):
        counted[department_id] += count
    return counted


def _reasons(keywords: list[str], chosen: int) -> tuple[str, ...]:
    reasons = [_("Keyword “%(word)s”") % {"word": word} for word in keywords]
    if chosen:
        reasons.append(_("your office chose it lately"))
    return tuple(reasons)
