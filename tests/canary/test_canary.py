"""A whole hour with planted words: none of them is on disk at any time, and nothing is left at its end."""

import base64
import gzip
import json
import secrets
import sqlite3
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
import redis
from PIL import Image

from sessions_app import wording
from sessions_app.enums import Notice
from sessions_app.models import Office
from tests.canary.canaries import Canaries, contents
from tests.canary.installation import PATIENCE, Installation, Overheard, running
from tests.services import postgres
from tests.simulator.control import Phone, eventually

TABLES = {
    "sessions_app_conversation": ("name", "username", "phone", "bsuid"),
    "sessions_app_message": ("content", "wamid", "quoted_wamid", "wamid_digest", "quoted_digest"),
    "sessions_app_attachment": ("media_id", "claimed_sha256", "filename"),
    "sessions_app_citizenidentifier": ("digest",),
}
PIECE = 16  # bytes; no two ciphertexts share so many


@dataclass
class Hour:
    """What happens in it, and what must be found nowhere."""

    installation: Installation
    canaries: Canaries = field(default_factory=Canaries)
    phones: list[Phone] = field(default_factory=list)
    session: int = 0

    def word(self, name: str) -> str:
        """Plant a word."""
        word = f"kanari{secrets.token_hex(8)}"
        self.canaries.add(name, word)
        return word

    def happens(self) -> None:
        """Citizens write, send files and garbage, the staff answer."""
        self._citizens_write()
        self._files_come()
        self._garbage_comes()
        self._everyone_hears(_notice(Notice.GREETING))
        changed = self.phones[3].change_number()
        self.canaries.add("new number", changed.phone.lstrip("+"))
        eventually(lambda: len(self._sealed_files()) == 2, "no files", seconds=PATIENCE)
        answer = self.word("answer")
        done = self.installation.run(sys.executable, "-m", "tests.canary.staff", answer)
        self._note_files(json.loads(done))
        self._everyone_hears(answer)

    def _everyone_hears(self, text: str) -> None:
        for phone in self.phones:
            phone.wait_for(text, seconds=PATIENCE)

    def _sealed_files(self) -> list[Path]:
        return list(self.installation.var_dir.glob("media/*/*.sealed"))

    def _citizens_write(self) -> None:
        control = self.installation.meta.control
        for number in range(4):
            username = None if number else self.word("username")
            phone = control.citizen(self.word("name"), username=username)
            self.canaries.add("number", phone.phone.lstrip("+"))
            self.canaries.add("BSUID", phone.user_id.split(".")[-1])
            wamid = phone.say(f"Guten Tag, {self.word('text')}!")
            self.canaries.add("wamid", wamid.removeprefix("wamid.").rstrip("="))
            phone.say(self.word("quoting text"), quote=wamid)
            phone.edit(wamid, self.word("edited text"))
            self.phones.append(phone)

    def _files_come(self) -> None:
        picture, document = _picture(), _document(self.word("word in a document"))
        self.canaries.add_media("picture as sent", picture)
        self.canaries.add_media("document", document)
        self.phones[0].picture(picture, caption=self.word("caption"))
        order = {"data": base64.b64encode(document).decode(), "mime_type": "application/pdf"}
        self.phones[1].send("document", filename=f"{self.word('file name')}.pdf", **order)

    def _garbage_comes(self) -> None:
        control = self.installation.meta.control
        control.raw(body=f"{{{self.word('broken JSON')}")
        message = {"id": self.word("broken id"), "type": "text", "text": self.word("broken text")}
        value = {"messages": [message], "metadata": {"phone_number_id": self.word("broken number")}}
        changes = [{"field": "messages", "value": value}, {"field": self.word("broken field")}]
        control.raw(
            payload={"object": "whatsapp_business_account", "entry": [{"changes": changes}]}
        )

    def _note_files(self, done: dict[str, Any]) -> None:
        self.session = done["session"]
        for encoded in done["files"]:
            self.canaries.add_media("file as kept", base64.b64decode(encoded))

    def ends(self) -> None:
        """The mayor ends it; everyone hears the farewell, then it is erased."""
        self.installation.manage("end_session", str(self.session), "--erase")
        self._everyone_hears(_notice(Notice.FAREWELL))
        eventually(self._is_erased, "the session was not erased", seconds=PATIENCE)

    def _is_erased(self) -> bool:
        lines = self.installation.manage("list_sessions").splitlines()
        states = {line["id"]: line["state"] for line in map(json.loads, lines)}
        return bool(states[self.session] == "erased")


def _notice(kind: Notice) -> str:
    with wording.in_office_language():
        return wording.notice(Office(name="Musterstadt"), kind)


def _picture() -> bytes:
    pixels = Random(1).randbytes(96 * 96 * 3)  # noqa: S311 (a picture that compresses badly)
    out = BytesIO()
    Image.frombytes("RGB", (96, 96), pixels).save(out, "JPEG")
    return out.getvalue()


def _document(word: str) -> bytes:
    return b"%PDF-1.7\n%" + Random(2).randbytes(3000).hex().encode() + word.encode() + b"\n%%EOF\n"  # noqa: S311


