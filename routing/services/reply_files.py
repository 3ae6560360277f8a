"""Files of a citizen's reply: they lie in the sealed e-mail alone and are taken out when asked for."""

from django.utils.translation import gettext_lazy as _

from routing.mail.parsing import Mail
from routing.services.answer_files import Checked, FileRefused, Refusal, harmless

CLOSED = {
    Refusal.EMPTY: _("It is empty."),
    Refusal.KIND: _("It is no picture, PDF, text or office document."),
    Refusal.ACTIVE: Refusal.ACTIVE.label,
}


def files(mail: Mail) -> list[Checked | FileRefused]:
    """Return the mail's files in their order as staff may open them, or why one stays closed."""
    return [_opened(file.name, file.data) for file in mail.files]


def _opened(name: str, data: bytes) -> Checked | FileRefused:
    try:
        return harmless(name, data)
    except FileRefused as refusal:
        return refusal
