"""Files that come with a request for an answer: taken one by one, each refusal told by name."""

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from routing.models import Answer
from routing.services.work import answers
from routing.services.work.answers import FileRefused, Refusal
from routing.views.refusals import refusal


def add_files(draft: Answer, request: HttpRequest) -> list[str]:
    """Add what was chosen to the draft; return what was refused, in words. Raises WrongState."""
    refused = [] if _fits(request) else [refusal(FileRefused(Refusal.TOO_LARGE, ""))]
    for file in request.FILES.getlist("files"):
        try:
            _add(draft, file)
        except FileRefused as error:
            refused.append(refusal(error))
    return refused


def _add(draft: Answer, file: "UploadedFile[bytes]") -> None:
    answers.add_file(draft, name=file.name or "", data=file.read())


def _fits(request: HttpRequest) -> bool:
    """Say whether the files came at all: Django drops without a word what is larger than its memory."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) <= settings.FILE_UPLOAD_MAX_MEMORY_SIZE
