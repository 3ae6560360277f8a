"""Keeps attachments as sealed files; nothing unencrypted ever touches the disk."""

import secrets
from pathlib import Path
from uuid import UUID

from sprechstunde.vault import cipher
from sprechstunde.vault.disk import sync_directory, write_new


def write_sealed(path: Path, key_id: UUID, context: str, data: bytes) -> None:
    """Seal `data` in memory and put it at `path` in one step, replacing what was there.

    Missing directories are made for our user alone. Raises KeyUnavailable, KeystoreUnavailable,
    OSError.
    """
    sealed = cipher.seal(key_id, context=context, plaintext=data)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_new(draft, sealed)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def read_sealed(path: Path, key_id: UUID, context: str) -> bytes:
    """Return the file's content; raises FileNotFoundError, Tampered, KeyUnavailable."""
    return cipher.open_sealed(key_id, context=context, sealed=path.read_bytes())


def remove(path: Path) -> None:
    """Unlink the file for good; one that is gone already is fine.

    The blocks are not overwritten: they hold ciphertext, and erasing destroys its key.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return
    sync_directory(path.parent)
