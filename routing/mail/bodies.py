"""Takes a mail's body apart: the text that a person reads, and the files that came with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import PurePosixPath

from routing.mail import flowed, tnef
from routing.mail.header_text import MailMessage, decoded
from routing.mail.html_text import text_of_html

LOGO_BYTES = 30_000  # pictures in the text up to this size belong to a signature
TEXT_BYTES = 4_000_000  # of one text part are read
_PARTS = 500
# Only proof of who wrote it; a reader of the answer has no use for them.
_SEALS = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-keys",
    }
)
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PGP = "-----BEGIN PGP MESSAGE-----"
# What these names mean in real mail is the larger set of Windows.
_CHARSETS = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "us-ascii": "utf-8", "ascii": "utf-8"}
_ENDINGS = {
    "message/rfc822": "eml",
    "application/octet-stream": "bin",
    "image/jpeg": "jpg",
    "text/plain": "txt",
}
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f/\\:]+")


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a mail, as it was sent; nothing about it has been checked."""

    name: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class Body:
    """What a body holds; filled part by part."""

    texts: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    is_encrypted: bool = False
    is_invitation: bool = False
    is_long: bool = False  # not all of its text was read
    parts: int = 0

    @property
    def text(self) -> str:
        """The texts in their order."""
        return "\n\n".join(text for text in self.texts if text.strip())


def read(message: MailMessage) -> Body:
    """Take the body apart. Raises what the standard library raises on broken parts."""
    body = Body()
    _take(message, body, is_related=False)
    body.is_encrypted = body.is_encrypted or body.text.lstrip().startswith(_PGP)
    return body


def text_of_part(part: MailMessage) -> str:
    """Return the text of a text part; HTML is turned into text."""
    text = decoded_bytes(_payload(part)[:TEXT_BYTES], part.get_content_charset())
    if part.get_content_type() == "text/html":
        return text_of_html(text)
    if str(part.get_param("format", "")).lower() == "flowed":
        return flowed.unwrap(text, delsp=str(part.get_param("delsp", "")).lower() == "yes")
    return text.replace("\r\n", "\n")


def decoded_bytes(data: bytes, charset: str | None) -> str:
    """Decode with the charset that was named, else as UTF-8, else as Windows' Latin 1."""
    named = _CHARSETS.get(charset or "", charset or "utf-8")
    for candidate in (named, "utf-8"):
        try:
            return data.decode(candidate)
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")


def _take(part: MailMessage, body: Body, *, is_related: bool) -> None:
    body.parts += 1
    if body.parts > _PARTS:
        return
    kind = part.get_content_type()
    if part.is_multipart() and kind.startswith("multipart/"):
        _take_parts(part, body)
    elif kind in _SEALS:
        return
    elif kind in _PKCS7 or kind == "application/pgp-encrypted":
        body.is_encrypted = True
    elif kind in {"text/plain", "text/html"} and not _is_file(part):
        body.is_long = body.is_long or len(_payload(part)) > TEXT_BYTES
        body.texts.append(text_of_part(part))
    elif _is_invitation(part):
        body.is_invitation = True
    elif not _is_logo(part, is_related=is_related):
        body.files.extend(_files(part, len(body.files) + 1))


def _take_parts(part: MailMessage, body: Body) -> None:
    children = _children(part)
    kind = part.get_content_type()
    if kind == "multipart/encrypted":
        body.is_encrypted = True
    elif kind == "multipart/alternative":
        _take_best(children, body)
    else:
        for child in children:
            _take(child, body, is_related=kind == "multipart/related")


def _take_best(children: list[MailMessage], body: Body) -> None:
    """Take one of several forms of the same text: the plain one if it says anything."""
    forms = [_read_alone(child) for child in children]
    body.is_invitation = body.is_invitation or any(form.is_invitation for form in forms)
    body.is_encrypted = body.is_encrypted or any(form.is_encrypted for form in forms)
    body.is_long = body.is_long or any(form.is_long for form in forms)
    body.texts.append(next((form.text for form in forms if form.text.strip()), ""))
    for form in forms:
        body.files.extend(form.files)


def _read_alone(part: MailMessage) -> Body:
    body = Body()
    _take(part, body, is_related=False)
    return body


def _children(part: MailMessage) -> list[MailMessage]:
    payload = part.get_payload() if part.is_multipart() else []
    return [child for child in payload if isinstance(child, Message)]


def _payload(part: MailMessage) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _is_file(part: MailMessage) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _is_invitation(part: MailMessage) -> bool:
    """Whether it is an appointment to accept or refuse (RFC 6047), not a mere file of dates."""
    return part.get_content_type() == "text/calendar" and bool(part.get_param("method"))


def _is_logo(part: MailMessage, *, is_related: bool) -> bool:
    is_picture = part.get_content_maintype() == "image"
    return is_related and is_picture and len(_payload(part)) <= LOGO_BYTES


def _files(part: MailMessage, number: int) -> Iterator[File]:
    kind = part.get_content_type()
    data = _attached_mail(part) if kind == "message/rfc822" else _payload(part)
    name = file_name(part.get_filename(), kind, number)
    if kind in _TNEF or name.lower() == "winmail.dat":
        yield from _unpacked(data, File(name, kind, data))
    elif data:
        yield File(name, kind, data)


def _unpacked(data: bytes, whole: File) -> Iterator[File]:
    """Go through the files in Outlook's package; one that cannot be read is kept as it is."""
    try:
        packed = tnef.files(data)
    except tnef.NotTnef:
        yield whole
        return
    for name, content in packed:
        yield File(file_name(name, "", 1), "application/octet-stream", content)


def _attached_mail(part: MailMessage) -> bytes:
    return b"".join(child.as_bytes() for child in _children(part))


def file_name(given: str | None, media_type: str, number: int) -> str:
    """Return a name without path and control characters; a made-up one where none was given."""
    name = _BAD_NAME.sub("_", decoded(given or "")).strip(" ._")[-150:]
    if name:
        return name
    ending = _ENDINGS.get(media_type, PurePosixPath(media_type).name or "bin")
    return f"Anhang-{number}.{ending}"
