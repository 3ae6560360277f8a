"""Only the same key and context open a value; anything else is refused."""

import logging
import subprocess
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import settings as project
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings

from sprechstunde.vault import cipher
from sprechstunde.vault.errors import KeyUnavailable, Tampered, VaultError
from sprechstunde.vault.keystore import Keystore

same_store_for_all_examples = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


@same_store_for_all_examples
@given(plaintext=strategies.binary(max_size=5000), context=strategies.text())
def test_open_sealed_returns_what_was_sealed(key_id: UUID, plaintext: bytes, context: str) -> None:
    sealed = cipher.seal(key_id, context=context, plaintext=plaintext)

    assert cipher.open_sealed(key_id, context=context, sealed=sealed) == plaintext
    assert len(sealed) == len(plaintext) + 29


@same_store_for_all_examples
@given(place=strategies.integers(0, 43), change=strategies.integers(1, 255))
def test_open_sealed_any_changed_byte_raises_tampered(
    key_id: UUID, place: int, change: int
) -> None:
    sealed = bytearray(cipher.seal(key_id, context="a", plaintext=b"fifteen letters"))
    sealed[place] ^= change

    with pytest.raises(Tampered):
        cipher.open_sealed(key_id, context="a", sealed=bytes(sealed))


@pytest.mark.parametrize("length", [0, 1, 13, 28, 43])
def test_open_sealed_cut_value_raises_tampered(key_id: UUID, length: int) -> None:
    sealed = cipher.seal(key_id, context="a", plaintext=b"fifteen letters")

    with pytest.raises(Tampered):
        cipher.open_sealed(key_id, context="a", sealed=sealed[:length])


def test_open_sealed_with_another_context_raises_tampered(key_id: UUID) -> None:
    sealed = cipher.seal(key_id, context="message.text", plaintext=b"hello")

    with pytest.raises(Tampered):
        cipher.open_sealed(key_id, context="message.name", sealed=sealed)


def test_open_sealed_with_another_key_raises_tampered(store: Keystore) -> None:
    ours, other = uuid4(), uuid4()
    store.create(ours)
    store.create(other)
    sealed = cipher.seal(ours, context="a", plaintext=b"hello")

    with pytest.raises(Tampered):
        cipher.open_sealed(other, context="a", sealed=sealed)


def test_same_key_bytes_under_another_id_raises_tampered(key_id: UUID, tmp_path: Path) -> None:
    sealed = cipher.seal(key_id, context="a", plaintext=b"hello")
    twin = uuid4()
    (tmp_path / "keys" / f"{twin}.key").hardlink_to(tmp_path / "keys" / f"{key_id}.key")

    with pytest.raises(Tampered):
        cipher.open_sealed(twin, context="a", sealed=sealed)


def test_seal_same_value_twice_looks_different(key_id: UUID) -> None:
    sealed = {cipher.seal(key_id, context="a", plaintext=b"hello") for _ in range(50)}

    assert len(sealed) == 50


def test_digest_is_the_same_for_text_and_its_bytes(key_id: UUID) -> None:
    of_text = cipher.digest(key_id, context="a", value="Grüße 🙂")
    of_bytes = cipher.digest(key_id, context="a", value="Grüße 🙂".encode())

    assert of_text == of_bytes
    assert len(of_text) == 32


@same_store_for_all_examples
@given(
    one=strategies.tuples(strategies.text(), strategies.text()),
    two=strategies.tuples(strategies.text(), strategies.text()),
)
def test_digest_differs_where_context_or_value_differ(
    key_id: UUID, one: tuple[str, str], two: tuple[str, str]
) -> None:
    digests = [cipher.digest(key_id, context=c, value=v) for c, v in (one, two)]

    assert (digests[0] == digests[1]) == (one == two)


def test_digest_differs_between_keys(store: Keystore) -> None:
    ours, other = uuid4(), uuid4()
    store.create(ours)
    store.create(other)

    digests = {cipher.digest(key, context="a", value="1") for key in (ours, other)}

    assert len(digests) == 2


