"""What a webhook leaves behind: conversations, messages and the place in the queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sessions_app.enums import ConversationState, Direction, MessageKind
from sessions_app.models import (
    Attachment,
    CitizenIdentifier,
    ConsultationSession,
    Conversation,
    Message,
)
from sprechstunde.vault.keystore import keystore
from tests import factories
from tests.sessions_app.inbound.webhooks import (
    Citizen,
    ago,
    change,
    citizen,
    deliver,
    post,
    said,
    text,
    value,
    webhook,
)

pytestmark = pytest.mark.django_db

ERIKA = Citizen()


def incoming() -> list[Message]:
    rows = Message.objects.filter(direction=Direction.IN).order_by("sent_at", "id")
    return list(rows.select_related("conversation"))


def texts() -> list[Any]:
    return [message.content.get("text") for message in incoming()]


def test_first_message_opens_a_conversation() -> None:
    session = factories.session()
    sent_at = ago(seconds=30)

    assert deliver(session, text(ERIKA, "Wann öffnet das Bad? 🏊", at=sent_at), by=ERIKA) == 200

    conversation = Conversation.objects.get()
    (message,) = incoming()
    assert (conversation.number, conversation.name, conversation.phone, conversation.bsuid) == (
        1,
        ERIKA.name,
        ERIKA.phone,
        ERIKA.bsuid,
    )
    assert message.content == {"text": "Wann öffnet das Bad? 🏊"}
    assert message.sent_at == conversation.waiting_since == conversation.began_at == sent_at
    assert (conversation.unread, conversation.state) == (1, ConversationState.NEW)


def test_next_message_goes_into_the_same_conversation() -> None:
    session = factories.session()
    first, second = ago(seconds=30), ago(seconds=5)

    deliver(session, text(ERIKA, "1", at=first), by=ERIKA)
    deliver(session, text(ERIKA, "2", at=second), by=ERIKA)

    conversation = Conversation.objects.get()
    assert texts() == ["1", "2"]
    assert (conversation.waiting_since, conversation.last_inbound_at, conversation.unread) == (
        first,
        second,
        2,
    )


def test_overtaken_message_stands_where_it_was_written() -> None:
    session = factories.session()
    first, second = ago(seconds=30), ago(seconds=5)

    deliver(session, text(ERIKA, "2", at=second), by=ERIKA)
    deliver(session, text(ERIKA, "1", at=first), by=ERIKA)

    conversation = Conversation.objects.get()
    assert texts() == ["1", "2"]
    assert (conversation.waiting_since, conversation.last_inbound_at, conversation.began_at) == (
        first,
        second,
        first,
    )


def test_same_message_twice_is_stored_and_counted_once() -> None:
    session = factories.session()
    message = text(ERIKA)

    assert [deliver(session, message, message, by=ERIKA) for _ in range(3)] == [200, 200, 200]

    assert len(incoming()) == 1
    assert Conversation.objects.get().unread == 1


def test_message_without_id_twice_is_stored_once() -> None:
    session = factories.session()
    message = {key: part for key, part in text(ERIKA).items() if key != "id"}

    deliver(session, message, by=ERIKA)
    deliver(session, message, by=ERIKA)

    assert len(incoming()) == 1


def test_citizens_are_numbered_in_their_order() -> None:
    session = factories.session()

    for number in (1, 2, 3):
        deliver(session, text(citizen(number)), by=citizen(number))

    named = Conversation.objects.values_list("number", flat=True)
    session.refresh_from_db()
    assert sorted(named) == [1, 2, 3]
    assert session.citizens == 3


def test_album_of_a_stranger_opens_one_conversation() -> None:
    session = factories.session()
    pictures = [said(ERIKA, "image", {"id": str(n), "mime_type": "image/jpeg"}) for n in range(6)]

    for picture in pictures:
        deliver(session, picture, by=ERIKA)

    assert Conversation.objects.get().unread == 6


def test_one_webhook_for_two_offices_goes_to_each() -> None:
    one, two = factories.session(), factories.session()
    changes = [
        change(value(each.office.phone_number_id, text(ERIKA, each.office.slug)))
        for each in (one, two)
    ]

    post(webhook(*changes))

    filed = {message.session_id: message.content["text"] for message in incoming()}
    assert filed == {one.pk: one.office.slug, two.pk: two.office.slug}


def test_number_in_the_payload_decides_and_not_its_spelling_for_people() -> None:
    session = factories.session()
    elsewhere = value("999999", text(ERIKA))
    elsewhere["metadata"]["display_phone_number"] = session.office.display_phone_number

    assert post(webhook(change(elsewhere))) == 200

    assert not Conversation.objects.exists()


def test_new_message_opens_what_was_done() -> None:
    session = factories.session()
    deliver(session, text(ERIKA), by=ERIKA)
    Conversation.objects.update(done_at=timezone.now(), waiting_since=None, unread=0)

    deliver(session, text(ERIKA, "Noch etwas"), by=ERIKA)

    conversation = Conversation.objects.get()
    assert conversation.state is not ConversationState.DONE
    assert conversation.waiting_since is not None


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("reaction", {"message_id": "wamid.ours", "emoji": "👍"}),
        ("unsupported", {"type": "edit"}),
        ("edit", {"original_message_id": "w", "message": {}}),
        ("revoke", {"original_message_id": "w"}),
    ],
)
def test_what_is_no_turn_leaves_an_answered_conversation_answered(kind: str, content: Any) -> None:
    session = factories.session()
    deliver(session, text(ERIKA), by=ERIKA)
    Conversation.objects.update(waiting_since=None)

    deliver(session, said(ERIKA, kind, content), by=ERIKA)

    assert len(incoming()) == 2
    assert Conversation.objects.get().state is ConversationState.ANSWERED


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("reaction", {"message_id": "wamid.ours", "emoji": "👍"}),
        ("unsupported", {"type": "edit"}),
        (
            "interactive",
            {"type": "button_reply", "button_reply": {"id": "erase:yes", "title": "J"}},
        ),
    ],
)
def test_echo_of_something_erased_brings_nobody_back(kind: str, content: Any) -> None:
    session = factories.session()

    assert deliver(session, said(ERIKA, kind, content), by=ERIKA) == 200

    assert not Conversation.objects.exists()
    assert not CitizenIdentifier.objects.exists()


def test_reaction_points_at_its_message() -> None:
    session = factories.session()
    question = text(ERIKA)
    deliver(session, question, by=ERIKA)

    deliver(session, said(ERIKA, "reaction", {"message_id": question["id"], "emoji": "👍"}))
    deliver(session, said(ERIKA, "reaction", {"message_id": question["id"]}))

    asked, given, taken_back = incoming()
    assert given.quoted_digest == taken_back.quoted_digest == asked.wamid_digest
    assert [given.content, taken_back.content] == [{"emoji": "👍"}, {"emoji": None}]
    assert Conversation.objects.get().unread == 1


def test_quote_points_at_its_message_even_if_it_is_gone() -> None:
    session = factories.session()
    question = text(ERIKA)

    deliver(session, question, text(ERIKA, "dazu", context={"id": question["id"]}), by=ERIKA)
    deliver(session, text(ERIKA, "zu früher", context={"id": "wamid.gone"}), by=ERIKA)

    asked, quoting, to_nothing = incoming()
    assert quoting.quoted_digest == asked.wamid_digest
    assert to_nothing.quoted_wamid == "wamid.gone"


@pytest.mark.parametrize("kind", list(MessageKind))
def test_every_kind_fits_its_column(kind: MessageKind) -> None:
    assert len(kind.value) <= (Message._meta.get_field("kind").max_length or 0)


def test_unknown_type_is_shown_as_such() -> None:
    session = factories.session()

    deliver(session, said(ERIKA, "hologram", {"x": 1}), by=ERIKA)

    (message,) = incoming()
    assert (message.kind, message.content) == (MessageKind.UNSUPPORTED, {"subtype": "hologram"})
    assert Conversation.objects.get().state is ConversationState.NEW


class TestTimes:
    """When a message is taken: by the clock, by its own time, for old and new people."""

    @pytest.fixture
    def session(self) -> ConsultationSession:
        """A session in wrap-up since five minutes, in which Erika has spoken."""
        start = timezone.now() - timedelta(minutes=65)
        session = factories.session(starts_at=start, minutes=60, wrap_up_minutes=15)
        known = factories.conversation(session, phone=ERIKA.phone)
        self.know(known, ERIKA)
        return session

    def know(self, conversation: Conversation, person: Citizen) -> None:
        from sessions_app.services.inbound.identity import digests
        from sessions_app.whatsapp.events import Sender

        sender = Sender(bsuid=person.bsuid, phones=(str(person.phone),))
        for digest in digests(conversation.key_id, sender):
            CitizenIdentifier.objects.create(
                session=conversation.session, conversation=conversation, digest=digest
            )

    def test_known_person_may_write_in_the_wrap_up(self, session: ConsultationSession) -> None:
        deliver(session, text(ERIKA, "noch da"), by=ERIKA)

        assert texts() == ["noch da"]

    def test_new_person_may_not_write_in_the_wrap_up(self, session: ConsultationSession) -> None:
        deliver(session, text(citizen(2)), by=citizen(2))

        assert texts() == []

    def test_new_person_who_wrote_in_time_is_taken(self, session: ConsultationSession) -> None:
        deliver(session, text(citizen(2), at=ago(minutes=6)), by=citizen(2))

        assert texts() == ["Guten Tag"]

    @pytest.mark.parametrize(("minutes", "taken"), [(79, 1), (81, 0)])
    def test_message_from_long_before_the_hour_is_left_out(
        self, session: ConsultationSession, minutes: int, taken: int
    ) -> None:
        deliver(session, text(ERIKA, at=ago(minutes=minutes)), by=ERIKA)

        assert len(texts()) == taken

    @pytest.mark.parametrize("change", ["closes_at", "cancelled_at", "erased_at"])
    def test_nothing_is_stored_once_it_is_over(
        self, session: ConsultationSession, change: str
    ) -> None:
        now = timezone.now()
        ConsultationSession.objects.update(**{"ends_at": now, change: now, "closes_at": now})

        assert deliver(session, text(ERIKA), by=ERIKA) == 200

        assert texts() == []

    @pytest.mark.parametrize(
        "element", [text(ERIKA), said(ERIKA, "reaction", {"message_id": "w", "emoji": "👍"})]
    )
    def test_session_ended_a_moment_ago_is_not_taken_for_running(
        self, session: ConsultationSession, element: Any
    ) -> None:
        deliver(session, text(ERIKA, "noch da"), by=ERIKA)
        now = timezone.now()
        ConsultationSession.objects.update(ends_at=now, closes_at=now)

        assert deliver(session, element, by=ERIKA) == 200

        assert texts() == ["noch da"]

    def test_nothing_is_stored_before_it_begins(self) -> None:
        session = factories.session(starts_at=timezone.now() + timedelta(minutes=5))

        assert deliver(session, text(ERIKA), by=ERIKA) == 200

        assert texts() == []

    def test_destroyed_key_drops_the_message(self, session: ConsultationSession) -> None:
        keystore().destroy(session.key_id)

        assert deliver(session, text(ERIKA), by=ERIKA) == 200

        assert not incoming()


def test_late_message_of_the_session_just_before_brings_nobody_back() -> None:
    now = timezone.now()
    before = factories.session(
        starts_at=now - timedelta(minutes=61), minutes=50, wrap_up_minutes=10
    )
    session = factories.session(before.office, starts_at=before.closes_at)

    late = text(ERIKA, at=before.closes_at - timedelta(minutes=5))
    fresh = text(citizen(1), at=now)
    assert deliver(session, late, by=ERIKA) == 200
    assert deliver(session, fresh, by=citizen(1)) == 200

    assert [conversation.name for conversation in Conversation.objects.all()] == ["Citizen 1"]


def test_claimed_type_of_a_file_is_not_stored_and_costs_nothing_else() -> None:
    session = factories.session()
    picture = said(ERIKA, "image", {"id": "7", "mime_type": "Erika \0 0170 12345"})

    assert deliver(session, picture, text(ERIKA, "Und Text"), by=ERIKA) == 200

    assert Attachment.objects.get().media_type == "application/octet-stream"
    assert len(incoming()) == 2


def test_number_that_is_none_costs_only_its_change() -> None:
    session = factories.session()
    number = session.office.phone_number_id
    broken = change(value("1\0", text(ERIKA), contacts=[ERIKA.contact()]))
    good = change(value(number, text(ERIKA, "Da"), contacts=[ERIKA.contact()]))

    assert post(webhook(broken, good)) == 200

    assert texts() == ["Da"]
