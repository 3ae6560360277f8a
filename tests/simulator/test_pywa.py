"""The unmodified PyPI client pywa against the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pywa import errors
from pywa.client import WhatsApp
from pywa.handlers import MessageHandler
from pywa.types.callback import Button, Section, SectionList, SectionRow
from pywa.types.message import Message

from tests.simulator.control import Control, Phone
from tests.simulator.process import Simulator
from tests.simulator.receiver import Webhooks

VERSION = "v26.0"


@pytest.fixture
def client(simulator: Simulator) -> Iterator[WhatsApp]:
    whatsapp = WhatsApp(
        phone_id=simulator.phone_number_id,
        token=simulator.access_token,
        app_secret=simulator.app_secret,
        verify_token=simulator.verify_token,
        server=None,
    )
    session = whatsapp.api._session
    session.base_url = f"{simulator.base_url}/{VERSION}"
    yield whatsapp
    session.close()


def parsed(client: WhatsApp, webhooks: Webhooks) -> list[Message]:
    """What the client makes of every webhook so far."""
    heard: list[Message] = []
    client.add_handlers(_message_handler(heard))
    for body in webhooks.bodies:
        client.webhook_update_handler(body)
    return heard


def _message_handler(heard: list[Message]) -> Any:
    def keep(_: WhatsApp, message: Message) -> None:
        heard.append(message)

    return MessageHandler(keep)


def test_client_sends_text_to_number_with_quote_and_tracker(
    client: WhatsApp, anna: Phone, control: Control
) -> None:
    question = anna.inbox()[0].wamid

    sent = client.send_message(
        to=anna.phone, text="Guten Tag", reply_to_message_id=question, tracker="row-1"
    )

    [bubble] = anna.received()
    assert (bubble.wamid, bubble.text, bubble.quote) == (sent.id, "Guten Tag", question)
    assert control.sends()[0]["callback"] == "row-1"


def test_client_sends_text_to_bsuid(client: WhatsApp, anna: Phone, control: Control) -> None:
    client.send_message(to=anna.user_id, text="Guten Tag")

    [sent] = control.sends()
    assert sent["body"]["recipient"] == anna.user_id
    assert len(anna.received()) == 1


def test_client_sends_buttons(client: WhatsApp, anna: Phone) -> None:
    buttons = [Button("Ja", callback_data="yes"), Button("Nein", callback_data="no")]

    client.send_message(to=anna.phone, text="Per E-Mail?", buttons=buttons, footer="Büro")

    [bubble] = anna.received()
    assert bubble.buttons == [{"id": "yes", "title": "Ja"}, {"id": "no", "title": "Nein"}]
    assert bubble.footer == "Büro"


def test_client_sends_a_list(client: WhatsApp, anna: Phone) -> None:
    rows = [SectionRow(title="Bauamt", callback_data="bau", description="Straßen")]
    sections = SectionList("Amt wählen", sections=[Section("Ämter", rows=rows)])

    client.send_message(to=anna.phone, text="Welches Amt?", buttons=sections)

    [bubble] = anna.received()
    assert bubble.rows == [{"id": "bau", "title": "Bauamt", "description": "Straßen"}]


def test_client_uploads_sends_fetches_and_deletes_media(client: WhatsApp, anna: Phone) -> None:
    content = b"\x89PNG\r\n\x1a\n plan"

    media = client.upload_media(content, mime_type="image/png", filename="plan.png")
    assert media is not None
    client.send_image(to=anna.phone, image=media.id, caption="Der Plan")
    fetched = client.get_media_bytes(client.get_media_url(media.id).url)
    deleted = client.delete_media(media.id)

    [bubble] = anna.received()
    assert (bubble.type, bubble.text) == ("image", "Der Plan")
    assert (fetched, bool(deleted)) == (content, True)


def test_client_reacts_reads_and_types(client: WhatsApp, anna: Phone) -> None:
    question = anna.inbox()[0].wamid

    client.send_reaction(to=anna.phone, emoji="👍", message_id=question)
    client.mark_message_as_read(question)
    client.indicate_typing(question)

    [bubble] = [bubble for bubble in anna.inbox() if bubble.mine]
    assert (bubble.reactions, bubble.status) == ({"business": "👍"}, "read")
    assert anna.state()["typing"] is True


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (131000, errors.UnknownError),
        (130429, errors.RateLimitHit),
        (131047, errors.ReEngagementMessage),
        (131009, errors.InvalidParameter),
    ],
)
def test_client_maps_errors(
    client: WhatsApp, anna: Phone, control: Control, code: int, expected: type[errors.WhatsAppError]
) -> None:
    control.faults(next_errors=[code])

    with pytest.raises(errors.WhatsAppError) as raised:
        client.send_message(to=anna.phone, text="Hallo")

    assert raised.value.code == code
    assert isinstance(raised.value, expected)


def test_client_answers_the_verification(client: WhatsApp, simulator: Simulator) -> None:
    right = client.webhook_challenge_handler(vt=simulator.verify_token, ch="4711")
    wrong = client.webhook_challenge_handler(vt="wrong", ch="4711")

    assert (right, wrong[1]) == (("4711", 200), 403)


def test_client_finds_the_signature_right(
    client: WhatsApp, anna: Phone, webhooks: Webhooks
) -> None:
    [body], [signature] = webhooks.bodies, webhooks.signatures

    right = client.webhook_update_validator(body, signature)
    wrong = client.webhook_update_validator(body + b" ", signature)

    assert right is None
    assert wrong is not None


@pytest.mark.parametrize("kind", ["image", "voice", "video", "document", "sticker", "location"])
def test_client_parses_every_type(
    client: WhatsApp, control: Control, webhooks: Webhooks, kind: str
) -> None:
    sent = control.citizen("Jörg").send(kind)
    control.idle()

    [message] = parsed(client, webhooks)

    wire = {"voice": "audio"}.get(kind, kind)
    assert (message.id, message.type.value, message.from_user.name) == (sent, wire, "Jörg")


def test_client_parses_citizen_without_number(
    client: WhatsApp, control: Control, webhooks: Webhooks
) -> None:
    citizen = control.citizen(username="anna.k")
    citizen.say("Guten Tag")
    control.idle()

    [message] = parsed(client, webhooks)

    assert (message.from_user.bsuid, message.from_user.wa_id) == (citizen.user_id, None)
