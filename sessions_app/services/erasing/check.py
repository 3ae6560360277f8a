"""Looks for what is left of a session, a conversation, or anything that nobody owns."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from sessions_app.models import ConsultationSession
from sessions_app.services.erasing import steps
from sprechstunde.vault.keystore import keystore


@dataclass(frozen=True, slots=True)
class Left:
    """How many of each kind are there."""

    conversations: int = 0
    identifiers: int = 0
    messages: int = 0
    attachments: int = 0
    early_receipts: int = 0
    files: int = 0
    keys: int = 0

    @property
    def total(self) -> int:
        """All of them together; 0 is the proof."""
        return sum(asdict(self).values())


def left_of_session(session: ConsultationSession) -> Left:
    """Count rows, files and the key of a session. Raises KeystoreUnavailable."""
    return Left(
        **_count(steps.rows_of_session(session)),
        files=len(steps.media_files(session.key_id)),
        keys=int(keystore().exists(session.key_id)),
    )


def left_of_conversation(session: ConsultationSession, number: int) -> Left:
    """Count rows and sealed files of the citizen with `number`; the key is the session's."""
    attachments = steps.attachments_of_conversation(session, number)
    return Left(
        **_count(steps.rows_of_conversation(session, number)),
        files=sum(attachment.path.exists() for attachment in attachments),
    )


def keys_without_owner() -> set[UUID]:
    """Return keys that no row refers to: of no session here, and of nothing else with a `key_id`.

    Keys of erased sessions are not among them; those are never orphans but left-overs.
    """
    # Keys first: a session that is being planned draws its key before its row is committed, so
    # one seen here may still get its row. Whoever destroys orphans waits for them to age.
    keys = set(keystore().ids())
    return keys - _owned(keys)


def media_folders() -> dict[UUID, Path]:
    """Return the folders of sealed files by the key id that they are named after."""
    root = Path(settings.MEDIA_ROOT)
    folders = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    return {key_id: path for path in folders if (key_id := _as_uuid(path.name))}


def _owned(keys: Iterable[UUID]) -> set[UUID]:
    wanted = list(keys)
    found: set[UUID] = set()
    for model in _models_with_keys():
        found |= set(
            model._default_manager.filter(key_id__in=wanted)  # noqa: SLF001
            .values_list("key_id", flat=True)
            .distinct()
        )
    return found


def _models_with_keys() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if _has_key_id(model)]


def _has_key_id(model: type[models.Model]) -> bool:
    try:
        model._meta.get_field("key_id")  # noqa: SLF001
    except FieldDoesNotExist:
        return False
    return True


def _count(rows: steps.Rows) -> dict[str, int]:
    return {kind: queryset.count() for kind, queryset in rows.items()}


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
