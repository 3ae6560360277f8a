"""Status webhooks in all their irregularity, receipts and typing."""

from __future__ import annotations

from tests.simulator.control import Control, Phone
from tests.simulator.graph_api import GraphApi, code, wamid
from tests.simulator.receiver import Webhooks


def names(webhooks: Webhooks) -> list[str]:
    return [str(status["status"]) for status in webhooks.statuses()]


def test_status_carries_number_id_callback_and_contacts(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    sent = wamid(api.text(anna, "Hallo", biz_opaque_callback_data="row-1"))
    control.idle()

    first = next(value for value in webhooks.values() if "statuses" in value)
    [status] = first["statuses"]
    assert first["contacts"][0]["wa_id"] == anna.phone
    assert (status["id"], status["status"]) == (sent, "sent")
    assert (status["recipient_id"], status["recipient_user_id"]) == (anna.phone, anna.user_id)
    assert status["biz_opaque_callback_data"] == "row-1"


def test_status_of_a_send_to_hidden_number_has_no_number(
    api: GraphApi, control: Control, webhooks: Webhooks
) -> None:
    citizen = control.citizen(username="anna.k")
    citizen.say("Guten Tag")

    api.post({"recipient": citizen.user_id, "text": {"body": "Hallo"}})
    control.idle()

    assert names(webhooks) == ["sent", "delivered"]
    assert all("recipient_id" not in status for status in webhooks.statuses())
    assert all(citizen.phone.encode() not in body for body in webhooks.bodies)


def test_username_is_told_on_delivered_but_not_on_sent(
    api: GraphApi, control: Control, webhooks: Webhooks
) -> None:
    citizen = control.citizen(username="anna.k", shows_phone=True)
    citizen.say("Guten Tag")

    api.text(citizen, "Hallo")
    control.idle()

    profiles = [value["contacts"][0]["profile"] for value in webhooks.values()[1:]]
    assert [profile.get("username") for profile in profiles] == [None, "anna.k"]


def test_price_stands_on_exactly_one_status(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    api.text(anna, "Hallo")
    control.idle()
    control.faults(late_pricing=1)
    api.text(anna, "noch einmal")
    control.idle()

    priced = ["pricing" in status for status in webhooks.statuses()]
    assert priced == [True, False, False, True]


def test_price_beyond_the_free_tier_is_regular_or_exempt(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.post("/control/business", free_tier=0)
    api.text(anna, "teuer")
    control.post("/control/business", government=True)
    api.text(anna, "befreit")
    control.idle()

    prices = [status["pricing"] for status in webhooks.statuses() if "pricing" in status]
    assert [(price["type"], price.get("subtype")) for price in prices] == [
        ("regular", None),
        ("regular", "paid_exempt"),
    ]


def test_send_beyond_the_free_tier_without_payment_fails(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.post("/control/business", free_tier=0, payment=False)

    api.text(anna, "Hallo")
    control.idle()

    assert webhooks.statuses()[0]["errors"][0]["code"] == 131042


def test_delivered_can_be_skipped(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.faults(skip_delivered=1)

    api.text(anna, "Hallo")
    anna.look()
    control.idle()

    assert names(webhooks) == ["sent", "read"]


def test_statuses_can_arrive_in_the_wrong_order(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.faults(status_disorder=1)

    api.text(anna, "Hallo")
    control.idle()

    assert names(webhooks) == ["delivered", "sent"]


def test_statuses_can_be_lost(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.faults(status_loss=1)

    api.text(anna, "Hallo")
    control.idle()

    assert (names(webhooks), len(anna.received())) == ([], 1)


def test_failed_status_can_leave_out_the_callback(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.faults(callback_on_failed=False, next_failures=[131049])

    api.text(anna, "Hallo", biz_opaque_callback_data="row-1")
    control.idle()

    [failed] = webhooks.statuses()
    assert failed["errors"][0]["title"] == failed["errors"][0]["message"]
    assert "biz_opaque_callback_data" not in failed


def test_message_waits_for_a_phone_that_is_off(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    anna.change(online=False)
    api.text(anna, "Hallo")
    control.idle()
    before = (names(webhooks), len(anna.received()))

    anna.change(online=True)
    control.idle()

    assert before == (["sent"], 0)
    assert (names(webhooks), len(anna.received())) == (["sent", "delivered"], 1)


def test_reaction_of_office_gets_only_sent(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    reaction = {"message_id": anna.inbox()[0].wamid, "emoji": "👍"}

    api.post({"to": f"+{anna.phone}", "type": "reaction", "reaction": reaction})
    control.idle()

    assert names(webhooks) == ["sent"]


def test_read_receipt_turns_this_and_earlier_ticks_blue(api: GraphApi, anna: Phone) -> None:
    second = anna.say("zweite")
    anna.say("dritte", timestamp=anna.inbox()[1].at + 5)

    reply = api.number("POST", "/messages", json=_read(second))

    assert reply.json() == {"success": True}
    assert [bubble.status == "read" for bubble in anna.inbox()] == [True, True, False]
    assert anna.state()["read_receipts"] == [second]


def _read(wamid: str, **more: object) -> dict[str, object]:
    return {"messaging_product": "whatsapp", "status": "read", "message_id": wamid, **more}


def test_read_receipt_for_unknown_message_is_refused(api: GraphApi) -> None:
    assert code(api.number("POST", "/messages", json=_read("wamid.unknown"))) == 131009


def test_typing_ends_with_the_answer_or_after_25_seconds(
    api: GraphApi, anna: Phone, control: Control
) -> None:
    question = anna.inbox()[0].wamid
    order = _read(question, typing_indicator={"type": "text"})

    def types() -> bool:
        api.number("POST", "/messages", json=order)
        return bool(anna.state()["typing"])

    started = types()
    api.text(anna, "Antwort")
    after_answer = anna.state()["typing"]
    again = types()
    control.advance(26)

    assert (started, after_answer, again) == (True, False, True)
    assert anna.state()["typing"] is False


def test_voice_note_that_is_heard_is_told_as_played(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    note = {"link": "https://example.org/a.ogg", "voice": True}
    sent = wamid(api.post({"to": f"+{anna.phone}", "type": "audio", "audio": note}))
    anna.look()

    control.post(f"/control/citizens/{anna.id}/play", message=sent)
    control.idle()

    assert names(webhooks) == ["sent", "delivered", "read", "played"]
