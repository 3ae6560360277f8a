"""What erasing does, one step at a time; each may be done again after a crash at any point."""

import logging
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import SET_NULL, ManyToOneRel, Model, QuerySet
from redis.exceptions import RedisError

from sessions_app.models import (
    Attachment,
    CitizenIdentifier,
    ConsultationSession,
    Conversation,
    EarlyReceipt,
    Message,
)
from sessions_app.services.outbound.pace import key_of_pair
from sprechstunde.broker import name, redis
from sprechstunde.vault import files

log = logging.getLogger(__name__)

Rows = dict[str, QuerySet[Model]]


def rows_of_session(session: ConsultationSession) -> Rows:
    """Return all rows about citizens of a session by their kind, children before parents."""
    return {
        "attachments": Attachment.objects.filter(key_id=session.key_id),
        "messages": Message.objects.filter(session=session),
        "identifiers": CitizenIdentifier.objects.filter(session=session),
        "conversations": Conversation.objects.filter(session=session),
        "early_receipts": EarlyReceipt.objects.filter(session=session),
    }


def rows_of_conversation(session: ConsultationSession, number: int) -> Rows:
    """Return all rows about the citizen with `number`, children before parents."""
    theirs = {"conversation__session": session, "conversation__number": number}
    return {
        "attachments": attachments_of_conversation(session, number),
        "messages": Message.objects.filter(**theirs),
        "identifiers": CitizenIdentifier.objects.filter(**theirs),
        "conversations": Conversation.objects.filter(session=session, number=number),
    }


def attachments_of_conversation(session: ConsultationSession, number: int) -> QuerySet[Attachment]:
    """Return the attachments of the citizen with `number`."""
    return Attachment.objects.filter(
        message__conversation__session=session, message__conversation__number=number
    )


def delete_rows(rows: Rows) -> dict[str, int]:
    """Delete all of `rows` in one transaction; return how many of each kind there were.

    Raw deletes: Django's own would first load ten thousand messages to look for their children,
    which are gone already. What other apps keep beyond the hour loses its reference first.
    """
    deleted = {}
    with transaction.atomic():
        _lock(rows["conversations"])  # as everybody else does first
        for kind, queryset in rows.items():
            _cut_references(queryset)
            deleted[kind] = queryset._raw_delete(queryset.db)  # noqa: SLF001
    return deleted


def _lock(rows: QuerySet[Model]) -> None:
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _cut_references(queryset: QuerySet[Model]) -> None:
    own_app = queryset.model._meta.app_label  # noqa: SLF001
    for relation in queryset.model._meta.related_objects:  # noqa: SLF001
        other = relation.related_model
        is_cut = isinstance(relation, ManyToOneRel) and relation.on_delete is SET_NULL
        if is_cut and other._meta.app_label != own_app:  # noqa: SLF001
            field = relation.field.name
            rows = other._base_manager.filter(**{f"{field}__in": queryset})  # noqa: SLF001
            _lock(rows)
            rows.update(**{field: None})


def media_folder(key_id: UUID) -> Path:
    """Return where a session's sealed files lie."""
    return Path(settings.MEDIA_ROOT) / str(key_id)


def media_files(key_id: UUID) -> list[Path]:
    """Return the session's files, unfinished ones too."""
    return [path for path in media_folder(key_id).rglob("*") if path.is_file()]


def remove_media(key_id: UUID) -> None:
    """Remove the session's folder with all that is in it. Raises OSError."""
    folder = media_folder(key_id)
    while folder.exists():
        with suppress(FileNotFoundError):  # another worker removes it at the same time
            shutil.rmtree(folder)


def remove_stray_files(session: ConsultationSession) -> int:
    """Remove files whose attachment is gone, and return how many there were.

    The folder is read before the rows: a file is written only after its row.
    """
    found = {path: _uid(path) for path in media_files(session.key_id)}
    if not found:
        return 0
    kept = set(Attachment.objects.filter(key_id=session.key_id).values_list("uid", flat=True))
    strays = [path for path, uid in found.items() if uid not in kept]
    for path in strays:
        files.remove(path)
    return len(strays)


def forget_session(session: ConsultationSession, conversation_ids: list[int]) -> None:
    """Drop from Redis who read and typed, the pace of sending, and who had wished to be erased."""
    patterns = [("presence", session.pk, "*"), ("once", "*", session.pk, "*")]
    _forget(patterns, [name("erased", session.pk), *map(key_of_pair, conversation_ids)])


def forget_conversation(conversation: Conversation) -> None:
    """Drop from Redis who read and typed there, and the pace of sending."""
    pair = (conversation.session_id, conversation.pk)
    _forget([("presence", *pair, "*"), ("once", "*", *pair)], [key_of_pair(conversation.pk)])


def _forget(patterns: Iterable[tuple[object, ...]], keys: Iterable[str]) -> None:
    try:
        found = [
            key for each in patterns for key in redis().scan_iter(match=name(*each), count=1000)
        ]
        redis().delete(*(key.encode() for key in keys), *found)
    except (RedisError, OSError):
        log.warning("redis away: ids and digests that it still holds expire there by themselves")


def _uid(path: Path) -> UUID | None:
    # `<uid>.sealed`, and `.<uid>.sealed.<random>` while it is being written
    try:
        return UUID(path.name.removeprefix(".").partition(".")[0])
    except ValueError:
        return None
