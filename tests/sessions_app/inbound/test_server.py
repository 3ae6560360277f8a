"""From a citizen's phone to the rows: the simulator, uvicorn as in production, and the database."""

from collections.abc import Iterator

import pytest
import requests
from django.db import connection
from pytest_django import Settings

from sessions_app.enums import Direction
from sessions_app.models import Attachment, ConsultationSession, Conversation, Message
from sessions_app.services import attachments
from sprechstunde.asgi import WEBHOOK
from tests import factories
from tests.live.server import Server, running
from tests.sessions_app.inbound import files
from tests.sessions_app.inbound.webhooks import (
    Citizen,
    change,
    encoded,
    signature,
    text,
    value,
    webhook,
)
from tests.simulator.control import Control, eventually
from tests.simulator.process import Simulator, running_simulator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as portal:
        yield portal


@pytest.fixture
def meta(server: Server, settings: Settings) -> Iterator[Simulator]:
    """A simulator whose webhooks go to the server."""
    with running_simulator(server.url + WEBHOOK) as simulator:
        settings.WHATSAPP_API_URL = simulator.base_url
        yield simulator


@pytest.fixture
def session(meta: Simulator) -> ConsultationSession:
    return factories.session(factories.office(phone_number_id=meta.phone_number_id))


def kinds() -> list[str]:
    rows = Message.objects.filter(direction=Direction.IN).order_by("sent_at", "id")
    return list(rows.values_list("kind", flat=True))


def test_everything_a_phone_sends_arrives(session: ConsultationSession, meta: Simulator) -> None:
    control: Control = meta.control
    control.faults(webhook_duplicate=0.5, webhook_reorder=0.3, batch_size=3, batch_wait=0.02)
    anna, bea = control.citizen("Anna"), control.citizen("Bea", username="bea.b")

    first = anna.say("Guten Tag ✌️")
    control.idle()
    bea.say("Hallo")
    anna.say("Dazu noch", quote=first)
    anna.album(2, "Schlagloch")
    anna.picture(files.photo(), caption="Hier")
    anna.edit(first, "Guten Abend")
    anna.send("audio", voice=True)
    anna.send("location", latitude=48.58, longitude=8.08)
    anna.call(ring_seconds=0.1)
    control.idle()

    eventually(lambda: len(kinds()) == 10, "ten messages")
    assert sorted(kinds()) == sorted(
        ["text"] * 3 + ["image"] * 3 + ["edit", "audio", "location", "call"]
    )
    assert sorted(Conversation.objects.values_list("unread", flat=True)) == [1, 9]
    assert {str(row.phone) for row in Conversation.objects.all()} == {anna.phone, "None"}


def test_picture_from_a_phone_is_fetched(session: ConsultationSession, meta: Simulator) -> None:
    meta.control.citizen("Anna").picture(files.photo(), caption="Hier")
    eventually(Attachment.objects.exists, "an attachment")
    row = Attachment.objects.get()

    attachments.fetch(row.pk)

    row.refresh_from_db()
    assert row.state == "stored"
    assert files.PLACE not in attachments.read(row)


def test_server_answers_meta_as_the_view_does(server: Server) -> None:
    session = factories.session()
    number = session.office.phone_number_id
    body = encoded(webhook(change(value(number, text(Citizen())))))
    url = server.url + WEBHOOK
    question = {
        "hub.mode": "subscribe",
        "hub.challenge": "42",
        "hub.verify_token": "test-verify-token",
    }
    signed = {"X-Hub-Signature-256": signature(body)}

    answers = [
        requests.get(url, question, timeout=60),
        requests.get(url, timeout=60),
        requests.post(url, body, timeout=60),
        requests.post(url, body, headers=signed, timeout=60),
        requests.put(url, timeout=60),
    ]

    assert [answer.status_code for answer in answers] == [200, 403, 403, 200, 405]
    assert answers[0].text == "42"
    assert not any(answer.cookies for answer in answers)
    connection.close()
    assert kinds() == ["text"]
