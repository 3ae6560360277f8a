"""The choices of the domain, stored as short stable words."""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a member of staff may do in an office."""

    HOST = "host", _("Mayor")
    ASSISTANT = "assistant", _("Assistant")
    CLERK = "clerk", _("Department")
    AUDITOR = "auditor", _("Data protection")
    ADMIN = "admin", _("Administration")


class SessionState(TextChoices):
    """The life of a session; all but CANCELLED and ERASED are computed from the clock."""

    PLANNED = "planned", _("planned")
    OPEN = "open", _("open")
    WRAP_UP = "wrap_up", _("wrap-up")
    CLOSED = "closed", _("closed")
    ERASED = "erased", _("erased")
    CANCELLED = "cancelled", _("cancelled")


class ConversationState(TextChoices):
    """Where a conversation stands for the staff; derived, never stored."""

    NEW = "new", _("new")
    IN_TALK = "in_talk", _("in talk")
    ANSWERED = "answered", _("answered")
    DONE = "done", _("done")


class OutsidePolicy(TextChoices):
    """What a person gets who writes outside an open session."""

    SILENT = "silent", _("no reply")
    NOTICE = "notice", _("one notice a day with the next date")


class PicturePolicy(TextChoices):
    """Whether an office takes pictures."""

    ACCEPT = "accept", _("accept pictures")
    DECLINE = "decline", _("decline pictures politely")


class Direction(TextChoices):
    """Who wrote a message."""

    IN = "in", _("from the citizen")
    OUT = "out", _("to the citizen")


class MessageKind(TextChoices):
    """What a message is; `content` of the row has that kind's shape (sessions_app/models/message.py)."""

    TEXT = "text", _("text")
    IMAGE = "image", _("picture")
    AUDIO = "audio", _("audio")
    VIDEO = "video", _("video")
    DOCUMENT = "document", _("document")
    STICKER = "sticker", _("sticker")
    LOCATION = "location", _("location")
    CONTACTS = "contacts", _("contact card")
    CHOICE = "choice", _("pressed button or chosen row")
    FORM = "form", _("form reply")
    BUTTONS = "buttons", _("question with buttons")
    ORDER = "order", _("order")
    CALL = "call", _("call")
    REACTION = "reaction", _("reaction")
    IDENTITY = "identity", _("changed number or id")
    EDIT = "edit", _("edited message")
    REVOKE = "revoke", _("deleted message")
    UNSUPPORTED = "unsupported", _("cannot be displayed")


class Notice(TextChoices):
    """A text that the office sends by itself."""

    GREETING = "greeting", _("greeting")
    MEDIA_DECLINED = "media_declined", _("voice, video and calls declined")
    PICTURES_DECLINED = "pictures_declined", _("pictures declined")
    ERASE_QUESTION = "erase_question", _("question before erasing")
    ERASE_KEPT = "erase_kept", _("conversation kept")
    DIALOGUE = "dialogue", _("question by another part of the portal")
    FAREWELL = "farewell", _("farewell")


class DeliveryState(IntegerChoices):
    """How far an outgoing message came. A higher number never goes back to a lower one.

    Only a person's "send again" leads from UNCONFIRMED or FAILED back to QUEUED.
    """

    QUEUED = 10, _("waiting to be sent")
    SENDING = 20, _("being sent")
    UNCONFIRMED = 30, _("unconfirmed")
    SENT = 40, _("sent")
    DELIVERED = 50, _("delivered")
    READ = 60, _("read")
    PLAYED = 70, _("played")
    FAILED = 90, _("failed")


class AttachmentState(TextChoices):
    """Where the bytes of an attachment are."""

    WAITING = "waiting", _("being fetched")
    STORED = "stored", _("stored")
    DECLINED = "declined", _("not taken")
    FAILED = "failed", _("could not be fetched")
    REFUSED = "refused", _("refused as unsafe")


class ErasureTrigger(TextChoices):
    """Why something was erased."""

    END = "end", _("end of the session")
    STAFF = "staff", _("ended and erased by staff")
    CITIZEN = "citizen", _("on the citizen's wish")
    CANCELLED = "cancelled", _("session cancelled")
