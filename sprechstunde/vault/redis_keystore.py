"""Keys in a Redis of their own, for installations with several hosts."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from sprechstunde.vault.errors import KeyExists, KeystoreUnavailable, KeyUnavailable

KEY_BYTES: Final = 32
_PREFIX: Final = "sprechstunde:key:"
_PROBE: Final = "sprechstunde:keystore-probe"
_TIMEOUT: Final = 2.0  # seconds
_REWRITE_TIMEOUT: Final = 10.0  # seconds


class RedisKeystore:
    """Plain values without expiry; the server must never evict (`maxmemory-policy noeviction`).

    A process goes on using a key for at most one second after another one has destroyed it.
    A server that persists keeps deleted values on disk until it rewrites its files, so destroying
    waits for that; the account must be allowed CONFIG GET, INFO, SAVE and BGREWRITEAOF.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT)
        self._destroyed_here = 0

    def __repr__(self) -> str:
        return "<RedisKeystore>"

    def create(self, key_id: UUID) -> None:
        """Draw and keep a new key; raises KeyExists."""
        with _reachable():
            is_new = self._redis.set(_name(key_id), secrets.token_bytes(KEY_BYTES), nx=True)
        if not is_new:
            raise KeyExists(f"key {key_id} is already there")

    def load(self, key_id: UUID) -> bytes:
        """Return the key's 32 bytes; raises KeyUnavailable once it is destroyed."""
        with _reachable():
            key = self._redis.get(_name(key_id))
        if not isinstance(key, bytes) or len(key) != KEY_BYTES:
            raise KeyUnavailable(f"key {key_id} is destroyed")
        return key

    def stamp(self, key_id: UUID) -> tuple[int, int]:
        """Return the current second and how many keys this process has destroyed."""
        return int(time.monotonic()), self._destroyed_here

    def destroy(self, key_id: UUID) -> None:
        """Delete the key from memory and from the server's files; one that is gone is fine."""
        self._destroyed_here += 1
        with _reachable():
            self._redis.delete(_name(key_id))
            if self._is_set("appendonly", off="no"):
                self._rewrite_log()
            if self._is_set("save", off=""):
                _retried(self._redis.save)

    def exists(self, key_id: UUID) -> bool:
        """Say whether the key is still there."""
        with _reachable():
            return bool(self._redis.exists(_name(key_id)))

    def ids(self) -> Iterator[UUID]:
        """Go through all keys that are there, in no order."""
        with _reachable():
            names = set(self._redis.scan_iter(match=f"{_PREFIX}*", count=1000))
        for name in names:
            yield UUID(name.decode().removeprefix(_PREFIX))

    def check(self) -> None:
        """Prove that keys can be written now; raises KeystoreUnavailable."""
        with _reachable():
            self._redis.set(_PROBE, b"", px=1000)
            self._is_set("appendonly", off="no")

    def _is_set(self, option: str, *, off: str) -> bool:
        return bool(self._redis.config_get(option)[option] != off)

    def _rewrite_log(self) -> None:
        _retried(self._redis.bgrewriteaof)
        _await(lambda: not self._log_is_being_rewritten())
        if self._redis.info("persistence")["aof_last_bgrewrite_status"] != "ok":
            raise KeystoreUnavailable("the keystore could not rewrite its log")

    def _log_is_being_rewritten(self) -> bool:
        state = self._redis.info("persistence")
        return bool(state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"])


def _name(key_id: UUID) -> str:
    return f"{_PREFIX}{key_id}"


def _retried(command: Callable[[], object]) -> None:
    """Run `command` after a run that is under way: that one began with the key still there."""

    def accepted() -> bool:
        try:
            command()
        except ResponseError as error:
            if "in progress" not in str(error):
                raise
            return False
        return True

    _await(accepted)


def _await(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _REWRITE_TIMEOUT
    while not happened():
        if time.monotonic() > deadline:
            raise KeystoreUnavailable("the keystore did not rewrite its files in time")
        time.sleep(0.005)


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise KeystoreUnavailable(f"the keystore can't be used: {type(error).__name__}") from None
