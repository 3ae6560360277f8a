"""Chains the erasure records by SHA-256, so that a changed, removed or inserted one is noticed.

Who can write to the database can also write a new chain: the newest digest, kept elsewhere (a
printed `verify_erasure`), is what proves that this did not happen.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection

from sessions_app.models import ErasureRecord

_FIELDS = (
    "session_id",
    "conversation_number",
    "trigger",
    "actor_role",
    "software_version",
    "started_at",
    "finished_at",
    "conversations",
    "messages",
    "attachments",
    "files",
    "keys",
    "remaining",
    "compacted",
    "previous_digest",
)
_LOCK = 0x65726173  # any number that nothing else in this database uses


def append(record: ErasureRecord) -> None:
    """Make a finished `record` the newest link; it is not saved. Inside a transaction only."""
    # On SQLite the IMMEDIATE transaction already lets one writer in at a time.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    record.previous_digest = newest_digest()
    record.digest = digest_of(record)


def newest_digest() -> str:
    """Return the digest of the newest link, empty while there is none."""
    links = ErasureRecord.objects.exclude(digest="")
    followed = links.values("previous_digest")
    newest = links.exclude(digest__in=followed).order_by("id").last()
    return newest.digest if newest else ""


def digest_of(record: ErasureRecord) -> str:
    """Return what the digest of `record` must be, in hex."""
    values = [_plain(getattr(record, field)) for field in _FIELDS]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def broken_links() -> list[int]:
    """Return the ids of finished records that were changed or that no longer hang in the chain."""
    links = {link.pk: link for link in ErasureRecord.objects.exclude(finished_at=None)}
    sound = {pk for pk, link in links.items() if link.digest == digest_of(link)}
    return sorted(links.keys() - (sound & _reached(links.values())))


def _reached(links: Iterable[ErasureRecord]) -> set[int]:
    followers = {link.previous_digest: link for link in links}
    reached: set[int] = set()
    link = followers.get("")
    while link and link.pk not in reached:
        reached.add(link.pk)
        link = followers.get(link.digest)
    return reached


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
