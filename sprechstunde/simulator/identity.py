"""Numbers and ids of the same build as Meta's."""

from __future__ import annotations

import base64
import random
import re
import string

BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def outgoing_wamid(subject: str, dice: random.Random) -> str:
    """Id of a message of the business; holds the number (or BSUID) of the citizen in base64."""
    return _wamid(subject, b"\x11\x18\x12", _hex(dice, 18))


def incoming_wamid(subject: str, dice: random.Random) -> str:
    """Id of a message of a citizen; holds the citizen's number (or BSUID) in base64."""
    return _wamid(subject, b"\x12\x18\x14", "3A" + _hex(dice, 18))


def _wamid(subject: str, marker: bytes, tail: str) -> str:
    # 0x1c 0x18 <length>: three bytes, so that the number's base64 stands in the id as it is
    head = b"\x1c\x18" + bytes([len(subject)]) + subject.encode("ascii")
    return (
        "wamid."
        + base64.b64encode(head + b"\x15\x02\x00" + marker + tail.encode() + b"\0").decode()
    )


def _hex(dice: random.Random, length: int) -> str:
    return f"{dice.getrandbits(length * 4):0{length}X}"


def user_id(dice: random.Random) -> str:
    """A business-scoped user id (BSUID) of a person in Germany."""
    return "DE." + digits(dice, 20)


def call_id(dice: random.Random) -> str:
    letters = string.ascii_letters + string.digits
    return "wacid." + "".join(dice.choices(letters, k=28))


def digits(dice: random.Random, length: int) -> str:
    return str(dice.randint(1, 9)) + "".join(dice.choices(string.digits, k=length - 1))


def mobile_number(dice: random.Random) -> str:
    """A number that looks like a German mobile one, digits only, from a range nobody uses."""
    return "491500" + "".join(dice.choices(string.digits, k=7))


def is_bsuid(text: str) -> bool:
    return BSUID.fullmatch(text) is not None