def test_destroyed_key_works_nowhere_in_this_process(store: Keystore) -> None:
    key_id = uuid4()
    store.create(key_id)
    sealed = cipher.seal(key_id, context="a", plaintext=b"hello")
    opened = cipher.open_sealed(key_id, context="a", sealed=sealed)

    store.destroy(key_id)

    assert opened == b"hello"
    with pytest.raises(KeyUnavailable):
        cipher.open_sealed(key_id, context="a", sealed=sealed)
    with pytest.raises(KeyUnavailable):
        cipher.seal(key_id, context="a", plaintext=b"hello")
    with pytest.raises(KeyUnavailable):
        cipher.digest(key_id, context="a", value="hello")


READER = """
import sys, uuid
import django
from django.conf import settings
settings.configure(BASE_DIR="/", KEYSTORE_URL=sys.argv[1])
from sprechstunde.vault import cipher, errors
for _ in sys.stdin:
    try:
        cipher.open_sealed(uuid.UUID(sys.argv[2]), context="a", sealed=bytes.fromhex(sys.argv[3]))
    except errors.VaultError as error:
        print(type(error).__name__, flush=True)
    else:
        print("opened", flush=True)
"""


def test_destroyed_key_stops_working_in_another_process(store: Keystore) -> None:
    key_id = uuid4()
    store.create(key_id)
    sealed = cipher.seal(key_id, context="a", plaintext=b"hello")
    command = [sys.executable, "-c", READER, project.KEYSTORE_URL, str(key_id), sealed.hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        before = _ask(it)

        store.destroy(key_id)

        # The file's stamp shows it at the next use; a Redis is asked anew after a second.
        allowed = 0.0 if project.KEYSTORE_URL.startswith("file") else 30.0
        deadline = time.monotonic() + allowed
        while (after := _ask(it)) == "opened" and time.monotonic() < deadline:
            pass
    assert (before, after) == ("opened", "KeyUnavailable")


def _ask(reader: subprocess.Popen[str]) -> str:
    assert reader.stdin
    assert reader.stdout
    reader.stdin.write("again\n")
    reader.stdin.flush()
    return reader.stdout.readline().strip()


def test_key_made_anew_under_the_same_id_opens_nothing_old(store: Keystore) -> None:
    key_id = uuid4()
    store.create(key_id)
    sealed = cipher.seal(key_id, context="a", plaintext=b"hello")
    store.destroy(key_id)

    store.create(key_id)

    with pytest.raises(Tampered):
        cipher.open_sealed(key_id, context="a", sealed=sealed)


def test_many_keys_in_many_threads_stay_apart(store: Keystore) -> None:
    ids = [uuid4() for _ in range(300)]
    for key_id in ids:
        store.create(key_id)

    def round_trip(key_id: UUID) -> bool:
        sealed = cipher.seal(key_id, context="a", plaintext=key_id.bytes)
        return cipher.open_sealed(key_id, context="a", sealed=sealed) == key_id.bytes

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(round_trip, ids * 3))

    assert all(results)
    assert len(cipher._subkeys_of) <= 256


def test_traceback_and_log_hold_neither_key_nor_value(
    file_store: Keystore, key_id: UUID, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sealed = cipher.seal(key_id, context="a", plaintext=b"secret words")
    key = file_store.load(key_id)
    caught: list[VaultError] = []
    for context in ("b", "a"):
        try:
            cipher.open_sealed(key_id, context=context, sealed=sealed)
        except VaultError as error:
            caught.append(error)
        file_store.destroy(key_id)

    shown = (
        caplog.text
        + repr(caught)
        + "".join("".join(traceback.format_exception(error)) for error in caught)
    )
    assert len(caught) == 2
    assert "secret words" not in shown
    assert key.hex() not in shown
    assert repr(key)[2:-1] not in shown


def test_subkeys_show_no_key(key_id: UUID) -> None:
    cipher.seal(key_id, context="a", plaintext=b"")

    assert {repr(subkeys).split("(")[0] for subkeys in cipher._subkeys_of.values()} == {"_Subkeys"}
    assert all("digest" not in repr(subkeys) for subkeys in cipher._subkeys_of.values())
