"""A citizen is found by BSUID first, by number second; ids may be missing or change; nobody is merged."""

from dataclasses import replace
from typing import Any

import pytest

from sessions_app.enums import Direction, MessageKind
from sessions_app.models import CitizenIdentifier, ConsultationSession, Conversation, Message
from sessions_app.services.inbound import identity
from sessions_app.whatsapp.events import Sender
from tests import factories
from tests.sessions_app.inbound.webhooks import Citizen, ago, citizen, deliver, said, text

pytestmark = pytest.mark.django_db

ERIKA = Citizen()
NAMELESS = replace(ERIKA, phone=None)
OLD_SHAPE = replace(ERIKA, bsuid=None)
MOVED = replace(ERIKA, phone="4917099999999", bsuid="DE.55555")


@pytest.fixture
def session() -> ConsultationSession:
    return factories.session()


def say(session: ConsultationSession, by: Citizen, body: str = "Hallo", **rest: Any) -> None:
    assert deliver(session, text(by, body, **rest), by=by) == 200


def move(session: ConsultationSession, to: Citizen = MOVED, before: Citizen = ERIKA) -> None:
    deliver(session, moved(to, before))


def moved(to: Citizen = MOVED, before: Citizen = ERIKA) -> dict[str, Any]:
    """The system message of a changed number, or of a changed id where no number is told."""
    system = {"body": "…", "user_id": to.bsuid, "previous_user_id": before.bsuid}
    if to.phone is None:
        nobody = Citizen(phone=None, bsuid=None)
        return said(nobody, "system", {**system, "type": "user_changed_user_id"})
    old = replace(before, bsuid=None)
    return said(old, "system", {**system, "type": "user_changed_number", "wa_id": to.phone})


def conversations() -> list[Conversation]:
    return list(Conversation.objects.order_by("number"))


def notes() -> list[tuple[int, dict[str, Any]]]:
    rows = Message.objects.filter(kind=MessageKind.IDENTITY).select_related("conversation")
    return sorted((row.conversation.number, row.content) for row in rows)


@pytest.mark.parametrize(
    ("first", "second"),
    [(ERIKA, NAMELESS), (NAMELESS, ERIKA), (OLD_SHAPE, ERIKA), (ERIKA, OLD_SHAPE)],
)
def test_person_is_the_same_whichever_ids_are_shown(
    session: ConsultationSession, first: Citizen, second: Citizen
) -> None:
    say(session, first)
    say(session, second)

    (conversation,) = conversations()
    assert (conversation.phone, conversation.bsuid) == (ERIKA.phone, ERIKA.bsuid)


def test_person_without_a_number_is_written_to_by_bsuid(session: ConsultationSession) -> None:
    say(session, replace(NAMELESS, username="erika.m"))

    (conversation,) = conversations()
    assert (conversation.phone, conversation.bsuid, conversation.username) == (
        None,
        ERIKA.bsuid,
        "erika.m",
    )


def test_number_of_somebody_with_another_bsuid_merges_nobody(session: ConsultationSession) -> None:
    other = replace(ERIKA, bsuid="DE.777")

    say(session, ERIKA, "1")
    say(session, other, "2")
    say(session, replace(other, phone=None), "3")

    assert [row.bsuid for row in conversations()] == [ERIKA.bsuid, "DE.777"]
    assert [row.unread for row in conversations()] == [1, 2]


def test_same_citizen_in_two_sessions_is_two_unrelated_people() -> None:
    one, two = factories.session(), factories.session()

    say(one, ERIKA)
    say(two, ERIKA)

    digests = list(CitizenIdentifier.objects.values_list("digest", flat=True))
    assert len(conversations()) == 2
    assert len(set(digests)) == 4


def test_name_that_comes_later_is_learnt(session: ConsultationSession) -> None:
    say(session, replace(ERIKA, name=None))
    say(session, ERIKA)

    assert [row.name for row in conversations()] == [ERIKA.name]


def test_changed_number_is_followed_and_noted(session: ConsultationSession) -> None:
    say(session, ERIKA, "1")
    move(session)
    say(session, MOVED, "2")

    (conversation,) = conversations()
    assert (conversation.phone, conversation.bsuid) == (MOVED.phone, MOVED.bsuid)
    assert notes() == [(1, {"change": "number"})]
    assert conversation.unread == 2


