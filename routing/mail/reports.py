"""Reads what mail servers report about a mail of ours (RFC 3464), also those that follow no standard."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import IntEnum
from typing import Final

from routing.mail.bodies import text_of_part
from routing.mail.header_text import MailMessage, header

_TEXT = 60_000  # characters of a report that are looked through


class Fate(IntEnum):
    """What became of the mail; of several recipients the worst counts."""

    DELIVERED = 1
    DELAYED = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `status` is the enhanced code (RFC 3463), or what comes nearest to one."""

    fate: Fate
    status: str
    permanent: bool
    envelope_id: str = ""  # that we gave with the mail (RFC 3461)
    message_ids: tuple[str, ...] = ()  # of the mail that it is about, as far as it was sent back


_ACTIONS: Final = {
    "failed": Fate.FAILED,
    "delayed": Fate.DELAYED,
    "delivered": Fate.DELIVERED,
    "relayed": Fate.DELIVERED,
    "expanded": Fate.DELIVERED,
}
_ENHANCED: Final = re.compile(r"(?<![\d.])([245])[.\s](\d{1,3})\.(\d{1,3})(?![\d.])")
_BASIC: Final = re.compile(r"(?<![\d.:+-])([45])\d\d(?=[\s-])")
_FULL: Final = re.compile(
    r"(?:mailbox|postfach|inbox|user|account)\b.{0,60}\b(?:full|voll|over ?quota|exceed|überschritten)"
    r"|quota (?:exceeded|überschritten)|over ?quota|out of storage|speicherplatz.{0,40}(?:voll|ersch)"
    r"|insufficient (?:system )?storage|exceeded (?:the )?storage",
    re.IGNORECASE | re.DOTALL,
)
_UNKNOWN: Final = re.compile(
    r"user unknown|unknown user|no such (?:user|recipient|mailbox)|does not exist|existiert nicht"
    r"|mailbox unavailable|unrouteable address|recipient (?:address )?rejected|unbekannte?r? "
    r"|nicht gefunden|wasn't found|not found|konnte nicht zugestellt|account (?:is )?disabled",
    re.IGNORECASE,
)
_DELAYED: Final = re.compile(
    r"\bdelay(?:ed)?\b|verzögert|verspätet|not yet been delivered|still (?:being )?(?:re)?tr"
    r"|noch nicht zugestellt|no action is required|weitere zustellversuche",
    re.IGNORECASE,
)
_FROM_SERVER: Final = re.compile(
    r"mailer-daemon|postmaster|mail delivery (?:sub)?system|mail-?delivery|microsoftexchange",
    re.IGNORECASE,
)
_SUBJECT: Final = re.compile(
    r"(?:undelivered mail|mail delivery (?:failed|failure|delayed|status)|delivery (?:status )?"
    r"(?:notification|failure|has failed)|undeliverable|unzustellbar|nicht zugestellt|nicht zustellbar"
    r"|failure notice|returned mail|mail failure|zustellung|warning: (?:message|could not)|delayed mail"
    r"|message you sent blocked|mail system error|fehler bei der zustellung)",
    re.IGNORECASE,
)
_SENT_BACK: Final = re.compile(
    r"-{3,}\s*(?:this is a copy|original message|der kopf|below this line)", re.IGNORECASE
)
_OUR_ID: Final = re.compile(
    r"^[ \t>]*Message-ID:\s*(<[^<>\s]{1,500}>)", re.IGNORECASE | re.MULTILINE
)


def read(message: MailMessage) -> Report | None:
    """Return the report that the mail is; None if it is something else."""
    blocks = [
        block for part in _walk(message, "message/delivery-status") for block in _blocks(part)
    ]
    if blocks:
        return _standard(message, blocks)
    return _plain(message) if _is_from_server(message) else None


