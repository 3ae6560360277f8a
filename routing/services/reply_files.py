"""Files of a citizen's reply: they lie in the sealed e-mail alone and are taken out when asked for."""

from routing.mail.parsing import Mail
from routing.services.answer_files import Checked, FileRefused, harmless


def files(mail: Mail) -> list[Checked | FileRefused]:
    """Return the mail's files in their order as staff may open them, or why one stays closed."""
    return [_opened(file.name, file.data) for file in mail.files]


def _opened(name: str, data: bytes) -> Checked | FileRefused:
    try:
        return harmless(name, data)
    except FileRefused as refusal:
        return refusal
