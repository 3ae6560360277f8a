"""Asks a citizen in the chat what may become of a question, one question at a time, and hears the replies.

`hear` may come twice, late and in any order: every message is taken in once, and each state knows what
to do with every reply. What is no reply to us is left to the staff.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from routing import chat_replies
from routing.chat_replies import Press
from routing.enums import ConsentState, Unanswered
from routing.models import Question
from routing.models.question import ASKING
from routing.services.forward import consents, dialogue_steps, prompts
from routing.services.forward.dialogue_steps import Talk
from routing.services.work import actors
from sessions_app.enums import Direction, MessageKind
from sessions_app.models import ConsultationSession, Conversation, Message, Staff
from sessions_app.services import conversations
from sprechstunde.live.events import announce
from sprechstunde.vault.errors import KeyUnavailable

log = logging.getLogger(__name__)

LISTENER = "routing.hear"
LOOKS_BACK = timedelta(minutes=1)  # WhatsApp's clock may differ a little from ours
RECENT = timedelta(minutes=15)

_KINDS = (MessageKind.TEXT, MessageKind.CHOICE, MessageKind.EDIT)
_EXPECT_ADDRESS = (ConsentState.ADDRESS, ConsentState.CHECK)


class NotAsking(Exception):
    """The citizen's reply is not awaited (any more): it has come, or the question is settled."""


@dataclass(frozen=True, slots=True)
class _Round:
    """One conversation, locked, with those of its questions that were asked, in their order."""

    conversation: Conversation
    questions: list[Question]
    now: datetime

    def current(self) -> Question | None:
        """Return the question to which words without a button reply."""
        asking = [question for question in self.questions if question.is_asking]
        return min(asking, key=lambda q: (q.consent not in _EXPECT_ADDRESS, q.pk), default=None)

    def heard(self) -> dict[str, bool]:
        """Return the ids of messages that were taken in, and whether as a reply."""
        return {key: taken for question in self.questions for key, taken in question.heard.items()}


def hear(conversation_id: int, _message_id: int = 0) -> None:
    """Take in what the citizen has written since the last time; safe to call at any time.

    Whichever message was rung for, all that are new are heard, in their order.
    """
    try:
        _hear_conversation(conversation_id, timezone.now())
    except KeyUnavailable:
        log.info("conversation %s: erased while it was heard", conversation_id)


def begin(question: Question, conversation: Conversation, *, now: datetime) -> None:
    """Ask the citizen about a new question, or let it wait for the one before.

    Inside a transaction, with the conversation `locked`.
    """
    if conversation.listener != LISTENER:
        conversation.listener = LISTENER
        conversation.save(update_fields=("listener",))
    around = _round(conversation, now)
    _hear(around)
    _ask_next(around)


def locked(conversation_id: int, now: datetime) -> Conversation | None:
    """Return the conversation, locked, while it can be read; None once it cannot."""
    rows = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related(
        "session__office"
    )
    found = rows.filter(pk=conversation_id, erase_requested_at=None).first()
    return found if found and found.session.is_readable(now) else None


def settle_due(now: datetime) -> None:
    """Settle what will get no reply any more, and hear what nobody rang for; `now` is aware."""
    _settle_all(_undecided(now), now)
    recent = Conversation.objects.filter(
        listener=LISTENER,
        session__in=ConsultationSession.objects.running(now),
        last_inbound_at__gte=now - RECENT,
    )
    for pk in recent.values_list("pk", flat=True):
        hear(pk)


def decide(question: Question, if_unanswered: Unanswered) -> None:
    """Say what becomes of it if the hour ends without a reply; raises NotAsking."""
    with transaction.atomic():
        question = _asking(question)
        question.if_unanswered = if_unanswered
        question.save(update_fields=("if_unanswered",))
        _announce(question)


def drop(question: Question, *, by: Staff) -> None:
    """Take a question back that the citizen has not answered; raises NotAsking."""
    now = timezone.now()
    with transaction.atomic():
        conversation = locked(question.conversation_id or 0, now)
        question = _asking(question)
        if consents.is_dispatched(question):
            raise NotAsking
        consents.enter(question, ConsentState.UNANSWERED)
        consents.take_back(question, by=actors.of(by))
        _announce(question)
        if conversation is not None:
            _ask_next(_round(conversation, now))


def remind(question: Question) -> None:
    """Ask the citizen again what we wait for; raises NotAsking."""
    now = timezone.now()
    with transaction.atomic():
        conversation = locked(question.conversation_id or 0, now)
        question = _asking(question)
        if conversation is None or question.asked_at is None:
            raise NotAsking
        prompts.ask(question, conversation, now=now)


def _hear_conversation(conversation_id: int, now: datetime) -> None:
    with transaction.atomic():
        conversation = locked(conversation_id, now)
        if conversation is not None:
            _hear(_round(conversation, now))
            return
    # Each by itself: the erasure of the chat locks these questions, too.
    _settle_all(_undecided(now).filter(conversation=conversation_id), now)


