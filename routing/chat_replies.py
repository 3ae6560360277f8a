"""Reads what a citizen answers in the chat: a button of ours, or words that mean yes or no."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """The question that a button belongs to; short, for it stands in the button's id."""

    FORWARD = "forward"
    EMAIL = "email"
    ADDRESS = "address"
    CHECK = "check"


class Choice(StrEnum):
    """What a button says."""

    YES = "yes"
    NO = "no"
    CHANGE = "change"
    CORRECT = "correct"  # "yes, I meant the other one"


@dataclass(frozen=True, slots=True)
class Press:
    """A pressed button: of which question, which step; `mark` names the address it was shown for."""

    question_id: int
    step: Step
    choice: Choice
    mark: str = ""

    @property
    def button_id(self) -> str:
        """The id under which WhatsApp gives the press back."""
        return ":".join(("ask", str(self.question_id), self.step, self.choice, self.mark))


_BUTTON = re.compile(
    rf"ask:(\d{{1,18}}):({'|'.join(Step)}):({'|'.join(Choice)}):([0-9a-f]{{0,16}})", re.ASCII
)

_SAY_YES = (
    "ja jo jep jup joa jawohl yes yep ok okay oke okey gerne gern klar einverstanden passt stimmt "
    "richtig korrekt natürlich selbstverständlich sicher genau freilich sure fine correct please "
    "bitte unbedingt super"
)
_SAY_NO = "nein nö nee ne no nope never falsch stopp stop abbrechen ablehnen"
_SAY_NOT = "nicht kein keine keinen not dont"
_SAY_NOTHING = (
    "danke dankeschön vielen dank thanks thank you sehr das die der ist so es mir mich ich doch "
    "lieber habe hab möchte will machen sie weiterleiten weitergeben senden schicken that is would "
    "like the mail email e per to be it dürfen können auf jeden fall alles gut i antwort adresse"
)
_YES, _NO, _NOT, _FILLERS = (
    frozenset(words.split()) for words in (_SAY_YES, _SAY_NO, _SAY_NOT, _SAY_NOTHING)
)
_SURE_YES = _YES - {"bitte", "please"}
_THUMBS = {"👍": "ja", "👌": "ja", "✅": "ja", "👎": "nein", "❌": "nein"}
_LONGEST = 8  # words
_SHORT = 14
_MOST_SYMBOLS = 4


def pressed(button_id: object) -> Press | None:
    """Return what was pressed, if the button is one of ours."""
    match = _BUTTON.fullmatch(button_id) if isinstance(button_id, str) else None
    if match is None:
        return None
    return Press(int(match[1]), Step(match[2]), Choice(match[3]), match[4])


def says_yes(text: str) -> bool | None:
    """Return whether the words mean yes or no; None if they say more, or both, or neither."""
    words = _words(text)
    if not words or len(words) > _LONGEST or not set(words) <= _YES | _NO | _NOT | _FILLERS:
        return None
    agrees, refuses = bool(_YES & {*words}), bool(_NO & {*words})
    if _NOT & {*words}:
        return None if "ja" in words else False
    if refuses:
        return None if _SURE_YES & {*words} - {"gut"} else False
    return True if agrees else None


def refuses(text: str, *, but: str = "") -> bool:
    """Return whether there is a no among the words, whatever else they say; `but` does not count."""
    rest = text.casefold().replace(but.casefold(), " ")
    return bool((_NO | _NOT) & {*_words(rest)})


def is_short(text: str) -> bool:
    """Return whether the text can hardly say more than what was asked for."""
    words = _words(text)
    return len(words) <= _SHORT and "?" not in words


def _words(text: str) -> list[str]:
    for sign, word in _THUMBS.items():
        text = text.replace(sign, f" {word} ")
    plain = unicodedata.normalize("NFC", text.casefold())
    bare = re.sub(r"[^\w\s]|_", lambda found: "" if found.group() == "'" else " ", plain)
    symbols = [each for each in text if unicodedata.category(each) == "So"]
    doubts = ["?"] if "?" in text or len(symbols) > _MOST_SYMBOLS else []
    return bare.split() + doubts
