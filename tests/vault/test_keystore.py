"""A key is there until it is destroyed, then nowhere; an unreachable store is another matter."""

import secrets
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from sprechstunde.vault.errors import KeyExists, KeystoreUnavailable, KeyUnavailable
from sprechstunde.vault.keystore import Keystore, keystore
from tests.services import redis_server as redis_service


def test_create_keeps_32_random_bytes(store: Keystore) -> None:
    first, second = uuid4(), uuid4()

    store.create(first)
    store.create(second)

    assert len(store.load(first)) == 32
    assert store.load(first) != store.load(second)


def test_create_twice_keeps_the_first_key(store: Keystore) -> None:
    key_id = uuid4()
    store.create(key_id)
    key = store.load(key_id)

    with pytest.raises(KeyExists):
        store.create(key_id)

    assert store.load(key_id) == key


def test_create_by_many_at_once_makes_one_key(store: Keystore) -> None:
    key_id = uuid4()

    def attempt(_: int) -> bool:
        try:
            store.create(key_id)
        except KeyExists:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(attempt, range(32)))

    assert made.count(True) == 1
    assert list(store.ids()) == [key_id]


def test_load_after_destroy_raises_key_unavailable(store: Keystore) -> None:
    key_id = uuid4()
    store.create(key_id)

    store.destroy(key_id)

    with pytest.raises(KeyUnavailable):
        store.load(key_id)
    assert not store.exists(key_id)


def test_load_of_a_key_that_never_was_raises_key_unavailable(store: Keystore) -> None:
    with pytest.raises(KeyUnavailable):
        store.load(uuid4())


def test_destroy_twice_is_fine(store: Keystore) -> None:
    key_id = uuid4()
    store.create(key_id)

    store.destroy(key_id)
    store.destroy(key_id)

    assert list(store.ids()) == []


def test_destroy_leaves_the_other_keys(store: Keystore) -> None:
    gone, kept = uuid4(), uuid4()
    store.create(gone)
    store.create(kept)
    key = store.load(kept)

    store.destroy(gone)

    assert (list(store.ids()), store.load(kept)) == ([kept], key)


def test_check_leaves_no_trace_among_the_keys(store: Keystore) -> None:
    store.check()

    assert list(store.ids()) == []


def test_repr_holds_no_key(store: Keystore) -> None:
    key_id = uuid4()
    store.create(key_id)

    assert store.load(key_id).hex() not in repr(store) + repr(vars(store))


def test_files_are_ours_alone(file_store: Keystore, tmp_path: Path) -> None:
    key_id = uuid4()

    file_store.create(key_id)

    [file] = (tmp_path / "keys").iterdir()
    assert stat.filemode(file.stat().st_mode) == "-rw-------"
    assert stat.filemode(file.parent.stat().st_mode) == "drwx------"


def test_destroy_overwrites_the_bytes_of_the_file(file_store: Keystore, tmp_path: Path) -> None:
    key_id = uuid4()
    file_store.create(key_id)
    second_name = tmp_path / "hard link to the same bytes"
    second_name.hardlink_to(tmp_path / "keys" / f"{key_id}.key")

    file_store.destroy(key_id)

    assert second_name.read_bytes() == bytes(32)


def test_key_wiped_but_not_unlinked_is_unavailable_until_destroyed_again(
    file_store: Keystore, tmp_path: Path
) -> None:
    key_id = uuid4()
    file_store.create(key_id)
    (tmp_path / "keys" / f"{key_id}.key").write_bytes(bytes(32))

    with pytest.raises(KeyUnavailable):
        file_store.load(key_id)
    assert file_store.exists(key_id)
    file_store.destroy(key_id)
    assert not file_store.exists(key_id)


def test_destroy_removes_what_a_crashed_create_left(file_store: Keystore, tmp_path: Path) -> None:
    key_id = uuid4()
    draft = tmp_path / "keys" / f"{key_id}.new"
    draft.write_bytes(secrets.token_bytes(32))
    left_behind = list(file_store.ids())

    file_store.destroy(key_id)

    assert left_behind == [key_id]
    assert not draft.exists()


@pytest.mark.parametrize("call", ["load", "stamp", "exists", "create", "destroy"])
def test_lost_directory_is_unreachable_rather_than_destroyed_keys(
    file_store: Keystore, tmp_path: Path, call: str
) -> None:
    (tmp_path / "keys").rename(tmp_path / "unmounted")

    with pytest.raises(KeystoreUnavailable):
        getattr(file_store, call)(uuid4())


def test_lost_directory_fails_the_check_and_the_list(file_store: Keystore, tmp_path: Path) -> None:
    (tmp_path / "keys").rename(tmp_path / "unmounted")

    with pytest.raises(KeystoreUnavailable):
        file_store.check()
    with pytest.raises(KeystoreUnavailable):
        list(file_store.ids())


def test_path_that_is_no_directory_is_unreachable(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.KEYSTORE_URL = f"file://{tmp_path / 'file'}"

    with pytest.raises(KeystoreUnavailable):
        keystore()


def test_relative_file_url_lies_under_the_base_directory(
    settings: Settings, tmp_path: Path
) -> None:
    settings.BASE_DIR = tmp_path
    settings.KEYSTORE_URL = "file://some/keys of ours"

    keystore().create(uuid4())

    assert len(list((tmp_path / "some" / "keys of ours").iterdir())) == 1


def test_stopped_redis_is_unreachable_rather_than_destroyed_keys(
    settings: Settings, tmp_path: Path
) -> None:
    settings.KEYSTORE_URL = f"unix://{tmp_path / 'nobody.sock'}"

    for call in (keystore().load, keystore().exists, keystore().create, keystore().destroy):
        with pytest.raises(KeystoreUnavailable):
            call(uuid4())
    with pytest.raises(KeystoreUnavailable):
        keystore().check()


def test_other_addresses_are_refused_without_repeating_them(settings: Settings) -> None:
    settings.KEYSTORE_URL = "https://user:hunter2@example.org/"

    with pytest.raises(ImproperlyConfigured) as refusal:
        keystore()

    assert "hunter2" not in str(refusal.value)


LOG = {"appendfsync": "always", "appendonly": "yes"}
SNAPSHOT = {"save": "60 1"}


@pytest.mark.parametrize("persistence", [LOG, SNAPSHOT, LOG | SNAPSHOT])
def test_destroy_removes_the_key_from_the_files_of_a_persistent_redis(
    settings: Settings, tmp_path: Path, persistence: dict[str, str]
) -> None:
    settings.KEYSTORE_URL = f"unix://{tmp_path / 'redis.sock'}"
    gone, kept = uuid4(), uuid4()
    with redis_service.running(tmp_path / "redis.sock") as client:
        for option, value in persistence.items():
            client.config_set(option, value)
        _wait_for_the_first_log(client)
        keystore().create(gone)
        keystore().create(kept)
        key, kept_key = keystore().load(gone), keystore().load(kept)
        if "save" in persistence:
            client.save()
        before = _found_under(tmp_path, key)

        keystore().destroy(gone)

        after = _found_under(tmp_path, key), _found_under(tmp_path, kept_key)
    assert before
    assert after == (False, True)


def _wait_for_the_first_log(client: redis.Redis) -> None:
    """A Redis that writes its first log neither keeps new keys on disk nor lets itself be ended."""
    deadline = time.monotonic() + 60
    while client.info("persistence")["aof_rewrite_in_progress"]:
        assert time.monotonic() < deadline


def _found_under(directory: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in directory.rglob("*") if path.is_file())
