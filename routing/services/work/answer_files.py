"""Files that go with an answer: what they are is told from their bytes, and nothing active is taken."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Final

from django.db import transaction
from django.db.models import Sum, TextChoices
from django.utils.translation import gettext_lazy as _

from routing import documents
from routing.models import Answer, AnswerFile
from routing.services.work import sealed_files
from routing.services.work.moves import TicketError
from sessions_app.whatsapp.media_types import VIEWABLE, sniff
from sessions_app.whatsapp.pictures import BadPicture, cleaned

MOST_BYTES = 10 * 1024 * 1024  # of all files of an answer; many mailboxes refuse mails over 15 MB
MOST_FILES = 10
LONGEST_NAME = 120

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
# The name's end decides what a double click does, so it has to fit the bytes.
_ENDINGS: Final = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    "text/plain": (".txt", ".csv"),
    "application/msword": (".doc",),
    "application/vnd.ms-excel": (".xls",),
    "application/vnd.ms-powerpoint": (".ppt",),
    f"{_OFFICE}.wordprocessingml.document": (".docx",),
    f"{_OFFICE}.spreadsheetml.sheet": (".xlsx",),
    f"{_OFFICE}.presentationml.presentation": (".pptx",),
    f"{_OPEN}.text": (".odt",),
    f"{_OPEN}.spreadsheet": (".ods",),
    f"{_OPEN}.presentation": (".odp",),
}
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069<>:\"|?*]")


class Refusal(TextChoices):
    """Why a file is not taken."""

    EMPTY = "empty", _("The file is empty.")
    TOO_LARGE = "too_large", _("The files of an answer may have 10 MB together.")
    TOO_MANY = "too_many", _("An answer takes ten files at most.")
    KIND = "kind", _("Only pictures, PDF, text and office documents can be sent.")
    ACTIVE = "active", _("The document contains scripts, macros or encrypted parts.")


class FileRefused(TicketError):
    """A file is not taken; `reason` says why and has a label for people, `name` which one."""

    def __init__(self, reason: Refusal, name: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.name = name


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may be sent: name and bytes as they will be kept."""

    name: str
    media_type: str
    data: bytes


def checked(name: str, data: bytes) -> Checked:
    """Return the file as it may be sent, pictures without metadata; raises FileRefused."""
    if len(data) > MOST_BYTES:
        raise FileRefused(Refusal.TOO_LARGE, name)
    return harmless(name, data)


def harmless(name: str, data: bytes) -> Checked:
    """Return the file as it may be opened, whatever its size; raises FileRefused."""
    if not data:
        raise FileRefused(Refusal.EMPTY, name)
    media_type = sniff(data)
    if media_type not in _ENDINGS:
        raise FileRefused(Refusal.KIND, name)
    if media_type == "application/pdf" and documents.is_active(data):
        raise FileRefused(Refusal.ACTIVE, name)
    return Checked(_fit(name, media_type), media_type, _harmless(name, data, media_type))


def attach(answer: Answer, files: Iterable[Checked]) -> list[AnswerFile]:
    """Keep the files with an answer, in the caller's transaction; raises FileRefused, OSError."""
    files = list(files)
    _check_room(answer, files)
    return [_keep(answer, file) for file in files]


def drop(file: AnswerFile) -> None:
    """Remove the row, and its bytes once that is committed: what is rolled back keeps its file."""
    file.delete()
    transaction.on_commit(partial(sealed_files.remove, file))


def _keep(answer: Answer, file: Checked) -> AnswerFile:
    row = AnswerFile(
        answer=answer,
        key_id=answer.key_id,
        name=file.name,
        media_type=file.media_type,
        size=len(file.data),
    )
    # The file first: a crash leaves one without a row, which goes with its folder; never the reverse.
    sealed_files.write(row, file.data)
    row.save()
    return row


def _check_room(answer: Answer, files: list[Checked]) -> None:
    if not files:
        return
    held = answer.files.aggregate(bytes=Sum("size", default=0))["bytes"]
    if answer.files.count() + len(files) > MOST_FILES:
        raise FileRefused(Refusal.TOO_MANY, files[-1].name)
    if held + sum(len(file.data) for file in files) > MOST_BYTES:
        raise FileRefused(Refusal.TOO_LARGE, files[-1].name)


def _harmless(name: str, data: bytes, media_type: str) -> bytes:
    if media_type not in VIEWABLE:
        return data
    try:
        return cleaned(data, media_type)
    except BadPicture:
        raise FileRefused(Refusal.KIND, name) from None


def _fit(name: str, media_type: str) -> str:
    bare = _UNFIT.sub("", PurePosixPath(name.replace("\\", "/")).name).strip(" .")
    endings = _ENDINGS[media_type]
    ending = next((each for each in endings if bare.lower().endswith(each)), None)
    stem = bare[: -len(ending)] if ending else bare
    ending = ending or endings[0]
    return f"{stem[: LONGEST_NAME - len(ending)] or 'file'}{ending}"
