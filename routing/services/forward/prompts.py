"""What the citizen is asked and told in the chat about a question; each with the buttons it needs."""

from datetime import datetime

from routing import typed_addresses, wording
from routing.chat_replies import Press, Step
from routing.enums import ConsentState
from routing.models import Correspondence, Question
from routing.wording import Wording
from sessions_app.models import Conversation
from sessions_app.services import messages
from sessions_app.whatsapp.outgoing import BUTTONS_TEXT_LIMIT, length
from sprechstunde.vault.cipher import digest

_MARK_BYTES = 4


def ask(question: Question, conversation: Conversation, *, now: datetime) -> None:
    """Ask what the question's state waits for, and note when.

    In the caller's transaction. Raises KeyUnavailable.
    """
    _ASKED[ConsentState(question.consent)](question, conversation, now)
    question.asked_at = now
    question.save(update_fields=("asked_at",))


def say(question: Question, conversation: Conversation, text: str, *, now: datetime) -> None:
    """Tell the citizen something that needs no reply."""
    messages.ask(conversation, text=text, now=now)


def forward_wording(question: Question) -> Wording:
    """Return in which words this question's citizen is asked whether it may be handed over."""
    return wording.FORWARD_WITH_NAME if question.name else wording.FORWARD


def check_wording(question: Question) -> Wording:
    """Return in which words the citizen is asked whether the address is right."""
    return wording.CHECK_TYPO if correction(question) else wording.CHECK


def correction(question: Question) -> str | None:
    """Return the address that was probably meant instead, if there is one."""
    return typed_addresses.correction(question.address) if question.address else None


def mark(question: Question) -> str:
    """Return by which sign the buttons below an address are known to be about this one."""
    if not question.address:
        return ""
    whole = digest(question.key_id, context="routing.dialogue", value=question.address.casefold())
    return whole[:_MARK_BYTES].hex()


def _ask_forward(question: Question, conversation: Conversation, now: datetime) -> None:
    shown = forward_wording(question)
    departments = question.tickets.order_by("-is_lead", "department__name")
    values = {
        "departments": ", ".join(departments.values_list("department__name", flat=True)),
        "name": question.name,
    }
    text = shown.text(question.language, question=question.text, **values)
    if length(text) > BUTTONS_TEXT_LIMIT:  # then the question goes before it, whole
        messages.ask(conversation, text=question.text, now=now)
        text = shown.text(question.language, question="↑", **values)
    _ask(question, conversation, Step.FORWARD, shown, text, now)


def _ask_email(question: Question, conversation: Conversation, now: datetime) -> None:
    days = Correspondence.of(question.office_id).retention_days
    text = wording.EMAIL.text(question.language, days=days)
    _ask(question, conversation, Step.EMAIL, wording.EMAIL, text, now)


def _ask_address(question: Question, conversation: Conversation, now: datetime) -> None:
    text = wording.ADDRESS.text(question.language)
    _ask(question, conversation, Step.ADDRESS, wording.ADDRESS, text, now)


def _ask_check(question: Question, conversation: Conversation, now: datetime) -> None:
    shown = check_wording(question)
    values = {"address": question.address, "correction": correction(question)}
    text = shown.text(question.language, **values)
    _ask(question, conversation, Step.CHECK, shown, text, now)


_ASKED = {
    ConsentState.FORWARD: _ask_forward,
    ConsentState.EMAIL: _ask_email,
    ConsentState.ADDRESS: _ask_address,
    ConsentState.CHECK: _ask_check,
}


def _ask(
    question: Question,
    conversation: Conversation,
    step: Step,
    shown: Wording,
    text: str,
    now: datetime,
) -> None:
    about = mark(question) if step is Step.CHECK else ""
    buttons = [
        (Press(question.pk, step, choice, about).button_id, title)
        for choice, title in shown.titles(question.language)
    ]
    messages.ask(conversation, text=text, buttons=buttons, now=now)
