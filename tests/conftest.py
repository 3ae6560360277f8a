"""What every test stands on: settings of this run, a real Redis, a database as operators use it.

The environment is set here, before Django reads it, and every path lies in a directory that the run
removes. `DATABASE_URL` stays as given: `python -m tests.services.postgres -- pytest …` sets it.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
import redis
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import Browser

# Short: the path of a unix socket may have 107 bytes.
RUN_DIR = Path(tempfile.mkdtemp(prefix="sprech-"))
atexit.register(shutil.rmtree, RUN_DIR, ignore_errors=True)
(RUN_DIR / "static").mkdir()

os.environ.update(
    DJANGO_SETTINGS_MODULE="sprechstunde.settings",
    VAR_DIR=str(RUN_DIR),
    REDIS_URL=f"unix://{RUN_DIR / 'redis.sock'}",
    KEYSTORE_URL=f"file://{RUN_DIR / 'keys'}",
    SECRET_KEY="only-for-tests",
    ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
    WHATSAPP_ACCESS_TOKEN="test-access-token",
    WHATSAPP_APP_SECRET="test-app-secret",
    WHATSAPP_VERIFY_TOKEN="test-verify-token",
    WHATSAPP_API_URL="http://127.0.0.1:9",  # discard: a test that needs a peer names its own
    EMAIL_URL="memorymail://",
    TIME_ZONE="Europe/Berlin",
)
django.setup()

# However slow the machine; the rest stays as Hypothesis chose it, in CI and elsewhere.
hypothesis_settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("patient")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what examines the other database, however pytest was called.

    What needs no database at all runs with SQLite only: once is enough.
    """
    if connection.vendor != "sqlite":
        without = [item for item in items if not _needs_database(item)]
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if _needs_database(item)]
    # The browser last: by then the run on PostgreSQL beside it has mostly ended.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    other = "postgres_only" if connection.vendor == "sqlite" else "sqlite_only"
    for item in items:
        if item.get_closest_marker(other):
            item.add_marker(pytest.mark.skip(reason=f"{other}: this run is on {connection.vendor}"))


def _needs_database(item: pytest.Item) -> bool:
    fixtures = {"db", "transactional_db", "django_db_setup"}
    is_marked = bool(list(item.iter_markers("django_db")))
    is_case = isinstance(item, pytest.Function) and item.cls is not None
    return is_marked or is_case or bool(fixtures & set(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.Redis]:
    """The Redis of this run; settings.REDIS_URL points to it."""
    from tests.services import redis_server as service

    with service.running(RUN_DIR / "redis.sock") as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_redis(redis_server: redis.Redis) -> Iterator[None]:
    yield
    redis_server.flushall()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real Chromium for one module: while it lives, an event loop runs in this thread."""
    from tests.services.chromium import browser

    with browser() as found:
        yield found


@pytest.fixture(scope="session", autouse=True)
def _settings_for_tests(django_test_environment: None) -> None:
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """SQLite in a file, as operators have it: in memory it knows neither WAL nor two writers."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(RUN_DIR / "test.sqlite3")
