"""Reads the settings from the environment; any secret may come as a file (`NAME_FILE`)."""

import contextlib
import os
import secrets
import tempfile
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import environ
from environ.fileaware_mapping import FileAwareMapping


class _TrimmedMapping(FileAwareMapping):  # type: ignore[misc] # it has no annotations
    """Files end with a line feed; the secrets in them do not. A `$` is a character like any other."""

    def __getitem__(self, key: str) -> str:
        return str(super().__getitem__(key)).strip().replace("$", r"\$")


class _Environment(environ.Env):  # type: ignore[misc] # likewise
    ENVIRON = _TrimmedMapping()


env = _Environment()
env.escape_proxy = True  # or a secret that begins with `$` would name another variable


def secret_key(var_dir: Path) -> str:
    """Return `SECRET_KEY`, or the one drawn at the first start and kept in `VAR_DIR` (0600)."""
    given = env.str("SECRET_KEY", default="")
    return given or _kept_secret(var_dir / "secret_key")


def _kept_secret(path: Path) -> str:
    if not path.exists():
        _draw(path)
    return path.read_text()


def _draw(path: Path) -> None:
    # Written aside and linked into place: a second process never reads half a secret.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as new:
        new.write(secrets.token_urlsafe(64))
    with contextlib.suppress(FileExistsError):
        os.link(aside, path)
    Path(aside).unlink()


def reply_address(from_email: str) -> str:
    """Return the pattern for reply addresses beside the portal's own: `name+*@domain`."""
    name, _, domain = parseaddr(from_email)[1].rpartition("@")
    return f"{name}+*@{domain}"


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for the database at `url`, with our safety options for its kind."""
    config: dict[str, Any] = dict(env.db_url_config(url))
    config["CONN_MAX_AGE"] = None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = SQLITE_OPTIONS
    else:
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {**POSTGRESQL_OPTIONS, **config.get("OPTIONS", {})}
    return config


# FULL: we acknowledge only what is durable. secure_delete: freed pages hold no old ciphertext.
# temp_store: nothing spills into a temporary file.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
        "PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=20000; PRAGMA cache_size=-8000;"
    ),
}

# Values travel beside the statement, never in its text, which PostgreSQL shows and logs; and what is
# asked again and again is planned once a connection: planning took longer than most of our queries.
POSTGRESQL_OPTIONS = {"server_side_binding": True, "prepare_threshold": 3}
