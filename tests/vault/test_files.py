"""Files hold ciphertext from the first byte on and appear whole or not at all."""

import secrets
import stat
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from sprechstunde.vault.errors import KeyUnavailable, Tampered
from sprechstunde.vault.files import read_sealed, remove, write_sealed
from sprechstunde.vault.keystore import Keystore, keystore


def test_read_returns_what_was_written(store: Keystore, tmp_path: Path) -> None:
    key_id = uuid4()
    store.create(key_id)
    picture = secrets.token_bytes(300_000)

    write_sealed(tmp_path / "media" / "7" / "picture", key_id, "attachment", picture)

    assert read_sealed(tmp_path / "media" / "7" / "picture", key_id, "attachment") == picture


def test_written_file_is_ours_alone_and_the_only_one(key_id: UUID, tmp_path: Path) -> None:
    write_sealed(tmp_path / "media" / "picture", key_id, "attachment", b"canary")

    [file] = (tmp_path / "media").iterdir()
    assert stat.filemode(file.stat().st_mode) == "-rw-------"
    assert b"canary" not in file.read_bytes()


def test_write_again_replaces(key_id: UUID, tmp_path: Path) -> None:
    write_sealed(tmp_path / "picture", key_id, "attachment", b"first")

    write_sealed(tmp_path / "picture", key_id, "attachment", b"second")

    assert read_sealed(tmp_path / "picture", key_id, "attachment") == b"second"


def test_failed_write_leaves_nothing(key_id: UUID, tmp_path: Path) -> None:
    (tmp_path / "media" / "picture").mkdir(parents=True)

    with pytest.raises(IsADirectoryError):
        write_sealed(tmp_path / "media" / "picture", key_id, "attachment", b"words")

    assert [path.name for path in (tmp_path / "media").iterdir()] == ["picture"]


def test_file_under_another_context_raises_tampered(key_id: UUID, tmp_path: Path) -> None:
    write_sealed(tmp_path / "picture", key_id, "attachment 1", b"words")

    with pytest.raises(Tampered):
        read_sealed(tmp_path / "picture", key_id, "attachment 2")


def test_file_of_a_destroyed_key_raises_key_unavailable(key_id: UUID, tmp_path: Path) -> None:
    write_sealed(tmp_path / "picture", key_id, "attachment", b"words")

    keystore().destroy(key_id)

    with pytest.raises(KeyUnavailable):
        read_sealed(tmp_path / "picture", key_id, "attachment")


def test_remove_twice_is_fine(key_id: UUID, tmp_path: Path) -> None:
    write_sealed(tmp_path / "picture", key_id, "attachment", b"words")

    remove(tmp_path / "picture")
    remove(tmp_path / "picture")

    assert not (tmp_path / "picture").exists()
