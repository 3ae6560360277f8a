"""A webhook is read element by element: each on its own, none at the cost of another."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sessions_app.enums import DeliveryState, MessageKind
from sessions_app.whatsapp.events import IdentityChange, Incoming, Parsed, Receipt, Sender
from sessions_app.whatsapp.payloads import Unreadable, parse
from tests.sessions_app.inbound.webhooks import Citizen, change, said, status, text, value, webhook

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
ERIKA = Citizen()
NUMBER = "106540352242922"


def parsed(*changes: Any) -> Parsed:
    return parse(json.dumps(webhook(*changes)).encode(), now=NOW)


def messages(*elements: Any, **rest: Any) -> list[Any]:
    return [update.event for update in parsed(change(value(NUMBER, *elements, **rest))).updates]


def sender(element: Any, *contacts: Any) -> Sender:
    (event,) = messages(element, contacts=list(contacts))
    assert isinstance(event, Incoming)
    return event.sender


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 100_000, b"nul"])
def test_body_that_is_no_object_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(body, now=NOW)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"entry": None},
        {"entry": [{}]},
        {"entry": [{"changes": [{}]}]},
        {"entry": [{"changes": [{"field": "messages"}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": []}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": {"messages": [{}]}}]}]},
        {"entry": ["x", 1, None, [[]]]},
    ],
)
def test_envelope_with_holes_says_nothing(payload: Any) -> None:
    assert parse(json.dumps(payload).encode(), now=NOW).updates == ()


@pytest.mark.parametrize(
    "field",
    [
        "account_update",
        "message_template_status_update",
        "phone_number_quality_update",
        "history",
        "smb_message_echoes",
        "user_preferences",
        "something_new",
    ],
)
def test_other_fields_are_counted_and_left_out(field: str) -> None:
    result = parsed(change(value(NUMBER, text(ERIKA)), field))

    assert (result.updates, result.skipped) == ((), {"other field": 1})


def test_garbage_between_messages_costs_only_itself() -> None:
    garbage: list[Any] = [
        None,
        7,
        "x",
        [],
        {},
        {"type": "text"},
        {"id": {}, "type": 5, "timestamp": []},
    ]
    result = parsed(change(value(NUMBER, text(ERIKA, "1"), *garbage, text(ERIKA, "2"))))

    assert [update.event.content["text"] for update in result.updates] == ["1", "2"]  # type: ignore[union-attr]
    assert result.skipped == {"broken": 4, "no sender": 3}


def test_thousands_of_digits_cost_only_their_element() -> None:
    body = json.dumps(webhook(change(value(NUMBER, {"x": 0}, text(ERIKA))))).encode()
    result = parse(body.replace(b'"x": 0', b'"x": ' + b"9" * 5000), now=NOW)

    assert len(result.updates) == 1


def test_every_part_of_a_batch_is_read() -> None:
    both = value(NUMBER, text(ERIKA), statuses=[status("w1", "sent"), status("w2", "read")])
    result = parsed(change(both), change(value("2", text(ERIKA))), change(both))

    assert [update.phone_number_id for update in result.updates] == [
        *[NUMBER] * 3,
        "2",
        *[NUMBER] * 3,
    ]


def test_times_are_unix_seconds_in_any_spelling() -> None:
    written = ["1790416800", 1790416800, None, "soon", "-1", "9" * 30, "99999999999"]
    found = [messages({**text(ERIKA), "timestamp": each})[0].sent_at for each in written]

    exact = datetime(2026, 9, 26, 10, 0, tzinfo=UTC)
    assert found == [exact, exact, NOW, NOW, NOW, NOW, NOW]


def test_clock_a_little_ahead_is_believed() -> None:
    ahead = NOW + timedelta(minutes=3)

    assert messages(text(ERIKA, at=ahead))[0].sent_at == ahead


def test_sender_with_number_and_bsuid() -> None:
    found = sender(text(ERIKA), ERIKA.contact())

    assert (found.bsuid, found.phones, found.name) == (ERIKA.bsuid, (ERIKA.phone,), ERIKA.name)


def test_sender_with_bsuid_only() -> None:
    anonymous = Citizen(phone=None, username="erika.m")
    found = sender(text(anonymous), anonymous.contact())

    assert (found.bsuid, found.phones, found.username) == (ERIKA.bsuid, (), "erika.m")


def test_sender_of_the_time_before_bsuids() -> None:
    old = Citizen(bsuid=None)

    assert sender(text(old), old.contact()).phones == (ERIKA.phone,)


@pytest.mark.parametrize("written", ["+4915112345678", "49 151 12345678", "+49-151/123456 78"])
def test_number_is_the_same_however_it_is_written(written: str) -> None:
    assert sender({**text(ERIKA), "from": written}).phones == ("4915112345678",)


def test_number_with_two_spellings_keeps_both() -> None:
    found = sender(text(Citizen(phone="5511987654321")), Citizen(phone="551187654321").contact())

    assert found.phones == ("5511987654321", "551187654321")


def test_contact_of_another_person_is_not_taken() -> None:
    other = Citizen("4917000000000", "DE.2", "Max")
    found = sender(text(ERIKA), other.contact(), ERIKA.contact())

    assert (found.name, found.phones) == (ERIKA.name, (ERIKA.phone,))
    assert sender(text(ERIKA), other.contact()).name is None


@pytest.mark.parametrize("name", ["", " ", "~", ".", "4915112345678", "+49 151 12345678", None, 5])
def test_name_that_says_nothing_or_the_number_is_none(name: Any) -> None:
    contact = {**ERIKA.contact(), "profile": {"name": name}}

    assert sender(text(ERIKA), contact).name is None


def test_message_without_any_sender_is_left_out() -> None:
    result = parsed(change(value(NUMBER, text(Citizen(phone=None, bsuid=None)))))

    assert (result.updates, result.skipped) == ((), {"no sender": 1})


def test_message_without_id_is_known_by_its_content() -> None:
    anonymous = {key: part for key, part in text(ERIKA, at=NOW).items() if key != "id"}
    first, again, other = messages(anonymous, anonymous, {**anonymous, "timestamp": "1790416801"})

    assert first.wamid is None
    assert first.identity == again.identity != other.identity


def test_context_tells_quote_and_forwarding() -> None:
    quoting, forwarded = messages(
        text(ERIKA, context={"from": "1", "id": "wamid.q"}),
        text(ERIKA, "x", context={"frequently_forwarded": True}),
    )

    assert quoting.quoted_wamid == "wamid.q"
    assert (forwarded.quoted_wamid, forwarded.content) == (None, {"text": "x", "forwarded": True})


def test_reaction_and_edit_point_at_their_message() -> None:
    reaction, edit, revoke = messages(
        said(ERIKA, "reaction", {"message_id": "w1", "emoji": "👍"}),
        said(ERIKA, "edit", {"original_message_id": "w2", "message": {}}),
        said(ERIKA, "revoke", {"original_message_id": "w3"}),
    )

    assert [each.quoted_wamid for each in (reaction, edit, revoke)] == ["w1", "w2", "w3"]


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (said(ERIKA, "reaction", {"emoji": "👍"}), "reaction to nothing"),
        (said(ERIKA, "request_welcome"), "not a chat message"),
        (text(ERIKA, group_id="g"), "not a chat message"),
        (said(ERIKA, "system", {"type": "customer_identity_changed"}), "system"),
        (said(ERIKA, "system", {"type": "user_changed_number"}), "system"),
        (text(Citizen(phone="4978421234")), "our own echo"),
    ],
)
def test_what_is_no_message_to_us_is_counted(element: Any, reason: str) -> None:
    result = parsed(change(value(NUMBER, element)))

    assert (result.updates, result.skipped) == ((), {reason: 1})


def test_changed_number_names_old_and_new_ids() -> None:
    system = {
        "type": "user_changed_number",
        "wa_id": "4917099999999",
        "user_id": "DE.new",
        "previous_user_id": ERIKA.bsuid,
    }
    (event,) = messages(said(ERIKA, "system", system))

    assert isinstance(event, IdentityChange)
    assert (event.change, event.previous.bsuid, event.previous.phone) == (
        "number",
        ERIKA.bsuid,
        ERIKA.phone,
    )
    assert (event.current.bsuid, event.current.phone) == ("DE.new", "4917099999999")


def test_changed_user_id_without_any_number() -> None:
    system = {"type": "user_changed_user_id", "user_id": "DE.new", "previous_user_id": "DE.old"}
    element = said(Citizen(phone=None, bsuid=None), "system", system)
    (event,) = messages(element)

    assert isinstance(event, IdentityChange)
    assert (event.change, event.previous.bsuid, event.current.bsuid) == (
        "user_id",
        "DE.old",
        "DE.new",
    )
    assert (event.previous.phones, event.current.phones) == ((), ())


@pytest.mark.parametrize("word", ["sent", "delivered", "read", "played", "failed"])
def test_status_words(word: str) -> None:
    (event,) = messages(statuses=[status("w", word, biz_opaque_callback_data="17")])

    assert isinstance(event, Receipt)
    assert (event.delivery, event.reference) == (DeliveryState[word.upper()], 17)


def test_failed_status_without_contacts_tells_its_code() -> None:
    errors = [{"code": 131047, "title": "T", "error_data": {"details": "d"}, "href": "h"}]
    with_code, without = messages(
        statuses=[status("w", "failed", errors=errors), status("w", "failed")]
    )

    assert (with_code.error_code, without.error_code) == (131047, None)


@pytest.mark.parametrize("mark", ["", "op-42", "²", "9" * 30, None, {}, -4])
def test_foreign_callback_data_is_no_reference(mark: Any) -> None:
    (event,) = messages(statuses=[status("w", "sent", biz_opaque_callback_data=mark)])

    assert event.reference is None


@pytest.mark.parametrize(
    "element", [status("w", "deleted"), status("w", "warning"), {"status": "sent"}]
)
def test_status_that_tells_nothing_is_counted(element: Any) -> None:
    assert parsed(change(value(NUMBER, statuses=[element]))).skipped == {"status": 1}


def test_error_of_the_account_is_counted() -> None:
    assert parsed(change(value(NUMBER, errors=[{"code": 130429}]))).skipped == {"error at Meta": 1}


def test_call_is_one_event_from_begin_to_end() -> None:
    call = {"id": "wacid.1", "from": ERIKA.phone, "direction": "USER_INITIATED", "timestamp": "1"}
    both = [{**call, "event": "connect"}, {**call, "event": "terminate"}]
    found = parsed(change(value(NUMBER, calls=both), "calls")).updates

    events = [update.event for update in found if isinstance(update.event, Incoming)]
    assert [(event.kind, event.identity) for event in events] == [(MessageKind.CALL, "wacid.1")] * 2


def test_call_of_ours_is_left_out() -> None:
    call = {"id": "wacid.1", "from": ERIKA.phone, "direction": "BUSINESS_INITIATED"}

    assert parsed(change(value(NUMBER, calls=[call]), "calls")).updates == ()


def test_events_show_nothing_personal() -> None:
    shown = repr(parsed(change(value(NUMBER, text(ERIKA, "geheim"), contacts=[ERIKA.contact()]))))

    assert not [
        word for word in ("geheim", ERIKA.phone, ERIKA.name, ERIKA.bsuid) if str(word) in shown
    ]
