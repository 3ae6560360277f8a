"""What a message says in one line, and what a citizen is called: for lists and quotes."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.enums import MessageKind
from sessions_app.models import Conversation, Message

LONGEST = 120  # characters of an excerpt

LABELS = {
    MessageKind.IMAGE: gettext_lazy("Picture"),
    MessageKind.AUDIO: gettext_lazy("Voice message"),
    MessageKind.VIDEO: gettext_lazy("Video"),
    MessageKind.DOCUMENT: gettext_lazy("Document"),
    MessageKind.STICKER: gettext_lazy("Sticker"),
    MessageKind.LOCATION: gettext_lazy("Location"),
    MessageKind.CONTACTS: gettext_lazy("Contact card"),
    MessageKind.FORM: gettext_lazy("Form reply"),
    MessageKind.ORDER: gettext_lazy("Order"),
    MessageKind.CALL: gettext_lazy("Call"),
    MessageKind.REACTION: gettext_lazy("Reaction"),
    MessageKind.IDENTITY: gettext_lazy("Number or id changed"),
    MessageKind.EDIT: gettext_lazy("Message edited"),
    MessageKind.REVOKE: gettext_lazy("Message deleted"),
    MessageKind.UNSUPPORTED: gettext_lazy("Cannot be displayed"),
}


def called(conversation: Conversation) -> str:
    """Return what a citizen is called on the desk; the number is no part of it."""
    return citizen(conversation.name, conversation.username, conversation.number)


def citizen(name: str | None, username: str | None, number: int) -> str:
    """Return what a citizen with this name, username and place in the session is called."""
    if name:
        return printable(name)
    if username:
        return f"@{printable(username).removeprefix('@')}"
    return _("Citizen %(number)s") % {"number": number}


def excerpt(message: Message) -> str:
    """Return what `message` says in one line of at most LONGEST characters."""
    return one_line(MessageKind(message.kind), message.content)


def one_line(kind: MessageKind, content: dict[str, Any] | None) -> str:
    """Return what a message of `kind` with this content says, as `excerpt` does."""
    label = LABELS.get(kind)
    words = " ".join(_words(content or {}).split())
    line = ": ".join(part for part in (str(label or ""), words) if part)
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def printable(text: object) -> str:
    """Return `text` without what cannot be sent to a browser, such as half a surrogate pair."""
    return str(text).encode("utf-8", "replace").decode()


def _words(content: dict[str, Any]) -> str:
    for key in ("text", "caption", "title", "name", "emoji"):
        if content.get(key):
            return printable(content[key])
    return ""
