"""The services that tests run against are the real ones."""

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection

from tests.services import postgres


def test_redis_of_the_run_is_where_the_settings_say(redis_server: redis.Redis) -> None:
    redis_server.set("mark", "1")

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.get("mark") == b"1"


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_sqlite_is_a_file_with_the_settings_of_production() -> None:
    with connection.cursor() as cursor:
        mode = cursor.execute("PRAGMA journal_mode").fetchone()
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()

    assert (mode, synchronous) == (("wal",), (2,))


@pytest.mark.postgres_only
@pytest.mark.django_db
def test_postgres_run_uses_postgres() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])

    assert version >= 180000


def test_a_second_cluster_can_run_beside() -> None:
    with (
        postgres.running("log_min_error_statement=error") as cluster,
        psycopg.connect(cluster.url()) as client,
    ):
        answer = client.execute("SELECT 1").fetchone()

    assert answer == (1,)
