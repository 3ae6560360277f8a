"""Another part of the portal in a dialogue with a citizen is rung for at every message."""

import json
from typing import Any

import pytest

from sessions_app.models import Conversation, Message
from tests import factories
from tests.sessions_app.inbound.webhooks import Citizen, citizen, deliver, text

pytestmark = pytest.mark.django_db(transaction=True)

ERIKA = Citizen()


def rung(redis_server: Any, task: str) -> list[list[int]]:
    bodies = [
        json.loads(raw)["headers"]
        for raw in redis_server.lrange("sprechstunde:celery:sprechstunde", 0, -1)
    ]
    return [
        json.loads(b["argsrepr"].replace("(", "[").replace(")", "]"))
        for b in bodies
        if b["task"] == task
    ]


def test_listener_is_rung_for_with_each_new_message(redis_server: Any) -> None:
    session = factories.session()
    deliver(session, text(ERIKA, "Wann?"), by=ERIKA)
    Conversation.objects.update(listener="routing.hear")

    deliver(session, text(ERIKA, "Ja", id="w-ja"), by=ERIKA)
    deliver(session, text(ERIKA, "Ja", id="w-ja"), by=ERIKA)

    newest = Message.objects.get(pk=_newest())
    assert rung(redis_server, "routing.hear") == [[newest.conversation_id, newest.pk]]


def test_nobody_listens_unless_asked_to(redis_server: Any) -> None:
    session = factories.session()
    deliver(session, text(ERIKA, "Wann?"), by=ERIKA)
    other = citizen(2)
    deliver(session, text(other, "Auch ich"), by=other)
    Conversation.objects.filter(number=1).update(listener="routing.hear")

    deliver(session, text(other, "Noch etwas"), by=other)

    assert rung(redis_server, "routing.hear") == []


def _newest() -> int:
    return Message.objects.order_by("-pk").values_list("pk", flat=True)[0]