def test_late_message_under_the_old_ids_does_not_bring_them_back(
    session: ConsultationSession,
) -> None:
    say(session, ERIKA, "1")
    move(session)
    say(session, ERIKA, "written before", at=ago(minutes=1))

    (conversation,) = conversations()
    assert (conversation.phone, conversation.bsuid) == (MOVED.phone, MOVED.bsuid)


def test_process_that_learns_a_name_does_not_undo_what_another_changed(
    session: ConsultationSession,
) -> None:
    say(session, replace(ERIKA, username=None))
    sender = Sender(bsuid=ERIKA.bsuid, phones=(ERIKA.phone or "",), username="erika.m")
    stale = identity.Directory(session)
    identity.look_up(stale, [sender])
    move(session)

    identity.recognise(stale, sender)
    identity.save(stale)

    (conversation,) = conversations()
    assert (conversation.username, conversation.phone) == ("erika.m", MOVED.phone)


def test_id_changed_without_a_number_forgets_the_old_number(session: ConsultationSession) -> None:
    say(session, ERIKA, "1")
    move(session, replace(MOVED, phone=None))
    say(session, ERIKA, "late", at=ago(minutes=1))

    (conversation,) = conversations()
    assert (conversation.phone, conversation.bsuid) == (None, MOVED.bsuid)
    assert notes() == [(1, {"change": "user_id"})]


def test_change_that_comes_twice_is_noted_once(session: ConsultationSession) -> None:
    say(session, ERIKA)
    change = moved()

    deliver(session, change, change)
    deliver(session, change)

    assert notes() == [(1, {"change": "number"})]


def test_late_copy_of_a_change_does_not_undo_the_next_one(session: ConsultationSession) -> None:
    third = replace(ERIKA, phone="4917088888888", bsuid="DE.66666")
    first_change = moved()
    say(session, ERIKA)

    deliver(session, first_change)
    move(session, third, before=MOVED)
    deliver(session, first_change)

    (conversation,) = conversations()
    assert (conversation.phone, conversation.bsuid) == (third.phone, third.bsuid)


def test_change_to_somebody_known_leaves_both_and_notes_it_in_both(
    session: ConsultationSession,
) -> None:
    say(session, ERIKA, "1")
    say(session, MOVED, "2")
    change = moved()

    deliver(session, change)
    deliver(session, change)

    first, second = conversations()
    assert (first.phone, second.phone) == (ERIKA.phone, MOVED.phone)
    assert notes() == [(1, {"change": "number", "other": 2}), (2, {"change": "number", "other": 1})]


def test_change_of_a_stranger_opens_nothing(session: ConsultationSession) -> None:
    move(session)

    assert conversations() == []


def test_change_in_the_middle_of_a_batch(session: ConsultationSession) -> None:
    batch = [
        text(MOVED, "2", at=ago(seconds=10)),
        {**moved(), "timestamp": str(int(ago(seconds=20).timestamp()))},
        text(ERIKA, "1", at=ago(seconds=30)),
    ]

    deliver(session, *batch)

    (conversation,) = conversations()
    assert conversation.unread == 2


def test_parent_bsuid_leads_to_the_conversation(session: ConsultationSession) -> None:
    parent = {"from_parent_user_id": "DE.ENT.1181"}
    deliver(session, text(NAMELESS, **parent))
    deliver(session, text(Citizen(phone="4917011111111", bsuid=None), **parent))

    assert len(conversations()) == 1


def test_identifiers_hold_no_readable_id(session: ConsultationSession) -> None:
    say(session, ERIKA)

    stored = b"".join(CitizenIdentifier.objects.values_list("digest", flat=True))
    assert str(ERIKA.phone).encode() not in stored
    assert len(stored) == 64


def test_hundred_strangers_in_one_webhook(session: ConsultationSession) -> None:
    people = [citizen(number) for number in range(100)]

    deliver(session, *(text(each) for each in people))

    rows = conversations()
    greetings = Message.objects.filter(direction=Direction.OUT, notice="greeting")
    assert [row.number for row in rows] == list(range(1, 101))
    assert greetings.count() == 100
