"""Runs measurements on the database of this process's environment; prints their rows as JSON."""

import json
import sys
from dataclasses import asdict
from importlib import import_module

import django
from django.core.management import call_command

from bench import machine
from bench.table import Row


def main(database: str, *names: str) -> None:
    """Measure `names` (modules of this package) and print one JSON list."""
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    with machine.process(
        "-m",
        "django",
        "migrate",
        "--run-syncdb",
        "-v0",
        env={"DJANGO_SETTINGS_MODULE": "bench.floor.settings"},
    ) as migration:
        migration.wait()
    rows: list[Row] = []
    for name in names:
        print(f"measuring {name} on {database} …", file=sys.stderr, flush=True)
        rows += import_module(f"bench.{name}").rows(database)
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main(*sys.argv[1:])
