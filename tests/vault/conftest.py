"""Keystores of each kind and tables for the small models."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import redis
from django.conf import settings as project
from django.db import connection
from pytest_django.fixtures import Settings
from pytest_django.plugin import DjangoDbBlocker

from sprechstunde.vault.keystore import Keystore, keystore
from tests.vault.notes import Meeting, Note, Remark


@pytest.fixture
def file_store(settings: Settings, tmp_path: Path) -> Keystore:
    settings.KEYSTORE_URL = f"file://{tmp_path / 'keys'}"
    return keystore()


@pytest.fixture
def redis_store(settings: Settings, redis_server: redis.Redis) -> Keystore:
    settings.KEYSTORE_URL = project.REDIS_URL
    return keystore()


@pytest.fixture(params=["file", "redis"])
def store(request: pytest.FixtureRequest) -> Keystore:
    chosen: Keystore = request.getfixturevalue(f"{request.param}_store")
    return chosen


@pytest.fixture
def key_id(file_store: Keystore) -> UUID:
    key_id = uuid4()
    file_store.create(key_id)
    return key_id


@pytest.fixture(scope="session")
def _tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    models = (Meeting, Note, Remark)
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            for model in models:
                editor.create_model(model)
        connection.close()
        yield
        with connection.schema_editor() as editor:
            for model in reversed(models):
                editor.delete_model(model)


@pytest.fixture
def notes(_tables: None, db: None, key_id: UUID) -> UUID:
    """The tables are there; the id of the key for their rows."""
    return key_id
