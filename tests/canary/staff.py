"""What the staff do in that hour, run inside the installation: answer all, look at every file.

Prints one JSON object: the session, and the readable files as base64 for the search.
"""

import base64
import json
import sys
import uuid

import django

django.setup()

from django.db import DatabaseError  # noqa: E402

from sessions_app.enums import AttachmentState, Role  # noqa: E402
from sessions_app.models import Attachment, Conversation, Message, Staff  # noqa: E402
from sessions_app.services import attachments, conversations, messages  # noqa: E402


def main(answer: str) -> None:
    """Answer every conversation with `answer`, and let some statements fail."""
    host = Staff.objects.filter(role=Role.HOST)[0]
    for conversation in Conversation.objects.select_related("session__office"):
        conversations.open_by(conversation, host)
        messages.reply(conversation, by=host, text=answer, token=uuid.uuid4(), last_seen=None)
        conversations.reveal_number(conversation, by=host)
    stored = Attachment.objects.filter(state=AttachmentState.STORED)
    files = [base64.b64encode(attachments.read(attachment)).decode() for attachment in stored]
    _fail()
    print(json.dumps({"session": Conversation.objects.all()[0].session_id, "files": files}))


def _fail() -> None:
    # A database repeats a failing statement in its log, values and all.
    for message in Message.objects.exclude(wamid_digest=None):
        message.pk = None
        try:
            message.save(force_insert=True)
        except DatabaseError:
            continue
        raise AssertionError("the same message was stored twice")


main(sys.argv[1])
