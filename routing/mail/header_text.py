"""Reads headers as people wrote them: any charset, any breakage, never an exception."""

import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    MailMessage = Message[str, str]
else:
    MailMessage = Message  # has no parameters at run time

HEADER_CHARACTERS = 20_000  # of one header; more is nobody's good will
# What the standard library raises on headers that no program should write.
BAD_HEADER = (MessageError, LookupError, ValueError, TypeError, AttributeError)
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]]+@[^\s<>,;:\"'()\[\]]+")


def header(message: MailMessage, name: str) -> str:
    """Return the first header of that name, decoded (RFC 2047), on one line; empty if it is not there."""
    return next(iter(headers(message, name)), "")


def headers(message: MailMessage, name: str) -> list[str]:
    """Return all headers of that name, decoded."""
    return [decoded(str(value)) for value in message.get_all(name, [])]


def decoded(value: str) -> str:
    """Return a header's value in plain words; what cannot be decoded stays as it was written."""
    line = " ".join(value[:HEADER_CHARACTERS].split())
    if "=?" not in line and line.isascii():
        return line
    try:
        text = str(make_header(decode_header(line)))
    except BAD_HEADER:
        text = line
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def addresses(values: list[str]) -> Iterator[str]:
    """Go through the addresses in header values, lower-case; also through those that nobody may write."""
    for value in values:
        try:
            found = [address for _, address in getaddresses([value[:HEADER_CHARACTERS]]) if address]
        except BAD_HEADER:
            found = []
        good = [address for address in found if "@" in address]
        yield from (one.lower() for one in good or _ADDRESS.findall(value[:HEADER_CHARACTERS]))
