"""What each reply of a citizen does in each state of the dialogue about a question.

`press`, `words` and `edited` return whether the message was a reply to us; if not, it waits for the
staff as any other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from routing import chat_replies, typed_addresses, wording
from routing.chat_replies import Choice, Press, Step
from routing.enums import ConsentKind, ConsentState
from routing.models import Correspondence, Question
from routing.services.forward import consents, prompts
from routing.services.work.actors import CITIZEN
from sessions_app.enums import MessageKind
from sessions_app.models import Conversation, Message

_S = ConsentState
CLOSED = frozenset({_S.REFUSED, _S.UNANSWERED, _S.REVOKED})
MOST_TRIES = 3  # more are a machine's, or need a person


@dataclass(frozen=True, slots=True)
class Talk:
    """A question, its conversation, when the citizen wrote (WhatsApp's time), and now."""

    question: Question
    conversation: Conversation
    at: datetime
    now: datetime

    @property
    def saw_prompt(self) -> bool:
        """Whether the reply was written after we last asked: only then a bare yes is one to that."""
        asked = self.question.asked_at
        return asked is not None and self.at >= asked.replace(microsecond=0)

    @property
    def is_ours(self) -> bool:
        """Whether nobody of the staff has written since we last asked: it may be them who got the yes."""
        written = Message.objects.filter(conversation=self.conversation, author__isnull=False)
        since = written.filter(created_at__gte=self.question.asked_at or self.now)
        return not since.exclude(kind=MessageKind.REACTION).exists()

    def ask(self, state: ConsentState) -> None:
        """Enter the state and ask what it waits for."""
        consents.enter(self.question, state)
        prompts.ask(self.question, self.conversation, now=self.now)

    def say(self, text: Callable[[], str]) -> None:
        """Tell the citizen something in the language of the dialogue."""
        with wording.in_citizens_language(self.question.language):
            prompts.say(self.question, self.conversation, text(), now=self.now)


def press(talk: Talk, pressed: Press) -> bool:
    """Hear a button, perhaps pressed twice, late, or out of turn."""
    if talk.question.consent in CLOSED:
        return _press_closed(talk, pressed)
    if pressed.choice is Choice.NO:
        _refuse(talk) if pressed.step is Step.FORWARD else _without_email(talk)
    elif pressed.step is Step.FORWARD:
        _agree_to_forward(talk)
    elif pressed.step is Step.EMAIL:
        _agree_to_email(talk)
    elif pressed.step is Step.CHECK:
        _press_check(talk, pressed)
    return True


def words(talk: Talk, text: str) -> bool:
    """Hear what was typed instead of pressing, or the address that was asked for."""
    typed = typed_addresses.read(text)
    if typed.only and not _is_unclear(talk, text, typed.only):
        _take_address(talk, typed.only)
        return chat_replies.is_short(text)
    if talk.question.consent == _S.ADDRESS and typed.is_attempt:
        return _ask_once_more(talk, wording.several_addresses if typed.addresses else _unreadable)
    answer = chat_replies.says_yes(text)
    if answer is None or not (talk.saw_prompt and talk.is_ours):
        return False
    return _YES_AND_NO[_S(talk.question.consent)][not answer](talk) is not False


def edited(talk: Talk, text: str) -> bool:
    """Hear that a reply was changed afterwards: a new address is taken, else we ask again."""
    typed = typed_addresses.read(text)
    question = talk.question
    has_address = question.address is not None and question.consent not in CLOSED
    if typed.only and (has_address or question.consent == _S.ADDRESS):
        if typed.only != question.address:
            _take_address(talk, typed.only)
        return True
    if question.is_asking:
        prompts.ask(question, talk.conversation, now=talk.now)
    return True


def _is_unclear(talk: Talk, text: str, address: str) -> bool:
    # "No, to x@y" is a correction once we talk about an address; before that it may mean anything,
    # and so may an address for which a colleague has asked meanwhile.
    is_early = talk.question.consent in {_S.FORWARD, _S.EMAIL}
    return is_early and (chat_replies.refuses(text, but=address) or not talk.is_ours)


def _press_closed(talk: Talk, pressed: Press) -> bool:
    if pressed.choice is Choice.NO:
        return True
    talk.say(wording.too_late)
    return False  # the staff see that somebody has thought better of it


def _agree_to_forward(talk: Talk) -> None:
    if talk.question.consent == _S.FORWARD:
        _record(talk, ConsentKind.FORWARD, is_given=True)
        talk.ask(_S.EMAIL)


def _refuse(talk: Talk) -> None:
    question = talk.question
    _record(talk, ConsentKind.FORWARD, is_given=False)
    version = prompts.forward_wording(question).version
    if consents.is_dispatched(question):
        consents.take_back(question, by=CITIZEN, wording=version)
        talk.say(wording.withdrawn)
    else:
        consents.refuse(question, wording=version)
        talk.say(wording.refused)


def _agree_to_email(talk: Talk) -> None:
    if talk.question.consent in {_S.EMAIL, _S.ANONYMOUS}:
        _record(talk, ConsentKind.EMAIL, is_given=True)
        talk.ask(_S.ADDRESS)


def _without_email(talk: Talk) -> None:
    question = talk.question
    if question.consent not in {_S.EMAIL, _S.ADDRESS, _S.CHECK, _S.GIVEN}:
        return
    _record(talk, ConsentKind.EMAIL, is_given=False)
    consents.make_anonymous(question, by=CITIZEN, now=talk.now)
    talk.say(lambda: wording.anonymous(question.reference))


def _press_check(talk: Talk, pressed: Press) -> None:
    question = talk.question
    if question.consent == _S.ANONYMOUS:
        _agree_to_email(talk)
    elif pressed.choice is Choice.CHANGE:
        _change_address(talk)
    elif question.consent in {_S.CHECK, _S.ADDRESS}:
        _confirm_pressed(talk, pressed)


def _confirm_pressed(talk: Talk, pressed: Press) -> None:
    if pressed.mark != prompts.mark(
        talk.question
    ):  # shown for an address that is no longer the one
        prompts.ask(talk.question, talk.conversation, now=talk.now)
    else:
        _confirm(talk, is_corrected=pressed.choice is Choice.CORRECT)


def _confirm(talk: Talk, *, is_corrected: bool) -> None:
    question = talk.question
    _record(talk, ConsentKind.ADDRESS, is_given=True)
    meant = prompts.correction(question)
    if is_corrected and meant:
        consents.take_address(question, meant)
    consents.give(question, now=talk.now)
    check = Correspondence.of(question.office_id).address_check
    talk.say(lambda: wording.agreed(question.reference, check))


def _change_address(talk: Talk) -> None:
    if talk.question.consent in {_S.CHECK, _S.GIVEN}:
        _record(talk, ConsentKind.ADDRESS, is_given=False)
        talk.ask(_S.ADDRESS)


def _take_address(talk: Talk, address: str) -> None:
    """Take a typed address; at the first questions it says yes to both."""
    question = talk.question
    is_same = question.address is not None and question.address.casefold() == address.casefold()
    if question.consent == _S.CHECK and is_same and not prompts.correction(question):
        _confirm(talk, is_corrected=False)
        return
    if question.consent == _S.FORWARD:
        _record(talk, ConsentKind.FORWARD, is_given=True)
    if question.consent in {_S.FORWARD, _S.EMAIL}:
        _record(talk, ConsentKind.EMAIL, is_given=True)
    consents.take_address(question, address)
    prompts.ask(question, talk.conversation, now=talk.now)


def _ask_once_more(talk: Talk, text: Callable[[], str]) -> bool:
    question = talk.question
    if question.tries >= MOST_TRIES:
        return False
    question.tries += 1
    question.save(update_fields=("tries",))
    talk.say(text)
    return True


def _unreadable() -> str:
    return wording.no_address()


def _yes_to_address(talk: Talk) -> bool:
    return _ask_once_more(talk, lambda: wording.ADDRESS.text(talk.question.language))


def _yes_to_check(talk: Talk) -> None:
    _confirm(talk, is_corrected=True)


_YES_AND_NO: dict[ConsentState, tuple[Callable[[Talk], object], Callable[[Talk], object]]] = {
    _S.FORWARD: (_agree_to_forward, _refuse),
    _S.EMAIL: (_agree_to_email, _without_email),
    _S.ADDRESS: (_yes_to_address, _without_email),
    _S.CHECK: (_yes_to_check, _change_address),
}


def _record(talk: Talk, kind: ConsentKind, *, is_given: bool) -> None:
    shown = {
        ConsentKind.FORWARD: prompts.forward_wording(talk.question),
        ConsentKind.EMAIL: wording.EMAIL,
        ConsentKind.ADDRESS: prompts.check_wording(talk.question),
    }[kind]
    consents.record(talk.question, kind, shown, is_given=is_given, at=talk.at)
