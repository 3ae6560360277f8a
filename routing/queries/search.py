"""Search in what a person may see. Content is sealed, so it is opened and read: the newest, so many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from routing.enums import AnswerState
from routing.models import Answer, Question, Reply, Ticket
from sprechstunde.vault.errors import KeyUnavailable

READ_MOST = 500  # questions
_LONGEST = 200  # characters that somebody searches for


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; `read` says how many questions were read if there were more."""

    tickets: QuerySet[Ticket]
    read: int | None


def search(tickets: QuerySet[Ticket], words: str) -> Found:
    """Return those of `tickets` that have all `words` in one place.

    Places are the question with its number and the name that was shared, number and department,
    and each letter that was written to or by the citizen.
    """
    wanted = words[:_LONGEST].casefold().split()
    newest = _newest(tickets)
    questions = [each.pk for each in newest[:READ_MOST] if _has(each, wanted)]
    lettered = [each.ticket_id for each in _letters(tickets, newest) if _has(each, wanted)]
    labelled = Q()
    for word in wanted:
        labelled &= Q(reference__icontains=word) | Q(department__name__icontains=word)
    found = tickets.filter(labelled | Q(question__in=questions) | Q(pk__in=lettered))
    return Found(found, READ_MOST if len(newest) > READ_MOST else None)


def _newest(tickets: QuerySet[Ticket]) -> list[Question]:
    asked = tickets.order_by().values("question")
    rows = Question.objects.filter(pk__in=asked).order_by("-pk")
    return list(rows.only("reference", "key_id", "uid", "text", "name")[: READ_MOST + 1])


def _letters(tickets: QuerySet[Ticket], newest: Sequence[Question]) -> Iterator[Answer | Reply]:
    mine = {
        "ticket__in": tickets.order_by().values("pk"),
        "ticket__question__in": newest[:READ_MOST],
    }
    answers = Answer.objects.filter(**mine).exclude(state=AnswerState.DRAFT)
    columns = ("ticket_id", "key_id", "uid", "text")
    yield from answers.order_by().only(*columns)
    yield from Reply.objects.filter(**mine).order_by().only(*columns)


def _has(place: Question | Answer | Reply, wanted: list[str]) -> bool:
    try:
        text = place.text.casefold()
        if isinstance(place, Question):
            text += f" {place.reference} {place.name or ''}".casefold()
    except KeyUnavailable:  # it is being erased
        return False
    return all(word in text for word in wanted)
