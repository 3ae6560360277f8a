"""Writes small files so that they are whole, private to us and still there after a power cut."""

import os
from pathlib import Path

_WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def write_new(path: Path, data: bytes) -> None:
    """Create `path` readable by our user alone and sync it; raises FileExistsError, OSError.

    The directory is not synced: the name lasts once `sync_directory` was called.
    """
    descriptor = os.open(path, _WRITE_NEW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def sync_directory(directory: Path) -> None:
    """Make names added to or removed from `directory` last; raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
