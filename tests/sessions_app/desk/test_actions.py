"""What staff send from the desk: done once, refused with a reason, for htmx and as pages."""

from http import HTTPStatus
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from sessions_app.enums import (
    AttachmentState,
    DeliveryState,
    Direction,
    MessageKind,
    Role,
    SessionState,
)
from sessions_app.models import Attachment, ConsultationSession, Conversation, Message, Staff
from sessions_app.services import attachments, messages
from sprechstunde.vault.files import write_sealed
from tests import factories

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


@pytest.fixture
def host(session: ConsultationSession) -> Staff:
    return factories.staff(session.office, first_name="Maria", last_name="Muster")


@pytest.fixture
def colleague(session: ConsultationSession) -> Staff:
    return factories.staff(session.office, Role.ASSISTANT, first_name="Jonas", last_name="Beispiel")


@pytest.fixture
def erika(session: ConsultationSession) -> Conversation:
    conversation = factories.conversation(session)
    factories.message(conversation, "Guten Tag")
    return conversation


@pytest.fixture
def browser(client: Client, host: Staff) -> Client:
    client.force_login(host.user)
    return client


def path(conversation: Conversation, part: str) -> str:
    return f"/desk/{conversation.session_id}/{conversation.pk}/{part}/"


def sent(conversation: Conversation) -> list[str]:
    rows = conversation.messages.filter(direction=Direction.OUT).order_by("pk")
    return [row.content["text"] for row in rows]


def test_reply_is_queued_and_shown(browser: Client, erika: Conversation) -> None:
    form = {"text": "Guten Tag!", "token": uuid4()}

    response = browser.post(path(erika, "reply"), form, headers=HTMX)

    assert "Guten Tag!" in response.content.decode()
    assert sent(erika) == ["Guten Tag!"]


def test_reply_posted_twice_is_sent_once(browser: Client, erika: Conversation) -> None:
    form = {"text": "Einmal", "token": uuid4()}

    first = browser.post(path(erika, "reply"), form)
    second = browser.post(path(erika, "reply"), form)

    assert (first.status_code, second.status_code) == (HTTPStatus.FOUND, HTTPStatus.FOUND)
    assert sent(erika) == ["Einmal"]


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_done_is_held_back_while_something_is_not_on_the_screen(
    browser: Client, erika: Conversation, headers: dict[str, str]
) -> None:
    seen = erika.messages.get()
    unseen = factories.message(erika, "Noch etwas!")

    refused = browser.post(path(erika, "finish"), {"last_seen": seen.pk}, headers=headers)
    erika.refresh_from_db()
    held_back = erika.done_at is None
    browser.post(path(erika, "finish"), {"last_seen": unseen.pk}, headers=headers)
    erika.refresh_from_db()

    assert (held_back, erika.done_at is None) == (True, False)
    if headers:
        assert refused.status_code == HTTPStatus.CONFLICT
        assert "Noch etwas!" in refused.content.decode()


@pytest.mark.parametrize("garbage", ["x", "-1", "9" * 30])
def test_done_with_nonsense_does_nothing(
    browser: Client, erika: Conversation, garbage: str
) -> None:
    answer = browser.post(path(erika, "finish"), {"last_seen": garbage}, headers=HTMX)

    erika.refresh_from_db()
    assert (answer.status_code, erika.done_at) == (HTTPStatus.BAD_REQUEST, None)


@pytest.mark.parametrize("headers", [HTMX, {}])
def test_reply_after_a_colleagues_is_held_back_with_both_texts(
    browser: Client, erika: Conversation, colleague: Staff, headers: dict[str, str]
) -> None:
    messages.reply(erika, by=colleague, text="Um vier.", token=uuid4(), last_seen=10**9)
    form = {"text": "Um fünf.", "token": uuid4(), "last_seen": 0}

    refused = browser.post(path(erika, "reply"), form, headers=headers)
    held_back = sent(erika)
    browser.post(path(erika, "reply"), form | {"despite_colleague": "1"}, headers=headers)

    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Jonas Beispiel" in refused.content.decode()
    assert "Um vier." in refused.content.decode()
    assert (held_back, sent(erika)) == (["Um vier."], ["Um vier.", "Um fünf."])


@pytest.mark.parametrize("text", ["", "   ", "x" * 4097])
def test_text_that_whatsapp_takes_not_is_refused(
    browser: Client, erika: Conversation, text: str
) -> None:
    form = {"text": text, "token": uuid4()}

    response = browser.post(path(erika, "reply"), form, headers=HTMX)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sent(erika) == []


def test_reply_quotes_only_within_the_conversation(
    browser: Client, session: ConsultationSession, erika: Conversation
) -> None:
    foreign = factories.message(factories.conversation(session))
    form = {"text": "Antwort", "token": uuid4(), "quoted": foreign.pk}

    browser.post(path(erika, "reply"), form)

    assert erika.messages.get(direction=Direction.OUT).quoted_digest is None


