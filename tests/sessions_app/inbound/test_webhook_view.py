"""The address itself: Meta's question, signatures, sizes, and when it is asked to come again."""

from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from sessions_app.models import Message
from tests import factories
from tests.sessions_app.inbound.webhooks import (
    PATH,
    Citizen,
    change,
    encoded,
    post,
    signature,
    text,
    value,
    webhook,
)

pytestmark = pytest.mark.django_db

ERIKA = Citizen()
ASKED = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}


def stored() -> int:
    return Message.objects.filter(direction="in").count()


@pytest.fixture
def body() -> bytes:
    session = factories.session()
    return encoded(webhook(change(value(session.office.phone_number_id, text(ERIKA, "Größe")))))


def test_question_with_our_token_is_answered_with_its_challenge(client: Client) -> None:
    answer = client.get(PATH, {**ASKED, "hub.verify_token": "test-verify-token"})

    assert (answer.status_code, answer.content) == (200, b"1158201444")
    assert answer["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [{}, {"hub.verify_token": "other"}, {"hub.verify_token": "test-verify-token", "hub.mode": "x"}],
)
def test_question_with_anything_else_is_refused(client: Client, query: dict[str, str]) -> None:
    answer = client.get(PATH, {**ASKED, **query})

    assert (answer.status_code, answer.content) == (403, b"")


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put(PATH).status_code == 405


def test_signed_webhook_is_stored(client: Client, body: bytes) -> None:
    assert post(body, client=client) == 200

    assert stored() == 1


def test_signed_webhook_in_raw_utf8_is_stored(client: Client, body: bytes) -> None:
    raw = body.decode("unicode_escape").replace("\\/", "/").encode()

    assert post(raw, client=client) == 200

    assert stored() == 1


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=abc"])
def test_unsigned_webhook_is_refused(client: Client, body: bytes, header: str | None) -> None:
    headers = {} if header is None else {"X-Hub-Signature-256": header}
    answer = client.post(PATH, body, "application/json", headers=headers)

    assert (answer.status_code, stored()) == (403, 0)


def test_everything_is_refused_without_a_secret(
    client: Client, body: bytes, settings: Settings
) -> None:
    settings.WHATSAPP_APP_SECRETS = []
    answer = client.post(
        PATH, body, "application/json", headers={"X-Hub-Signature-256": signature(body, "")}
    )

    assert (answer.status_code, stored()) == (403, 0)


def test_three_megabytes_are_taken_and_one_byte_more_is_not(client: Client, body: bytes) -> None:
    most = body + b" " * (3 * 1024 * 1024 - len(body))

    assert (post(most, client=client), stored()) == (200, 1)
    assert post(most + b" ", client=client) == 413


def test_signed_garbage_is_refused(client: Client) -> None:
    assert [post(each, client=client) for each in (b"{", b"[]", b"\xff")] == [400, 400, 400]


def test_unknown_fields_are_fine(client: Client) -> None:
    assert post({"object": "page", "news": {}, "entry": [{"x": 1}]}, client=client) == 200


def test_webhook_needs_neither_cookie_nor_csrf_token(body: bytes) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert post(body, client=strict) == 200
    assert not strict.cookies


def test_meta_is_asked_to_come_again_while_the_database_is_away(
    client: Client, body: bytes
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError

    with connection.execute_wrapper(fail):
        answer = post(body, client=client)

    assert (answer, stored()) == (503, 0)
    assert post(body, client=client) == 200


def test_meta_is_asked_to_come_again_while_the_keystore_is_away(
    client: Client, body: bytes, settings: Settings, tmp_path: Path
) -> None:
    there = settings.KEYSTORE_URL
    settings.KEYSTORE_URL = f"unix://{tmp_path / 'nothing.sock'}"

    assert (post(body, client=client), stored()) == (503, 0)

    settings.KEYSTORE_URL = there
    assert (post(body, client=client), stored()) == (200, 1)
