"""Files of a citizen's reply: they lie in the sealed e-mail alone and are taken out when asked for."""

from django.utils.translation import gettext_lazy as _

from routing.mail.bodies import File
from routing.services.work.answer_files import Checked, FileRefused, Refusal, harmless

CLOSED = {
    Refusal.EMPTY: _("It is empty."),
    Refusal.KIND: _("It is no picture, PDF, text or office document."),
    Refusal.ACTIVE: Refusal.ACTIVE.label,
}


def opened(file: File) -> Checked | FileRefused:
    """Return a file of the e-mail as staff may open it, or why it stays closed."""
    try:
        return harmless(file.name, file.data)
    except FileRefused as refusal:
        return refusal
