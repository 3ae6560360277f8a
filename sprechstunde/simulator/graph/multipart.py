"""Reading multipart/form-data in memory: uploads never touch the disk."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message

from sprechstunde.simulator.errors import GraphError


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    content: bytes
    filename: str
    mime_type: str


def parts(body: bytes, content_type: str) -> dict[str, Part]:
    """RFC 7578; raises GraphError if the body is no form."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        raise GraphError(100, "The parameter file is required.")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))
    found = (_part(piece) for piece in pieces[1:] if piece[:2] == b"\r\n")
    return {part.name: part for part in found}


def _part(piece: bytes) -> Part:
    head, _, content = piece[2:].partition(b"\r\n\r\n")
    header = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        header[name] = value.strip()
    field = header.get_param("name", "", header="content-disposition")
    mime_type = str(header.get("content-type", ""))
    return Part(str(field), content, header.get_filename("") or "", mime_type)
