"""The bytes of files that belong to questions and answers, sealed under their row's key."""

from typing import Final

from routing.models import AnswerFile, QuestionFile
from sprechstunde.vault import files

Row = AnswerFile | QuestionFile

_KINDS: Final = {AnswerFile: "routing.answerfile", QuestionFile: "routing.questionfile"}


def write(row: Row, data: bytes) -> None:
    """Keep the bytes of a row; raises KeyUnavailable, KeystoreUnavailable, OSError."""
    files.write_sealed(row.path, row.key_id, _context(row), data)


def read(row: Row) -> bytes:
    """Return the bytes; raises FileNotFoundError, KeyUnavailable, KeystoreUnavailable, Tampered."""
    return files.read_sealed(row.path, row.key_id, _context(row))


def remove(row: Row) -> None:
    """Remove the bytes; fine if they are gone."""
    files.remove(row.path)


def _context(row: Row) -> str:
    return f"{_KINDS[type(row)]}:{row.uid.hex}"
