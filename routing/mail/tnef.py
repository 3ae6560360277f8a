"""Unpacks winmail.dat: Outlook wraps attachments so when it believes the reader is Outlook as well."""

from collections.abc import Iterator

_SIGNATURE = 0x223E9F78
_ATTACHMENT = 2  # level; 1 is the message itself
_BEGIN, _TITLE, _DATA = 0x9002, 0x8010, 0x800F
_HEADER_BYTES = 9  # level, id, type, length


class NotTnef(Exception):
    """The bytes are no such package, or a broken one."""


def files(data: bytes) -> list[tuple[str, bytes]]:
    """Return names and contents (MS-OXTNEF 2.1); raises NotTnef."""
    if len(data) < 6 or int.from_bytes(data[:4], "little") != _SIGNATURE:
        raise NotTnef
    found: list[tuple[str, bytes]] = []
    for level, attribute, content in _attributes(data):
        if level != _ATTACHMENT:
            continue
        if attribute == _BEGIN:
            found.append(("", b""))
        elif attribute == _TITLE and found:
            found[-1] = (content.split(b"\0")[0].decode("cp1252", "replace"), found[-1][1])
        elif attribute == _DATA and found:
            found[-1] = (found[-1][0], content)
    return [(name, content) for name, content in found if content]


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    at = 6  # signature and key
    while at + _HEADER_BYTES <= len(data):
        level, attribute = data[at], int.from_bytes(data[at + 1 : at + 3], "little")
        length = int.from_bytes(data[at + 5 : at + 9], "little")
        at += _HEADER_BYTES
        if at + length + 2 > len(data):
            raise NotTnef
        yield level, attribute, data[at : at + length]
        at += length + 2  # checksum