def _standard(message: MailMessage, blocks: list[MailMessage]) -> Report | None:
    recipients = [block for block in blocks if _fate(block)]
    if not recipients:
        return _plain(message)
    worst = max(recipients, key=lambda block: (_fate(block) or 0, _status(block)))
    status = _status(worst)
    ids = [header(block, "Original-Envelope-Id") for block in blocks]
    is_full = _is_full(status, header(worst, "Diagnostic-Code"))
    return Report(
        fate=_fate(worst) or Fate.FAILED,
        status=status,
        permanent=_fate(worst) is Fate.FAILED and status.startswith("5") and not is_full,
        envelope_id=next((one for one in ids if one), ""),
        message_ids=tuple(_returned_ids(message)),
    )


def _plain(message: MailMessage) -> Report:
    """Read a report in prose: the code if it names one, else what its words mean."""
    text = _prose(message)
    above = _SENT_BACK.split(text, maxsplit=1)[0]
    status = _code(above) or ("5.1.1" if _UNKNOWN.search(above) else "5.0.0")
    is_delay = bool(_DELAYED.search(header(message, "Subject")) or _DELAYED.search(above[:1500]))
    fate = Fate.DELAYED if is_delay and not _UNKNOWN.search(above) else Fate.FAILED
    if fate is Fate.DELAYED and status.startswith("5"):
        status = "4.0.0"
    if _FULL.search(above):
        status = f"{status[0]}.2.2"
    permanent = fate is Fate.FAILED and status.startswith("5") and not status.endswith(".2.2")
    return Report(fate, status, permanent, message_ids=tuple(_returned_ids(message)))


def _is_from_server(message: MailMessage) -> bool:
    """Whether a mail server wrote it although it does not say so by its type."""
    if message.get_all("X-Failed-Recipients"):
        return True
    is_server = bool(_FROM_SERVER.search(header(message, "From")))
    has_no_sender = header(message, "Return-Path").strip() == "<>"
    is_named = bool(_SUBJECT.match(header(message, "Subject")))
    return is_named and (is_server or has_no_sender)


def _walk(message: MailMessage, kind: str) -> Iterator[MailMessage]:
    """Go through the parts of a kind, but not into mails that are attached."""
    if message.get_content_type() == kind:
        yield message
        return
    if message.get_content_maintype() == "multipart":
        for part in _blocks(message):
            yield from _walk(part, kind)


def _blocks(part: MailMessage) -> Iterator[MailMessage]:
    payload = part.get_payload() if part.is_multipart() else None
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))


def _fate(block: MailMessage) -> Fate | None:
    action = header(block, "Action").split(" ")[0].strip(" ;().").lower()
    return _ACTIONS.get(action)


def _status(block: MailMessage) -> str:
    """Return the code; the one in the other server's own words where the report's says nothing more."""
    given = _code(header(block, "Status"))
    if given and not given.endswith(".0.0"):
        return given
    told = _code(header(block, "Diagnostic-Code"))
    if _FULL.search(header(block, "Diagnostic-Code")):
        return f"{(told or given or '5')[0]}.2.2"
    return told or given or "5.0.0"


def _code(text: str) -> str:
    if enhanced := _ENHANCED.search(text):
        return ".".join(enhanced.groups())
    basic = _BASIC.search(text)
    return f"{basic[1]}.0.0" if basic else ""


def _is_full(status: str, diagnosis: str) -> bool:
    return status.endswith(".2.2") or bool(_FULL.search(diagnosis))


def _prose(message: MailMessage) -> str:
    parts = [*_walk(message, "text/plain"), *_walk(message, "text/html")]
    return "\n".join(text_of_part(part) for part in parts)[:_TEXT]


def _returned_ids(message: MailMessage) -> Iterator[str]:
    """Go through the Message-IDs of the mail that was sent back, whole, by its headers or in the text."""
    for part in _walk(message, "message/rfc822"):
        yield from (header(mail, "Message-ID") for mail in _blocks(part))
    for kind in ("text/rfc822-headers", "message/rfc822-headers"):
        for part in _walk(message, kind):
            yield from _OUR_ID.findall(_raw_text(part))
    yield from _OUR_ID.findall(_prose(message))


def _raw_text(part: MailMessage) -> str:
    data = part.get_payload(decode=True)
    if isinstance(data, bytes):
        return data.decode("utf-8", "replace")[:_TEXT]
    return "\n".join(str(block) for block in _blocks(part))[:_TEXT]
