"""What citizens are asked before a question leaves the chat, in every version that was ever shown.

A consent is evidence only with the words that were read. So these texts are no translations that
may change unnoticed: a new wording gets a new version, and the old one stays (tests/routing/forward
pins them all).
"""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from routing.chat_replies import Choice
from routing.enums import AddressCheck

LANGUAGES = ("de", "en")


@dataclass(frozen=True, slots=True)
class Wording:
    """One question in one version, in all languages of citizens, with its buttons.

    A button's title has at most 20 characters.
    """

    version: str
    de: str
    en: str
    buttons: tuple[tuple[Choice, str, str], ...]  # choice, German and English title

    def text(self, language: str, **values: object) -> str:
        """Return the text with what is asked about put in."""
        return (self.en if language == "en" else self.de).format(**values)

    def titles(self, language: str) -> list[tuple[Choice, str]]:
        """Return the buttons' choices and titles."""
        return [(choice, en if language == "en" else de) for choice, de, en in self.buttons]


_HAND_OVER = (
    (Choice.YES, "Ja, weitergeben", "Yes, hand it over"),
    (Choice.NO, "Nein", "No"),
)

FORWARD = Wording(
    "forward-1",
    de=(
        "Ihre Frage kann das zuständige Fachamt beantworten ({departments}). Dürfen wir sie dorthin "
        "weitergeben? Ihren Namen und Ihre Nummer geben wir nicht weiter.\n\nDiese Frage geht weiter:\n"
        "{question}"
    ),
    en=(
        "Your question can be answered by the department in charge ({departments}). May we hand it "
        "over? Your name and number are not passed on.\n\nThis is what is handed over:\n{question}"
    ),
    buttons=_HAND_OVER,
)
FORWARD_WITH_NAME = Wording(
    "forward-name-1",
    de=(
        "Ihre Frage kann das zuständige Fachamt beantworten ({departments}). Dürfen wir sie mit Ihrem "
        "Namen ({name}) dorthin weitergeben? Ihre Nummer geben wir nicht weiter. Ohne Antwort per E-Mail "
        "lassen wir auch den Namen weg.\n\nDiese Frage geht weiter:\n{question}"
    ),
    en=(
        "Your question can be answered by the department in charge ({departments}). May we hand it over "
        "with your name ({name})? Your number is not passed on. Without an answer by e-mail we leave the "
        "name out as well.\n\nThis is what is handed over:\n{question}"
    ),
    buttons=_HAND_OVER,
)
EMAIL = Wording(
    "email-1",
    de=(
        "Möchten Sie die Antwort per E-Mail bekommen? Ihre E-Mail-Adresse verwenden wir nur dafür und "
        "löschen sie {days} Tage nach der Antwort. Sie können das jederzeit widerrufen. Ohne E-Mail geht "
        "Ihre Frage ohne Namen und Adresse an das Fachamt, und wir können Ihnen die Antwort nicht schicken."
    ),
    en=(
        "Would you like to get the answer by e-mail? We use your address for that only and erase it "
        "{days} days after the answer. You can withdraw at any time. Without e-mail your question goes to "
        "the department without name and address, and we cannot send you the answer."
    ),
    buttons=(
        (Choice.YES, "Ja, per E-Mail", "Yes, by e-mail"),
        (Choice.NO, "Ohne E-Mail", "No e-mail"),
    ),
)
ADDRESS = Wording(
    "address-1",
    de="An welche E-Mail-Adresse soll die Antwort gehen? Bitte schreiben Sie sie hier.",
    en="Which e-mail address shall the answer go to? Please write it here.",
    buttons=((Choice.NO, "Ohne E-Mail", "No e-mail"),),
)
CHECK = Wording(
    "check-1",
    de="Ist diese Adresse richtig?\n\n{address}",
    en="Is this address right?\n\n{address}",
    buttons=((Choice.YES, "Ja", "Yes"), (Choice.CHANGE, "Ändern", "Change")),
)
CHECK_TYPO = Wording(
    "check-typo-1",
    de="Sie haben {address} geschrieben. Meinten Sie {correction}?",
    en="You wrote {address}. Did you mean {correction}?",
    buttons=(
        (Choice.CORRECT, "Ja, korrigieren", "Yes, correct it"),
        (Choice.YES, "Nein, sie stimmt", "No, it is right"),
        (Choice.CHANGE, "Andere Adresse", "Another address"),
    ),
)

# Every version that was ever shown to somebody; none is changed or removed.
ALL = {
    each.version: each for each in (FORWARD, FORWARD_WITH_NAME, EMAIL, ADDRESS, CHECK, CHECK_TYPO)
}


def in_citizens_language(language: str) -> translation.override:
    """Return a context in which the other texts come in the citizen's language."""
    return translation.override(language if language in LANGUAGES else "de")


def no_address() -> str:
    """Return what is said to a reply in which there is no valid address."""
    return _(
        "We could not read an e-mail address in that. Please write it once more, for example "
        "name@example.org."
    )


def several_addresses() -> str:
    """Return what is said to a reply with more than one address."""
    return _("Please write only the one e-mail address that the answer shall go to.")


def agreed(reference: str, check: AddressCheck | str) -> str:
    """Return the thanks after all was agreed, with what comes next by e-mail."""
    thanks = _("Thank you. Your question is on its way to the department as number %(reference)s.")
    if check == AddressCheck.CHAT:
        rest = _("The answer comes by e-mail.")
    else:
        rest = _(
            "We are sending you an e-mail now: please press the link in it to confirm your address, "
            "so that the answer can come."
        )
    return f"{thanks % {'reference': reference}} {rest}"


def anonymous(reference: str) -> str:
    """Return the confirmation that the question goes without contact data."""
    return _(
        "All right. Your question goes to the department as number %(reference)s, without your name "
        "and without an address."
    ) % {"reference": reference}


def refused() -> str:
    """Return the confirmation that nothing is handed over."""
    return _("All right, we do not hand your question over.")


def withdrawn() -> str:
    """Return the confirmation that a question which had been handed over is withdrawn."""
    return _("Your question is withdrawn; the department does not work on it any more.")


def too_late() -> str:
    """Return what is said to a button of a question that is closed."""
    return _("This has been settled already. If you would like something else, just write to us.")