def test_stranger_cannot_reply(client: Client, erika: Conversation) -> None:
    client.force_login(factories.staff().user)

    response = client.post(path(erika, "reply"), {"text": "Hallo", "token": uuid4()})

    assert response.status_code == HTTPStatus.NOT_FOUND
    assert sent(erika) == []


@pytest.mark.parametrize(
    ("action", "state"), [("again", DeliveryState.QUEUED), ("leave", DeliveryState.FAILED)]
)
def test_failed_message_is_decided_once(
    browser: Client, erika: Conversation, host: Staff, action: str, state: DeliveryState
) -> None:
    failed = factories.message(
        erika, direction=Direction.OUT, author=host, delivery=DeliveryState.FAILED
    )
    address = f"/desk/{erika.session_id}/messages/{failed.pk}/{action}/"

    response = browser.post(address, headers=HTMX)

    failed.refresh_from_db()
    assert response.status_code == HTTPStatus.OK
    assert (failed.delivery, failed.is_stuck) == (state, False)


def test_deciding_about_a_delivered_message_is_a_conflict(
    browser: Client, erika: Conversation
) -> None:
    delivered = factories.message(erika, direction=Direction.OUT)

    response = browser.post(
        f"/desk/{erika.session_id}/messages/{delivered.pk}/again/", headers=HTMX
    )

    assert response.status_code == HTTPStatus.CONFLICT


def test_reaction_is_queued(browser: Client, erika: Conversation) -> None:
    target = erika.messages.get()

    browser.post(
        f"/desk/{erika.session_id}/messages/{target.pk}/react/", {"emoji": "👍"}, headers=HTMX
    )

    reaction = Message.objects.get(kind=MessageKind.REACTION)
    assert (reaction.content, reaction.quoted_digest) == ({"emoji": "👍"}, target.wamid_digest)


def test_reaction_with_another_emoji_is_refused(browser: Client, erika: Conversation) -> None:
    target = erika.messages.get()

    response = browser.post(
        f"/desk/{erika.session_id}/messages/{target.pk}/react/", {"emoji": "x"}, headers=HTMX
    )

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_end_begins_the_wrap_up_and_extension_takes_it_back(
    browser: Client, session: ConsultationSession
) -> None:
    states = []
    for action, form in (("end", {}), ("extend", {"minutes": 10})):
        browser.post(f"/desk/{session.pk}/{action}/", form, headers=HTMX)
        session.refresh_from_db()
        states.append(session.state(timezone.now()))

    assert states == [SessionState.WRAP_UP, SessionState.OPEN]


def test_extension_into_the_next_session_is_explained(
    browser: Client, session: ConsultationSession
) -> None:
    factories.session(session.office, starts_at=session.closes_at)

    response = browser.post(f"/desk/{session.pk}/extend/", {"minutes": 30}, headers=HTMX)

    assert response.status_code == HTTPStatus.CONFLICT
    assert 'role="alert"' in response.content.decode()


def test_end_and_erase_asks_before_and_closes_at_once(
    browser: Client, session: ConsultationSession
) -> None:
    asked = browser.get(f"/desk/{session.pk}/erase/")
    browser.post(f"/desk/{session.pk}/erase/")

    gone = browser.get(f"/desk/{session.pk}/")
    assert asked.status_code == HTTPStatus.OK
    assert gone.status_code == HTTPStatus.GONE


def attach(conversation: Conversation, media_type: str, content: bytes) -> Attachment:
    message = factories.message(conversation, kind=MessageKind.IMAGE, content={})
    attachment = Attachment.objects.create(
        message=message,
        key_id=conversation.key_id,
        state=AttachmentState.STORED,
        media_type=media_type,
        filename="bild.html",
    )
    context = attachments._context(attachment)
    write_sealed(attachment.path, attachment.key_id, context, content)
    return attachment


@pytest.mark.parametrize(
    ("media_type", "disposition"), [("image/png", "inline"), ("application/pdf", "attachment")]
)
def test_file_is_given_so_that_it_cannot_act(
    browser: Client, erika: Conversation, media_type: str, disposition: str
) -> None:
    attachment = attach(erika, media_type, b"bytes")

    response = browser.get(f"/desk/{erika.session_id}/attachments/{attachment.pk}/")

    assert response.content == b"bytes"
    assert response["Content-Disposition"].startswith(disposition)
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]


def test_file_of_another_session_is_not_there(
    browser: Client, session: ConsultationSession
) -> None:
    foreign = attach(factories.conversation(), "image/png", b"bytes")

    response = browser.get(f"/desk/{session.pk}/attachments/{foreign.pk}/")

    assert response.status_code == HTTPStatus.NOT_FOUND


def test_colleague_who_types_is_shown(
    browser: Client, client: Client, erika: Conversation, colleague: Staff
) -> None:
    other = Client()
    other.force_login(colleague.user)
    other.post(path(erika, "presence"), {"doing": "types"})

    shown = browser.get(path(erika, "presence"), headers=HTMX)

    assert "Jonas Beispiel" in shown.content.decode()
