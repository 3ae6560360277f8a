"""Keys as files of our user alone, in a directory that no backup of the database contains."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

from sprechstunde.vault.disk import sync_directory, write_new
from sprechstunde.vault.errors import KeyExists, KeystoreUnavailable, KeyUnavailable

KEY_BYTES: Final = 32
_WIPED: Final = bytes(KEY_BYTES)
_SUFFIX: Final = ".key"
_DRAFT_SUFFIX: Final = ".new"


class FileKeystore:
    """One 0600 file per key in a 0700 directory, which is made when it is first opened.

    A directory that disappears later (a lost mount) counts as unreachable, not as destroyed keys.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._prefix = f"{directory}{os.sep}"
        with _reachable():
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def __repr__(self) -> str:
        return f"<FileKeystore {self._directory}>"

    def create(self, key_id: UUID) -> None:
        """Draw and durably keep a new key; raises KeyExists."""
        draft = self._path(key_id, _DRAFT_SUFFIX)
        with _reachable():
            try:
                write_new(draft, secrets.token_bytes(KEY_BYTES))
                # A hard link, unlike a rename, refuses to replace an existing key.
                self._path(key_id).hardlink_to(draft)
            except FileExistsError:
                raise KeyExists(f"key {key_id} is already there") from None
            draft.unlink()
            sync_directory(self._directory)

    def load(self, key_id: UUID) -> bytes:
        """Return the key's 32 bytes; raises KeyUnavailable once it is destroyed."""
        with _reachable():
            try:
                key = self._path(key_id).read_bytes()
            except FileNotFoundError:
                raise self._gone(key_id) from None
        if len(key) != KEY_BYTES or key == _WIPED:
            raise KeyUnavailable(f"key {key_id} is destroyed")
        return key

    def stamp(self, key_id: UUID) -> tuple[int, int]:
        """Return the file's inode and change time: destruction elsewhere shows at the next use."""
        try:
            # Called for every value on a page: os.stat takes a fifth of the time of Path.stat.
            status = os.stat(f"{self._prefix}{key_id}{_SUFFIX}")  # noqa: PTH116
        except FileNotFoundError:
            raise self._gone(key_id) from None
        except OSError as error:
            raise _unreachable(error) from None
        return status.st_ino, status.st_mtime_ns

    def destroy(self, key_id: UUID) -> None:
        """Overwrite, sync and unlink the key and what a crashed `create` left of it."""
        with _reachable():
            for path in (self._path(key_id), self._path(key_id, _DRAFT_SUFFIX)):
                _wipe(path)
            sync_directory(self._directory)

    def exists(self, key_id: UUID) -> bool:
        """Say whether anything of the key is still there."""
        with _reachable():
            self._directory.stat()
            return self._path(key_id).exists() or self._path(key_id, _DRAFT_SUFFIX).exists()

    def ids(self) -> Iterator[UUID]:
        """Go through all keys that are there, half-made and half-destroyed ones too."""
        with _reachable():
            names = [path.stem for path in self._directory.iterdir() if _is_key(path)]
        yield from {UUID(name) for name in names}

    def check(self) -> None:
        """Prove that keys can be written now; raises KeystoreUnavailable."""
        probe = self._directory / f".probe-{secrets.token_hex(8)}"
        with _reachable():
            probe.touch(mode=0o600)
            probe.unlink()

    def _path(self, key_id: UUID, suffix: str = _SUFFIX) -> Path:
        return self._directory / f"{key_id}{suffix}"

    def _gone(self, key_id: UUID) -> KeyUnavailable | KeystoreUnavailable:
        if self._directory.is_dir():
            return KeyUnavailable(f"key {key_id} is destroyed")
        return KeystoreUnavailable("the directory of the keystore is gone")


def _is_key(path: Path) -> bool:
    return path.suffix in {_SUFFIX, _DRAFT_SUFFIX}


def _wipe(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        os.pwrite(descriptor, _WIPED, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.unlink(missing_ok=True)


def _unreachable(error: OSError) -> KeystoreUnavailable:
    return KeystoreUnavailable(f"the keystore can't be used: {error.strerror}")


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unreachable(error) from None