def _round(conversation: Conversation, now: datetime) -> _Round:
    questions = Question.objects.filter(conversation=conversation).exclude(asked_at=None)
    return _Round(conversation, list(questions.select_for_update(no_key=True).order_by("pk")), now)


def _hear(around: _Round) -> None:
    for message in _unheard(around):
        before = around.heard()
        is_taken = _take(around, message)
        for question in around.questions:
            question.heard[str(message.pk)] = is_taken
            question.save(update_fields=("heard",))
        if is_taken:
            also = [int(key) for key, taken in before.items() if taken]
            conversations.taken_elsewhere(message, also=also)
            announce(message.session_id, f"conversation-{message.conversation_id}")
        _ask_next(around)


def _unheard(around: _Round) -> list[Message]:
    if not around.questions:
        return []
    since = min(question.created_at for question in around.questions) - LOOKS_BACK
    heard = around.heard()
    found = _said(around.conversation, since).order_by("sent_at", "id")
    return [message for message in found if str(message.pk) not in heard]


def _said(conversation: Conversation, since: datetime) -> QuerySet[Message]:
    said = Message.objects.filter(conversation=conversation, direction=Direction.IN)
    return said.filter(kind__in=_KINDS, sent_at__gte=since)


def _take(around: _Round, message: Message) -> bool:
    """Return whether the message was a reply to one of our questions."""
    message.conversation = around.conversation
    content = message.content or {}
    if message.kind == MessageKind.CHOICE:
        press = chat_replies.pressed(content.get("id"))
        question = _pressed(around.questions, press)
        if press is None or question is None:
            return False
        return dialogue_steps.press(_talk(around, question, message), press)
    if message.kind == MessageKind.EDIT:
        return _edited(around, message, content.get("text") or "")
    question = around.current()
    if question is None:
        return False
    return dialogue_steps.words(_talk(around, question, message), content.get("text") or "")


def _talk(around: _Round, question: Question, message: Message) -> Talk:
    return Talk(question, around.conversation, at=message.sent_at, now=around.now)


def _pressed(questions: Iterable[Question], press: Press | None) -> Question | None:
    if press is None:
        return None
    return next((each for each in questions if each.pk == press.question_id), None)


def _edited(around: _Round, message: Message, text: str) -> bool:
    """Hear the new words of a message that was a reply; other edits are the staff's to see."""
    question = around.current() or (around.questions[-1] if around.questions else None)
    targets = Message.objects.filter(
        conversation=around.conversation, wamid_digest=message.quoted_digest
    )
    target = targets.exclude(wamid_digest=None).values_list("pk", flat=True).first()
    if question is None or not around.heard().get(str(target)):
        return False
    return dialogue_steps.edited(_talk(around, question, message), text)


def _ask_next(around: _Round) -> None:
    """Ask the oldest question that waits for its turn, once no other one is being asked."""
    if around.current() is not None:
        return
    waiting = Question.objects.filter(
        conversation=around.conversation, consent=ConsentState.FORWARD, asked_at=None
    )
    question = waiting.select_for_update(no_key=True).order_by("pk").first()
    if question is None:
        return
    # What is there already is no reply to what comes only now.
    before = _said(around.conversation, question.created_at - LOOKS_BACK)
    question.heard = {str(pk): False for pk in before.values_list("pk", flat=True)} | {
        key: taken for key, taken in around.heard().items() if taken
    }
    question.save(update_fields=("heard",))
    prompts.ask(question, around.conversation, now=around.now)
    around.questions.append(question)


def _undecided(now: datetime) -> QuerySet[Question]:
    """Return the questions to which no reply can come any more."""
    over = Q(conversation__session__closes_at__lte=now)
    return Question.objects.filter(
        Q(conversation=None) | Q(conversation__erase_requested_at__isnull=False) | over,
        consent__in=ASKING,
    )


def _settle_all(questions: QuerySet[Question], now: datetime) -> None:
    for pk in questions.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            rows = Question.objects.select_for_update(of=("self",), no_key=True)
            question = rows.filter(pk=pk, consent__in=ASKING).first()
            if question is not None:
                consents.settle(question, is_wish=not _is_over(question, now), now=now)
                _announce(question)


def _is_over(question: Question, now: datetime) -> bool:
    """Whether the hour has ended in which it was asked; if not, the citizen wished to be erased.

    The conversation may be gone. Hours of an office do not overlap, and each keeps its row.
    """
    hours = ConsultationSession.objects.filter(
        office=question.office_id,
        starts_at__lte=question.created_at,
        closes_at__gt=question.created_at,
    )
    hour = hours.first()
    return (hour.closes_at if hour else question.session_closes_at) <= now


def _asking(question: Question) -> Question:
    rows = Question.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=question.pk, consent__in=ASKING).first()
    if found is None:
        raise NotAsking
    return found


def _announce(question: Question) -> None:
    conversation = question.conversation
    if conversation is not None:
        announce(conversation.session_id, f"conversation-{conversation.pk}")
