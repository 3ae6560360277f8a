"""Finds what belongs to no ticket any more: after a restored backup, a race at the end, a crash."""

import logging
import time
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from routing.enums import TicketState
from routing.models import IncomingMail, Question, Ticket, TicketErasure
from routing.services.erasing import remains
from sprechstunde.broker import name, redis
from sprechstunde.vault.keystore import keystore

log = logging.getLogger(__name__)

SWEEP_EVERY = 60  # seconds
FOLDER_AGE = 3600  # seconds
QUESTION_AGE = timedelta(hours=1)


def sweep(now: datetime) -> None:
    """Once a minute: find what is there and should not be (`now` is aware).

    Raises KeystoreUnavailable, OSError, DatabaseError.
    """
    if _is_turn():
        reopen_erased()
        _remove_questions_of_nobody(now)
        _remove_folders_of_nobody()


def reopen_erased() -> None:
    """Make erasures due again of whose tickets something is there (again)."""
    found = erased_with_leftovers()
    if found:
        log.warning("something of %s erased tickets is there again", len(found))
        records = TicketErasure.objects.filter(ticket__in=found)
        records.update(finished_at=None, remaining=None, compacted=False)


def erased_with_leftovers() -> set[int]:
    """Return erased tickets of which rows, files or the key are there."""
    erased = Ticket.objects.filter(state=TicketState.ERASED, erasure__finished_at__isnull=False)
    found = set(erased.exclude(question=None).values_list("pk", flat=True))
    for relation in Ticket._meta.related_objects:  # noqa: SLF001
        if relation.related_model is not TicketErasure:
            rows = relation.related_model._base_manager.filter(ticket__in=erased)  # noqa: SLF001
            if relation.related_model is IncomingMail:  # one that came later waits for a person
                rows = rows.filter(received_at__lte=F("ticket__erased_at"))
            found |= set(rows.values_list("ticket_id", flat=True).distinct())
    keys = {*keystore().ids(), *folders()}
    return found | set(erased.filter(key_id__in=keys).values_list("pk", flat=True))


def withdraw_unreadable() -> int:
    """After a restored backup: let tickets go whose key was destroyed since; return how many."""
    now = timezone.now()
    there = set(keystore().ids())
    living = Ticket.objects.exclude(state=TicketState.ERASED)
    gone = [pk for pk, key_id in living.values_list("pk", "key_id") if key_id not in there]
    return living.filter(pk__in=gone).update(state=TicketState.WITHDRAWN, erase_at=now)


def folders() -> dict[UUID, Path]:
    """Return the folders of sealed files by the key id that they are named after."""
    root = Path(settings.TICKET_MEDIA_ROOT)
    found = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    return {key_id: path for path in found if (key_id := _as_uuid(path.name))}


def folders_of_nobody() -> set[UUID]:
    """Return the keys of folders that no question, living ticket or incoming mail refers to."""
    # Folders first: a row is there before its folder.
    keys = set(folders())
    owners: tuple[QuerySet[Question] | QuerySet[Ticket] | QuerySet[IncomingMail], ...] = (
        Question.objects.all(),
        Ticket.objects.exclude(state=TicketState.ERASED),
        IncomingMail.objects.all(),
    )
    for rows in owners:
        keys -= set(rows.filter(key_id__in=keys).values_list("key_id", flat=True))
    return keys


def questions_of_nobody(now: datetime) -> QuerySet[Question]:
    """Return questions that no living ticket belongs to an hour after they were made."""
    living = Ticket.objects.filter(question=OuterRef("pk")).exclude(state=TicketState.ERASED)
    begun = TicketErasure.objects.filter(ticket__question=OuterRef("pk"), finished_at=None)
    old = Question.objects.filter(created_at__lte=now - QUESTION_AGE)
    return old.filter(~Exists(living), ~Exists(begun))


def _remove_questions_of_nobody(now: datetime) -> None:
    for question in questions_of_nobody(now):
        log.warning("removing a question that belonged to no ticket")
        left = remains.of_question(question)
        remains.destroy_keys(left)
        remains.remove_files(left)
        remains.delete_rows(left)


def _remove_folders_of_nobody() -> None:
    for key_id in folders_of_nobody():
        folder = remains.folder_of(key_id)
        if folder.exists() and folder.stat().st_mtime < time.time() - FOLDER_AGE:
            remains.remove_folder(folder)
            log.warning("removed a folder of sealed files that belonged to no ticket")


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _is_turn() -> bool:
    try:
        return bool(redis().set(name("ticket-sweep"), 1, nx=True, ex=SWEEP_EVERY))
    except (RedisError, OSError):
        return True
