"""Search in what a person may see. Content is sealed, so it is opened and read: the newest, so many."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from routing.models import Question, Ticket
from sprechstunde.vault.errors import KeyUnavailable

READ_MOST = 500  # questions
_LONGEST = 200  # characters that somebody searches for


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; `read` says how many questions were read if there were more."""

    tickets: QuerySet[Ticket]
    read: int | None


def search(tickets: QuerySet[Ticket], words: str) -> Found:
    """Return those of `tickets` whose number, department, question or shared name has all `words`."""
    wanted = words[:_LONGEST].casefold().split()
    newest = _newest(tickets)
    questions = [each.pk for each in newest[:READ_MOST] if _has(each, wanted)]
    labelled = Q()
    for word in wanted:
        labelled &= Q(reference__icontains=word) | Q(department__name__icontains=word)
    found = tickets.filter(labelled | Q(question__in=questions))
    return Found(found, READ_MOST if len(newest) > READ_MOST else None)


def _newest(tickets: QuerySet[Ticket]) -> list[Question]:
    asked = tickets.order_by().values("question")
    rows = Question.objects.filter(pk__in=asked).order_by("-pk")
    return list(rows.only("reference", "key_id", "uid", "text", "name")[: READ_MOST + 1])


def _has(question: Question, wanted: list[str]) -> bool:
    try:
        text = f"{question.reference} {question.text} {question.name or ''}".casefold()
    except KeyUnavailable:  # it is being erased
        return False
    return all(word in text for word in wanted)
