"""The choices of the domain, stored as short stable words."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class TicketState(TextChoices):
    """Where a ticket stands; routing/lifecycle.py says who may move it where."""

    WAITING = "waiting", _("waiting for consent")
    FORWARDED = "forwarded", _("forwarded")
    ACCEPTED = "accepted", _("accepted")
    RETURNED = "returned", _("returned")
    IN_RELEASE = "in_release", _("in release")
    ANSWERED = "answered", _("answered")
    SENT = "sent", _("sent")
    UNDELIVERABLE = "undeliverable", _("undeliverable")
    WITHDRAWN = "withdrawn", _("withdrawn")
    ERASED = "erased", _("erased")


class Action(TextChoices):
    """What can be done with a ticket; also what its history tells."""

    ASK = "ask", _("citizen asked for consent")
    DISPATCH = "dispatch", _("handed to the department")
    ACCEPT = "accept", _("accepted")
    RETURN = "return", _("returned to the mayor's office")
    PASS_ON = "pass_on", _("passed on")
    ANSWER = "answer", _("answered")
    RELEASE = "release", _("released")
    REJECT = "reject", _("not released")
    SEND = "send", _("sent to the citizen")
    BOUNCE = "bounce", _("could not be delivered")
    SEND_AGAIN = "send_again", _("sent again")
    REOPEN = "reopen", _("reopened by the citizen's reply")
    REPLY = "reply", _("citizen wrote again")  # while it was still being worked on
    WITHDRAW = "withdraw", _("withdrawn")
    REMIND = "remind", _("department reminded")
    ESCALATE = "escalate", _("reported to the mayor's office")
    ERASE = "erase", _("erased")


class Party(TextChoices):
    """Who does something with a ticket."""

    CLERK = "clerk", _("department")
    STAFF = "staff", _("mayor's office")
    CITIZEN = "citizen", _("citizen")
    SYSTEM = "system", _("automatic")


class ConsentState(TextChoices):
    """How far the citizen was asked in the chat."""

    NOT_ASKED = "not_asked", _("not asked")  # forwarded anonymously at once
    FORWARD = "forward", _("asked whether it may be forwarded")
    EMAIL = "email", _("asked for an answer by e-mail")
    ADDRESS = "address", _("asked for the address")
    CHECK = "check", _("asked whether the address is right")
    GIVEN = "given", _("agreed, answer by e-mail")
    ANONYMOUS = "anonymous", _("agreed, no e-mail")
    REFUSED = "refused", _("refused")
    UNANSWERED = "unanswered", _("no reply")
    REVOKED = "revoked", _("withdrawn")


class ConsentKind(TextChoices):
    """What somebody agreed to or refused; one row of the evidence."""

    FORWARD = "forward", _("hand the question to the department")
    EMAIL = "email", _("answer by e-mail")
    ADDRESS = "address", _("this address is right")
    CONFIRMATION = "confirmation", _("address confirmed from the mailbox")
    WITHDRAWAL = "withdrawal", _("withdrawal")


class Unanswered(TextChoices):
    """What becomes of a question when the session ends before the citizen has replied."""

    ANONYMOUS = "anonymous", _("forward without contact data")
    DROP = "drop", _("drop it")


class AddressCheck(TextChoices):
    """How an office makes sure that an address is the citizen's."""

    DOUBLE_OPT_IN = "double", _("confirmation e-mail with a link")
    CHAT = "chat", _("confirmation in the chat alone")


class AnswerState(TextChoices):
    """Where an answer stands."""

    DRAFT = "draft", _("draft")
    IN_RELEASE = "in_release", _("waiting for release")
    REJECTED = "rejected", _("not released")
    FINAL = "final", _("final")


class Channel(TextChoices):
    """How an answer or a reply came."""

    PORTAL = "portal", _("portal")
    MAIL = "mail", _("e-mail")


class MailKind(TextChoices):
    """What an outgoing mail is for."""

    MAILBOX = "mailbox", _("confirm the department's mailbox")
    NOTIFICATION = "notification", _("new question")
    REMINDER = "reminder", _("reminder")
    ESCALATION = "escalation", _("escalation")
    REOPENED = "reopened", _("citizen replied")
    REJECTED = "rejected", _("answer not released")
    ASKED = "asked", _("internal query")
    CONFIRMATION = "confirmation", _("confirm the citizen's address")
    ACKNOWLEDGEMENT = "acknowledgement", _("acknowledgement")
    ANSWER = "answer", _("answer")
    WITHDRAWN = "withdrawn", _("withdrawal confirmed")


class MailState(TextChoices):
    """How far an outgoing mail came."""

    QUEUED = "queued", _("queued")
    IN_FLIGHT = "in_flight", _("in flight")
    WAITING = "waiting", _("waiting for the next try")
    UNCONFIRMED = "unconfirmed", _("perhaps sent")  # the connection or we died after the last dot
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")


class Outcome(TextChoices):
    """What became of an incoming mail."""

    RECEIVED = "received", _("received, not yet looked at")
    ANSWER = "answer", _("answer of a department")
    REPLY = "reply", _("reply of a citizen")
    BOUNCE = "bounce", _("delivery failed")
    DELAY = "delay", _("delivery delayed")
    DELIVERED = "delivered", _("delivery confirmed")
    AUTO_REPLY = "auto_reply", _("automatic reply")
    LOOP = "loop", _("our own mail came back")
    QUARANTINED = "quarantined", _("needs a person")
    DISCARDED = "discarded", _("discarded by a person")


class Doubt(TextChoices):
    """Why a mail lies in quarantine."""

    NO_ADDRESS = "no_address", _("matches no question")
    FORGED = "forged", _("forged or damaged reply address")
    EXPIRED = "expired", _("expired reply address")
    SENDER = "sender", _("unknown sender")
    ENCRYPTED = "encrypted", _("encrypted, cannot be read")
    EMPTY = "empty", _("no text found")
    MALFORMED = "malformed", _("damaged e-mail")
    TOO_LARGE = "too_large", _("too large")
    STATE = "state", _("the question takes no answer now")
    INVITATION = "invitation", _("calendar invitation")
    FILE = "file", _("a file that cannot be passed on")
