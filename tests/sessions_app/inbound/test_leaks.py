"""Nothing that a citizen sends, is called or is reached by shows up outside the sealed columns."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from sprechstunde.broker import redis
from tests import factories
from tests.sessions_app.inbound.webhooks import (
    Citizen,
    change,
    deliver,
    encoded,
    post,
    said,
    signature,
    text,
    value,
    webhook,
)

CANARY = Citizen("4915155577799", "DE.CANARYBSUID77", "Kanarienvogel Müller", "kanari.user")
WAMID = "wamid.HBgNNDkxNTE1NTU3Nzc5OQCANARY"
SECRETS = ("kanari", "müller", "4915155577799", "canary", "geheimwort", "48.77")


def everything(session: Any) -> list[Any]:
    """Each kind of message, and garbage, from the canary."""
    picture = {"id": "canary-media", "caption": "Geheimwort", "filename": "Kanari.jpg"}
    form = {"type": "nfm_reply", "nfm_reply": {"response_json": "{Geheimwort"}}
    return [
        text(CANARY, "Geheimwort", id=WAMID),
        text(CANARY, "Geheimwort", context={"id": WAMID + "quoted"}),
        said(CANARY, "image", picture),
        said(CANARY, "location", {"latitude": 48.77, "longitude": 8, "name": "Geheimwort"}),
        said(CANARY, "contacts", [{"name": {"formatted_name": "Kanari"}}]),
        said(CANARY, "reaction", {"message_id": WAMID, "emoji": "👍"}),
        said(CANARY, "interactive", form),
        said(CANARY, "canary_type", "Geheimwort"),
        said(CANARY, "system", {"type": "user_changed_number", "body": "Geheimwort"}),
        {"Geheimwort": "Kanari"},
        "Geheimwort",
    ]


def leaks(shown: str) -> list[str]:
    return [secret for secret in SECRETS if secret in shown.lower()]


@pytest.mark.django_db(transaction=True)
def test_canary_is_in_no_log_and_no_message_to_redis(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    session = factories.session()
    listener = redis().pubsub()  # type: ignore[no-untyped-call]
    listener.psubscribe("*")

    deliver(session, *everything(session), by=CANARY)
    outside = value("987654", text(CANARY, "Geheimwort"), contacts=[CANARY.contact()])
    post(webhook(change(outside)))
    post(b'{"Geheimwort": ')

    published: list[str] = []
    while (message := listener.get_message(timeout=0.2)) or not published:
        published.append(str(message))
    listener.close()
    keys = redis().keys("*")
    stored = [redis().dump(key) for key in keys]
    printed = capfd.readouterr()
    assert leaks(caplog.text + printed.out + printed.err) == []
    assert leaks("".join(published)) == []
    assert leaks(str(keys) + str(stored)) == []


@pytest.mark.django_db(transaction=True)
def test_canary_is_in_no_readable_column() -> None:
    session = factories.session()
    deliver(session, *everything(session), by=CANARY)

    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("sessions_app"):
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 (names from the database itself)
                rows += [bytes(v) if isinstance(v, memoryview) else v for r in cursor for v in r]

    assert len(rows) > 100
    assert leaks(repr(rows)) == []


@pytest.mark.django_db(transaction=True)
def test_canary_is_in_no_file() -> None:
    session = factories.session()
    deliver(session, *everything(session), by=CANARY)
    files = [path for path in Path(settings.VAR_DIR).rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files).lower()

    assert content
    assert [secret for secret in SECRETS if secret.encode() in content] == []


@pytest.mark.django_db
def test_failure_in_the_middle_shows_nothing(
    client: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    from django.db import DatabaseError

    session = factories.session()
    content = value(
        session.office.phone_number_id, *everything(session), contacts=[CANARY.contact()]
    )
    body = encoded(webhook(change(content)))

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("INSERT") and "message" in sql:
            raise DatabaseError("the database failed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        answer = client.post(
            "/webhooks/whatsapp/",
            body,
            "application/json",
            headers={"X-Hub-Signature-256": signature(body)},
        )

    printed = capfd.readouterr()
    assert answer.status_code == 503
    assert "nothing stored" in caplog.text
    assert leaks(caplog.text + printed.out + printed.err + json.dumps(str(answer.content))) == []
