"""Files are fetched in two steps, checked, made harmless and kept sealed; failures end somewhere."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from sessions_app.enums import MessageKind
from sessions_app.models import Attachment, ConsultationSession
from sessions_app.services import attachments
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.sessions_app.inbound import files
from tests.sessions_app.inbound.media_peer import MediaPeer, media_peer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _running_peer() -> Iterator[MediaPeer]:
    with media_peer() as peer:
        yield peer


@pytest.fixture
def meta(_running_peer: MediaPeer, settings: Settings) -> MediaPeer:
    """A Meta that keeps a photo."""
    settings.WHATSAPP_API_URL = _running_peer.url
    _running_peer.__init__(_running_peer.url, files.photo())  # type: ignore[misc]
    return _running_peer


def attachment(meta: MediaPeer, **fields: Any) -> Attachment:
    """A waiting attachment of the photo, as its webhook announced it."""
    message = factories.message(kind=MessageKind.IMAGE, content={"caption": None})
    digest = hashlib.sha256(meta.content).digest()
    given = {
        "media_id": "77",
        "claimed_sha256": base64.b64encode(digest).decode(),
        "media_type": "image/jpeg",
        "filename": "Straße.jpg",
    }
    return Attachment.objects.create(message=message, key_id=message.key_id, **given | fields)


def fetched(row: Attachment) -> Attachment:
    attachments.fetch(row.pk)
    row.refresh_from_db()
    return row


def again_at_once(row: Attachment) -> Attachment:
    """As if the pause before the next attempt were over."""
    Attachment.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())
    return fetched(row)


def test_photo_is_stored_clean_and_sealed(meta: MediaPeer) -> None:
    row = fetched(attachment(meta))

    content = attachments.read(row)
    on_disk = row.path.read_bytes()
    assert (row.state, row.media_type, row.size) == ("stored", "image/jpeg", len(content))
    assert content.startswith(b"\xff\xd8\xff")
    assert files.PLACE not in content
    assert content[:20] not in on_disk
    assert attachments.is_viewable(row)


def test_stored_file_keeps_its_name_and_forgets_metas(meta: MediaPeer) -> None:
    row = fetched(attachment(meta))

    assert (row.filename, row.media_id, row.claimed_sha256) == ("Straße.jpg", None, None)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"%PDF-1.7 x", "application/pdf"), (b"Zaehler 12345", "text/plain")],
)
def test_document_is_for_download_only_whatever_it_claimed(
    meta: MediaPeer, content: bytes, media_type: str
) -> None:
    meta.content = content
    row = fetched(attachment(meta, media_type="image/png"))

    assert (row.state, row.media_type) == ("stored", media_type)
    assert attachments.read(row) == content
    assert not attachments.is_viewable(row)


@pytest.mark.parametrize(
    "content", [b"<svg onload='x()'/>", b"MZ\x90\x00", b"\xff\xd8\xff broken", b""]
)
def test_unsafe_file_is_refused_and_not_kept(meta: MediaPeer, content: bytes) -> None:
    meta.content = content
    row = fetched(attachment(meta))

    assert (row.state, row.media_id) == ("refused", None)
    assert not row.path.exists()


@pytest.mark.parametrize("claimed", ["hex", None])
def test_hash_may_be_in_hex_or_missing(meta: MediaPeer, claimed: str | None) -> None:
    digest = hashlib.sha256(meta.content).hexdigest() if claimed else None

    assert fetched(attachment(meta, claimed_sha256=digest)).state == "stored"


def test_answer_without_hash_and_size_is_enough(meta: MediaPeer) -> None:
    meta.says = {"sha256": ""}

    assert fetched(attachment(meta)).state == "stored"


@pytest.mark.parametrize("status", [404, 410])
def test_expired_address_is_asked_for_anew_at_once(meta: MediaPeer, status: int) -> None:
    meta.downloads = [status]
    row = fetched(attachment(meta))

    assert (row.state, row.attempts, meta.asked) == ("stored", 1, 2)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
@pytest.mark.parametrize("step", ["lookups", "downloads"])
def test_failure_that_may_pass_is_tried_again_later(
    meta: MediaPeer, step: str, status: int
) -> None:
    setattr(meta, step, [status])
    row = fetched(attachment(meta))

    assert (row.state, row.media_id) == ("waiting", "77")
    assert row.next_attempt_at is not None
    assert fetched(row).state == "waiting"
    assert again_at_once(row).state == "stored"


@pytest.mark.parametrize("says", [{"file_size": "5"}, {"sha256": "0" * 64}])
def test_altered_file_is_not_kept(meta: MediaPeer, says: dict[str, str]) -> None:
    meta.says = says
    row = fetched(attachment(meta))

    assert (row.state, row.path.exists()) == ("waiting", False)


def test_file_with_another_hash_than_announced_is_not_kept(meta: MediaPeer) -> None:
    row = fetched(attachment(meta, claimed_sha256=base64.b64encode(bytes(32)).decode()))

    assert (row.state, row.path.exists()) == ("waiting", False)


def test_failing_ends_in_failed(meta: MediaPeer) -> None:
    meta.lookups = [503] * 20
    row = attachment(meta)
    pauses = []
    while fetched(row).state == "waiting":
        assert row.next_attempt_at is not None
        pauses.append(row.next_attempt_at - timezone.now())
        Attachment.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now())

    assert row.state == "failed"
    assert len(pauses) == len(attachments.BACKOFF)
    assert pauses[-1] > timedelta(seconds=60) > pauses[0]


@pytest.mark.parametrize("lookups", [[404], [410], [400]])
def test_file_that_meta_no_longer_has_is_failed(meta: MediaPeer, lookups: list[int]) -> None:
    meta.lookups = lookups * 2

    assert fetched(attachment(meta)).state == "failed"


@pytest.mark.parametrize("says", [{}, {"file_size": "50"}])
def test_file_beyond_the_limit_is_failed(
    meta: MediaPeer, settings: Settings, says: dict[str, Any]
) -> None:
    meta.says = says
    settings.ATTACHMENT_MAX_BYTES = 100

    assert fetched(attachment(meta)).state == "failed"


def test_two_workers_fetch_once(meta: MediaPeer) -> None:
    row = attachment(meta)
    Attachment.objects.filter(pk=row.pk).update(next_attempt_at=timezone.now() + attachments.LEASE)

    assert fetched(row).state == "waiting"
    assert meta.asked == 0


def test_repeated_ring_changes_nothing(meta: MediaPeer) -> None:
    row = fetched(attachment(meta))
    before = row.path.read_bytes()

    fetched(row)

    assert (meta.asked, row.path.read_bytes()) == (1, before)


def test_nothing_is_fetched_for_a_closed_session(meta: MediaPeer) -> None:
    row = attachment(meta)
    now = timezone.now()
    ConsultationSession.objects.update(ends_at=now, closes_at=now)

    assert (fetched(row).state, meta.asked) == ("waiting", 0)


def test_file_of_a_row_erased_meanwhile_is_removed(meta: MediaPeer) -> None:
    row = attachment(meta)
    claimed = attachments._claimed(row.pk, timezone.now())
    assert claimed is not None
    Attachment.objects.all().delete()

    attachments._keep(claimed, b"%PDF-", "application/pdf")

    assert not row.path.exists()


def test_destroyed_key_ends_quietly(meta: MediaPeer) -> None:
    row = attachment(meta)
    keystore().destroy(row.key_id)

    attachments.fetch(row.pk)

    assert not row.path.exists()


def test_row_that_is_gone_is_normal(meta: MediaPeer) -> None:
    attachments.fetch(987_654)

    assert meta.asked == 0


def test_tick_finds_what_waits_in_running_sessions_only(meta: MediaPeer) -> None:
    due, later, over, _ = *(attachment(meta) for _ in range(3)), attachment(meta, state="stored")
    now = timezone.now()
    Attachment.objects.filter(pk=later.pk).update(next_attempt_at=now + timedelta(minutes=1))
    ended = ConsultationSession.objects.filter(pk=over.message.session_id)
    ended.update(ends_at=now, closes_at=now)

    assert list(attachments.due(now)) == [due.pk]


def test_file_that_kills_its_workers_is_given_up(meta: MediaPeer) -> None:
    row = attachment(meta, attempts=len(attachments.BACKOFF) + 1)

    assert fetched(row).state == "failed"