@contextmanager
def watching(canaries: Canaries, folder: Path) -> Iterator[dict[str, set[str]]]:
    """Look through all files again and again; what is ever found is in the yielded dictionary."""
    found: dict[str, set[str]] = {}
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.5):  # two cores have to do the rest as well
            found.update(canaries.found_under(folder))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def dump_of(server: redis.Redis) -> bytes:
    """Return everything that a Redis holds, uncompressed."""
    server.config_set("rdbcompression", "no")
    keys = list(server.scan_iter(count=1000))
    return b"".join(keys) + b"".join(server.dump(key) or b"" for key in keys)


def pieces_of(values: Iterable[bytes]) -> set[bytes]:
    """Return beginning, middle and end of each ciphertext or digest."""
    pieces: set[bytes] = set()
    for value in values:
        middle = len(value) // 2
        pieces |= {value[:PIECE], value[middle : middle + PIECE], value[-PIECE:]}
    return {piece for piece in pieces if len(piece) == PIECE}


def not_seen(values: Iterable[bytes], found: set[bytes]) -> list[bytes]:
    """Return the values no piece of which was found: SQLite may split one piece over two pages."""
    return [value for value in values if not pieces_of([value]) & found]


def found_pieces(pieces: set[bytes], *folders: Path) -> set[bytes]:
    """Return those that are in any file under `folders`."""
    files = [data for _, data in contents(folders)]
    return {piece for piece in pieces if any(piece in data for data in files)}


def queries() -> Iterator[str]:
    """Return one query for each column that holds a ciphertext or a digest."""
    for table, columns in TABLES.items():
        for column in columns:
            yield f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608


def sealed_files(var_dir: Path) -> list[bytes]:
    """Return the content of all sealed files."""
    return [path.read_bytes() for path in (var_dir / "media").rglob("*.sealed")]


@pytest.mark.sqlite_only
def test_nothing_is_readable_during_the_hour_and_nothing_is_left_after_it(tmp_path: Path) -> None:
    var_dir = tmp_path / "var"
    with running(var_dir) as installation, closing(Overheard(installation.socket)) as overheard:
        hour = Hour(installation)
        with watching(hour.canaries, var_dir) as found:
            hour.happens()
            values = [*_sqlite_values(var_dir), *sealed_files(var_dir)]
            before = found_pieces(pieces_of(values), var_dir)
            hour.ends()
            found.update(hour.canaries.found_under(var_dir))
        in_redis = hour.canaries.found_in(dump_of(installation.redis) + overheard.so_far())
        verdict = installation.manage("verify_erasure")
        after = found_pieces(pieces_of(values), var_dir)

    assert found == {}
    assert in_redis == set()
    assert values
    assert not_seen(values, before) == []
    assert after == set()
    assert verdict.endswith("Nothing is left.\n")


def _sqlite_values(var_dir: Path) -> list[bytes]:
    with closing(sqlite3.connect(f"file:{var_dir / 'db.sqlite3'}?mode=ro", uri=True)) as database:
        return [bytes(row[0]) for query in queries() for row in database.execute(query)]


@pytest.mark.postgres_only
def test_nothing_is_readable_on_postgresql_not_even_in_its_log(tmp_path: Path) -> None:
    var_dir = tmp_path / "var"
    with (
        postgres.running("log_statement=all", "log_min_error_statement=debug5") as cluster,
        running(var_dir, cluster.url()) as installation,
    ):
        hour = Hour(installation)
        hour.happens()
        with psycopg.connect(cluster.url(), autocommit=True) as database:
            pieces = {value[:PIECE] for value in _postgres_values(database)}
            database.execute("CHECKPOINT")
        places = (cluster.data, cluster.log, var_dir)
        during = hour.canaries.found_under(*places)
        before = found_pieces(pieces, cluster.data / "base")
        hour.ends()
        with psycopg.connect(cluster.url(), autocommit=True) as database:
            database.execute("CHECKPOINT")
        after = hour.canaries.found_under(*places)
        in_tables = found_pieces(pieces, cluster.data / "base")
        log = cluster.log.read_bytes()
        keys = installation.manage("verify_erasure")

    assert (during, after) == ({}, {})
    assert b"message_once" in log
    assert before == pieces
    assert in_tables == set()
    assert keys.endswith("Nothing is left.\n")


def _postgres_values(database: psycopg.Connection) -> list[bytes]:
    return [bytes(row[0]) for query in queries() for row in database.execute(query)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("offset", range(4))
def test_the_search_finds_a_word_however_it_is_written(encoding: str, offset: int) -> None:
    canaries = Canaries()
    canaries.add("word", "kanari0815")
    text = b"x" * offset + "kanari0815".encode(encoding) + b"yz"
    encoded = base64.b64encode(b"x" * offset + b"kanari0815" + b"yz")

    assert canaries.found_in(text)
    assert canaries.found_in(encoded)


def test_the_search_finds_a_file_however_it_is_packed(tmp_path: Path) -> None:
    canaries, picture = Canaries(), _picture()
    canaries.add_media("picture", picture)
    (tmp_path / "a").write_bytes(b"head" + picture)
    (tmp_path / "b").write_bytes(gzip.compress(picture))
    (tmp_path / "c").write_bytes(base64.b64encode(picture))
    (tmp_path / "d").write_bytes(b"nothing")

    assert [Path(path).name for path in canaries.found_under(tmp_path)] == ["a", "b", "c"]
