"""What the office answers by itself: the greeting, polite refusals, and the way to be erased."""

from typing import Any

import pytest
from django.utils import timezone

from sessions_app import wording
from sessions_app.enums import AttachmentState, Direction, MessageKind, Notice, PicturePolicy
from sessions_app.models import (
    Attachment,
    CitizenIdentifier,
    ConsultationSession,
    Conversation,
    Message,
)
from sessions_app.services.erasing.erasure import erase_conversation
from sessions_app.services.inbound.wishes import is_wish
from sessions_app.whatsapp.events import Incoming, Sender
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


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


def notices(number: int = 1) -> list[str]:
    rows = Message.objects.filter(direction=Direction.OUT, conversation__number=number)
    return list(rows.order_by("sent_at", "id").values_list("notice", flat=True))


def press(session: ConsultationSession, button: str, **rest: Any) -> None:
    reply = {"type": "button_reply", "button_reply": {"id": button, "title": "…"}}
    deliver(session, said(ERIKA, "interactive", reply, **rest), by=ERIKA)


def call(session: ConsultationSession, event: str) -> None:
    element = {"id": "wacid.1", "event": event, "direction": "USER_INITIATED", **ERIKA.ids()}
    post(webhook(change(value(session.office.phone_number_id, calls=[element]), "calls")))


def test_first_message_is_greeted_once(session: ConsultationSession) -> None:
    deliver(session, text(ERIKA), text(ERIKA), by=ERIKA)
    deliver(session, text(ERIKA), by=ERIKA)
    deliver(session, text(citizen(2)), by=citizen(2))

    assert (notices(1), notices(2)) == ([Notice.GREETING], [Notice.GREETING])


def test_greeting_carries_the_privacy_link() -> None:
    office = factories.office(privacy_url="https://musterstadt.example/datenschutz")
    deliver(factories.session(office), text(ERIKA), by=ERIKA)

    greeting = Message.objects.get(notice=Notice.GREETING)
    assert greeting.content["text"].endswith("https://musterstadt.example/datenschutz")


@pytest.mark.parametrize(
    ("kind", "content"), [("audio", {"id": "1", "voice": True}), ("video", {"id": "1"})]
)
def test_sound_and_film_are_declined_once_for_each_person(
    session: ConsultationSession, kind: str, content: Any
) -> None:
    for person in (citizen(1), citizen(1), citizen(2)):
        deliver(session, said(person, kind, content), by=person)

    assert notices(1) == notices(2) == [Notice.GREETING, Notice.MEDIA_DECLINED]
    assert not Attachment.objects.exists()


def test_call_is_noted_once_and_declined(session: ConsultationSession) -> None:
    call(session, "connect")
    call(session, "terminate")

    rows = Message.objects.filter(direction=Direction.IN)
    assert [row.kind for row in rows] == [MessageKind.CALL]
    assert notices() == [Notice.GREETING, Notice.MEDIA_DECLINED]


@pytest.mark.parametrize("kind", ["image", "document", "sticker"])
def test_pictures_and_files_wait_to_be_fetched(session: ConsultationSession, kind: str) -> None:
    file = {"id": "77", "mime_type": "image/jpeg", "sha256": "abc=", "filename": "Größe.jpg"}

    deliver(session, said(ERIKA, kind, file), by=ERIKA)

    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.media_id) == (AttachmentState.WAITING, "77")
    assert (attachment.claimed_sha256, attachment.filename) == ("abc=", "Größe.jpg")
    assert notices() == [Notice.GREETING]


def test_declined_pictures_are_named_once_and_leave_no_trace_at_meta() -> None:
    session = factories.session(factories.office(picture_policy=PicturePolicy.DECLINE))
    for kind in ("image", "document", "sticker"):
        deliver(session, said(ERIKA, kind, {"id": "77", "filename": "a"}), by=ERIKA)

    rows = list(Attachment.objects.all())
    assert {(row.state, row.media_id, row.filename) for row in rows} == {
        (AttachmentState.DECLINED, None, None)
    }
    assert notices() == [Notice.GREETING, Notice.PICTURES_DECLINED]


def test_picture_that_meta_could_not_fetch_says_so(session: ConsultationSession) -> None:
    failed = said(ERIKA, "image", errors=[{"code": 400, "message": "Media download error"}])

    deliver(session, failed, by=ERIKA)

    assert Attachment.objects.get().state == AttachmentState.FAILED


WISHES = (
    *("Löschen", "löschen!", "LOESCHEN", "lösche", "bitte löschen", "„Löschen“", "lo\u0308schen"),
    *("Bitte alles löschen. Danke!", "Meine Daten löschen", "delete", "Please delete my data"),
)
QUESTIONS = (
    *("Kann die Feuerwehr löschen?", "Wie lösche ich meinen Eintrag?", "löschen " * 9),
    *("bitte", "gelöst", "!", "Schloss"),
)


@pytest.mark.parametrize("words", WISHES)
def test_wish_to_be_erased_in_many_words(session: ConsultationSession, words: str) -> None:
    deliver(session, text(ERIKA, words), by=ERIKA)

    assert notices() == [Notice.GREETING, Notice.ERASE_QUESTION]
    assert Conversation.objects.get().waiting_since is None


@pytest.mark.parametrize("words", QUESTIONS)
def test_question_about_erasing_is_none(words: str) -> None:
    event = Incoming(Sender(), "1", "1", timezone.now(), MessageKind.TEXT, {"text": words})

    assert not is_wish(event)


def test_no_keeps_the_conversation(session: ConsultationSession) -> None:
    deliver(session, text(ERIKA, "Löschen"), by=ERIKA)
    press(session, wording.ERASE_NO)

    assert notices()[-1] == Notice.ERASE_KEPT
    assert Conversation.objects.get().erase_requested_at is None


class TestAfterYes:
    """The old conversation is cut off at once; what comes later begins anew, what is late doesn't."""

    @pytest.fixture(autouse=True)
    def _yes(
        self,
        session: ConsultationSession,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        self.question = text(ERIKA, "geheim", at=ago(minutes=3))
        self.press_of_yes = {"id": "wamid.yes", "at": ago(minutes=1)}
        deliver(session, self.question, by=ERIKA)
        deliver(session, text(ERIKA, "Löschen", at=ago(minutes=2)), by=ERIKA)
        with django_capture_on_commit_callbacks(execute=True):
            press(session, wording.ERASE_YES, **self.press_of_yes)

    def test_conversation_is_marked_and_nobody_is_found(self) -> None:
        assert Conversation.objects.get().erase_requested_at is not None
        assert not CitizenIdentifier.objects.exists()

    @pytest.mark.parametrize("erased", [False, True])
    def test_new_message_begins_a_new_conversation(
        self, session: ConsultationSession, erased: bool
    ) -> None:
        if erased:
            erase_conversation(Conversation.objects.get().pk)

        deliver(session, text(ERIKA, "Noch etwas"), by=ERIKA)

        new = Conversation.objects.get(number=2)
        (message,) = new.messages.filter(direction=Direction.IN)
        assert message.content == {"text": "Noch etwas"}

    @pytest.mark.parametrize("erased", [False, True])
    def test_late_copies_bring_nothing_back(
        self, session: ConsultationSession, erased: bool
    ) -> None:
        if erased:
            erase_conversation(Conversation.objects.get().pk)

        deliver(session, self.question, by=ERIKA)
        deliver(session, text(ERIKA, "überholt", at=ago(minutes=4)), by=ERIKA)
        press(session, wording.ERASE_YES, **self.press_of_yes)

        assert not Conversation.objects.filter(erase_requested_at=None).exists()
