"""Tells from a file's bytes what it is, and what of that may be kept; claims and names don't count."""

import io
import re
import zipfile

VIEWABLE = frozenset({"image/jpeg", "image/png", "image/webp"})

_OFFICE = "application/vnd.openxmlformats-officedocument"
_PARTS = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OFFICE}.presentationml.presentation",
}
_OPEN_DOCUMENTS = frozenset(
    f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")
)
# Old Office files, by a stream that only one of the programs writes.
_STREAMS = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
_COMPOUND_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACRO_STREAM = "_VBA_PROJECT"
_ACTIVE_PARTS = re.compile(r"vbaproject|macrosheets/|activex/|^basic/|^scripts/", re.IGNORECASE)
_MOST_PARTS = 5_000
_MARKUP = re.compile(
    rb"\A\W*(<|#!|%!)|<\s*(script|svg|html|iframe|object|embed|\?xml)", re.IGNORECASE
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def sniff(content: bytes) -> str | None:
    """Return the type of a picture, PDF, plain text or office document without macros, else None.

    None stands for everything that could act when it is opened: web pages, SVG, programs, archives.
    """
    return _picture(content) or _document(content) or _plain_text(content)


def _picture(content: bytes) -> str | None:
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return "image/webp" if is_webp else None


def _document(content: bytes) -> str | None:
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        return _zipped(content)
    return _compound(content) if content.startswith(_COMPOUND_MAGIC) else None


def _zipped(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > _MOST_PARTS or any(_ACTIVE_PARTS.search(name) for name in names):
                return None
            return _open_document(archive, names) or _office_document(names)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return None


def _open_document(archive: zipfile.ZipFile, names: list[str]) -> str | None:
    if "mimetype" not in names or "content.xml" not in names:
        return None
    with archive.open("mimetype") as part:  # never the whole part: it may unpack to anything
        claimed = part.read(100).decode("ascii", "replace").strip()
    return claimed if claimed in _OPEN_DOCUMENTS else None


def _office_document(names: list[str]) -> str | None:
    if "[Content_Types].xml" not in names:
        return None
    return next((kind for part, kind in _PARTS.items() if part in names), None)


def _compound(content: bytes) -> str | None:
    if _stream(_MACRO_STREAM) in content:
        return None
    return next((kind for name, kind in _STREAMS.items() if _stream(name) in content), None)


def _stream(name: str) -> bytes:
    return name.encode("utf-16-le")


def _plain_text(content: bytes) -> str | None:
    bare = content.removeprefix(b"\xef\xbb\xbf")
    if not bare.strip() or _CONTROLS.search(bare) or _MARKUP.search(bare):
        return None
    return "text/plain"
