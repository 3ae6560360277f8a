"""A whole ticket with planted words, with real mails: none is on disk at any time, nothing is left."""

import json
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.canary.canaries import Canaries
from tests.canary.installation import MANAGE, PATIENCE, Installation, Overheard, running
from tests.canary.test_canary import PIECE, dump_of, found_pieces, not_seen, pieces_of
from tests.services import postgres, smtp_server
from tests.services.smtp_server import MailServer, Taken
from tests.simulator.control import eventually
from tests.simulator.process import ROOT

WORDS = (
    "text",
    "name",
    "reason",
    "note",
    "draft",
    "file name",
    "document",
    "answer",
    "second reason",
    "original",
    "second answer",
    "third answer",
    "question's document",
    "question's file",
    "reply",
    "subject",
    "quarantined",
)
TABLES = ("answer", "answerfile", "reply", "ticketevent", "question", "questionfile", "note")


@dataclass
class Case:
    """What happens to the ticket, and what must be found nowhere."""

    installation: Installation
    mails: MailServer
    canaries: Canaries = field(default_factory=Canaries)
    words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in WORDS:
            self.words[name] = f"kanari{secrets.token_hex(8)}"
            self.canaries.add(name, self.words[name])
        user = f"kanari{secrets.token_hex(8)}"
        self.canaries.add("address", user)
        self.words["address"] = f"{user}@citizens.example"

    def happens(self) -> None:
        """Question, two departments, release, answer, the citizen's reply, another answer."""
        self.words["ticket"] = str(self._do("ask")["ticket"])
        answer = self._to_citizen(self.words["second answer"])
        self._citizen_writes(answer, self.words["reply"])
        self._do("answer")
        self._to_citizen(self.words["third answer"])
        eventually(lambda: self._do("state")["state"] == "sent", "not sent", seconds=PATIENCE)

    def ends(self) -> None:
        """Its time has come; the worker erases it."""
        self._do("due")
        eventually(self._is_erased, "the ticket was not erased", seconds=PATIENCE)

    def _is_erased(self) -> bool:
        done = self._do("state")
        return bool(done["state"] == "erased" and not done["left"])

    def _do(self, what: str) -> dict[str, Any]:
        command = (sys.executable, "-m", "tests.canary.tickets", what, json.dumps(self.words))
        done: dict[str, Any] = json.loads(self.installation.run(*command).splitlines()[-1])
        return done

    def _to_citizen(self, text: str) -> Taken:
        found: list[Taken] = []

        def look() -> bool:
            found[:] = [mail for mail in list(self.mails.taken) if text in mail.part("plain")]
            return bool(found)

        eventually(look, "no mail to the citizen", seconds=PATIENCE)
        return found[0]

    def _citizen_writes(self, answer: Taken, text: str) -> None:
        sender, message_id = self.words["address"], secrets.token_hex(8)
        lines = [
            f"From: {sender}",
            f"To: {answer.message['Reply-To']}",
            f"Subject: {self.words['subject']}",
            f"Message-ID: <{message_id}@citizens.example>",
            "Content-Type: text/plain; charset=utf-8",
            "",
            text,
        ]
        subprocess.run(
            (*MANAGE, "receive_mail"),
            cwd=ROOT,
            env=self.installation.environment,
            input="\n".join(lines).encode(),
            capture_output=True,
            check=True,
        )


@contextmanager
def case(var_dir: Path, monkeypatch: pytest.MonkeyPatch, database_url: str = "") -> Iterator[Case]:
    """An installation with a mail server."""
    with smtp_server.running() as mails:
        monkeypatch.setenv("EMAIL_URL", mails.url())
        monkeypatch.setenv("DEFAULT_FROM_EMAIL", "sprechstunde@musterstadt.example")
        with running(var_dir, database_url) as installation:
            yield Case(installation, mails)


def sealed_files(var_dir: Path) -> list[bytes]:
    """Return the content of all sealed files of tickets."""
    return [path.read_bytes() for path in (var_dir / "tickets").rglob("*.sealed")]


@pytest.mark.sqlite_only
def test_nothing_is_readable_before_and_nothing_is_left_after_a_ticket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var_dir = tmp_path / "var"
    with case(var_dir, monkeypatch) as given:
        with closing(Overheard(given.installation.socket)) as overheard:
            others = _values(var_dir)
            given.happens()
            values = _values(var_dir) - others
            pieces = pieces_of(values)
            before = found_pieces(pieces, var_dir)
            during = given.canaries.found_under(var_dir)
            given.ends()
            heard = overheard.so_far()
        in_redis = given.canaries.found_in(dump_of(given.installation.redis) + heard)
        verdict = given.installation.manage("verify_erasure")
        after = given.canaries.found_under(var_dir)
        pieces_after = found_pieces(pieces, var_dir)

    assert (during, after, in_redis) == ({}, {}, set())
    assert len(pieces) > 2 * len(TABLES)
    assert not_seen(values, before) == []
    assert pieces_after == set()
    assert verdict.endswith("Nothing is left.\n")


def _values(var_dir: Path) -> set[bytes]:
    return {*_sqlite_values(var_dir), *sealed_files(var_dir)}


def _sqlite_values(var_dir: Path) -> list[bytes]:
    with closing(sqlite3.connect(f"file:{var_dir / 'db.sqlite3'}?mode=ro", uri=True)) as database:
        values = []
        for table in TABLES:
            columns = database.execute(f"PRAGMA table_info(routing_{table})").fetchall()
            for name in (column[1] for column in columns if column[2] == "BLOB"):
                query = f"SELECT {name} FROM routing_{table} WHERE {name} IS NOT NULL"  # noqa: S608
                values += [bytes(row[0]) for row in database.execute(query)]
        return values


@pytest.mark.postgres_only
def test_nothing_of_a_ticket_is_readable_on_postgresql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    var_dir = tmp_path / "var"
    with (
        postgres.running("log_statement=all", "log_min_error_statement=debug5") as cluster,
        case(var_dir, monkeypatch, cluster.url()) as given,
    ):
        others = {value[:PIECE] for value in _postgres_values(cluster.url())}
        given.happens()
        pieces = {value[:PIECE] for value in _postgres_values(cluster.url())} - others
        places = (cluster.data, cluster.log, var_dir)
        before = found_pieces(pieces, cluster.data / "base")
        during = given.canaries.found_under(*places)
        given.ends()
        _postgres_values(cluster.url())  # a checkpoint
        after = given.canaries.found_under(*places)
        in_tables = found_pieces(pieces, cluster.data / "base")
        keys = given.installation.manage("verify_erasure")

    assert (during, after) == ({}, {})
    assert before == pieces
    assert in_tables == set()
    assert keys.endswith("Nothing is left.\n")


def _postgres_values(url: str) -> list[bytes]:
    find = "SELECT column_name FROM information_schema.columns WHERE table_name=%s AND data_type=%s"
    with psycopg.connect(url, autocommit=True) as database:
        values = []
        for table in TABLES:
            for (name,) in database.execute(find, (f"routing_{table}", "bytea")).fetchall():
                query = f"SELECT {name} FROM routing_{table} WHERE {name} IS NOT NULL"  # noqa: S608
                rows = database.execute(query.encode())
                values += [bytes(row[0]) for row in rows]
        database.execute("CHECKPOINT")
        return values
