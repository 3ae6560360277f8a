"""`make bench`: measures everything on SQLite and PostgreSQL and prints the table as Markdown.

Arguments name single measurements (`python -m bench ingest erasure`).
"""

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg

from bench import machine, memory
from bench.table import Row, markdown
from tests.services import postgres

MEASUREMENTS = (
    *("ingest", "visible", "outbound", "desk", "erasure"),
    *("tickets", "mail_in", "mail_out"),
)


def main(names: list[str]) -> None:
    """Measure `names`, or everything."""
    chosen = [name for name in MEASUREMENTS if not names or name in names]
    rows = [row for name in chosen for row in (*_on_sqlite(name), *_on_postgresql(name))]
    if not names or "memory" in names:
        rows += _memory()
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n"
    )
    print(markdown(rows))


def _on_sqlite(name: str) -> list[Row]:
    with machine.temporary_var_dir() as var_dir:
        return _measure("SQLite", name, var_dir, f"sqlite:///{var_dir / 'db.sqlite3'}")


def _on_postgresql(name: str) -> list[Row]:
    with machine.temporary_var_dir() as var_dir, postgres.running("fsync=on") as cluster:
        with closing(psycopg.connect(cluster.url(), autocommit=True)) as connection:
            connection.execute("CREATE DATABASE bench")
        return _measure("PostgreSQL", name, var_dir, cluster.url("bench"))


def _measure(database: str, name: str, var_dir: Path, url: str) -> list[Row]:
    given = machine.environment(var_dir, url, machine.free_port())
    if name == "outbound":
        given["WHATSAPP_MESSAGES_PER_SECOND"] = "100000"
    command = [sys.executable, "-m", "bench.measure", database, name]
    with machine.redis_server(var_dir):
        done = subprocess.run(
            command, env={**os.environ, **given}, stdout=subprocess.PIPE, check=True
        )
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def _memory() -> list[Row]:
    ports = {"PORT": str(machine.free_port()), "SIMULATOR_PORT": str(machine.free_port())}
    with machine.temporary_var_dir() as var_dir:
        given = {"VAR_DIR": str(var_dir), **ports}
        with machine.process("-m", "sprechstunde.supervisor", "demo", env=given) as supervisor:
            machine.wait((var_dir / "demo.json").exists)
            return memory.rows(supervisor.pid)


if __name__ == "__main__":
    main(sys.argv[1:])
