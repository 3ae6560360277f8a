"""Registration, profile, settings, health, block list, codes, subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.control import Control, Phone
from tests.simulator.graph_api import GraphApi, code
from tests.simulator.receiver import Webhooks

PRODUCT = {"messaging_product": "whatsapp"}


def test_profile_keeps_what_was_set(api: GraphApi) -> None:
    profile = {"about": "Sprechstunde", "vertical": "GOVT", "websites": ["https://example.org"]}

    changed = api.number("POST", "/whatsapp_business_profile", json={**PRODUCT, **profile})
    read = api.number("GET", "/whatsapp_business_profile").json()

    assert changed.json() == {"success": True}
    assert read == {"data": [{**PRODUCT, **profile}]}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"about": "x" * 140}, 131009),
        ({"vertical": "TOWN"}, 100),
        ({"websites": ["a"] * 3}, 131009),
    ],
)
def test_profile_beyond_metas_limits_is_refused(
    api: GraphApi, profile: dict[str, Any], expected: int
) -> None:
    reply = api.number("POST", "/whatsapp_business_profile", json={**PRODUCT, **profile})

    assert code(reply) == expected


def test_deregistered_number_cannot_send_until_registered_with_its_pin(
    api: GraphApi, anna: Phone
) -> None:
    api.number("POST", "/register", json={**PRODUCT, "pin": "123456"})
    api.number("POST", "/deregister")

    refused = code(api.text(anna, "Hallo"))
    wrong_pin = code(api.number("POST", "/register", json={**PRODUCT, "pin": "654321"}))
    api.number("POST", "/register", json={**PRODUCT, "pin": "123456"})

    assert (refused, wrong_pin, api.text(anna, "Hallo").status_code) == (133010, 133005, 200)


def test_eleventh_registration_in_72_hours_is_refused(api: GraphApi, control: Control) -> None:
    order = {**PRODUCT, "pin": "123456"}
    for _ in range(10):
        api.number("POST", "/register", json=order)

    refused = code(api.number("POST", "/register", json=order))
    control.advance(72 * 3600 + 1)

    assert refused == 133016
    assert api.number("POST", "/register", json=order).json() == {"success": True}


def test_local_storage_is_chosen_before_registration_only(api: GraphApi) -> None:
    storage = {"status": "IN_COUNTRY_STORAGE_ENABLED", "data_localization_region": "DE"}
    order = {"storage_configuration": storage}

    refused = code(api.number("POST", "/settings", json=order))
    api.number("POST", "/deregister")
    api.number("POST", "/settings", json=order)

    assert refused == 100
    assert api.number("GET", "/settings").json()["storage_configuration"] == storage


def test_health_says_whether_the_number_can_send(api: GraphApi) -> None:
    def able() -> str:
        health = api.number("GET", "?fields=health_status").json()["health_status"]
        return str(health["can_send_message"])

    before = able()
    api.number("POST", "/deregister")

    assert (before, able()) == ("AVAILABLE", "BLOCKED")


def test_blocked_citizen_cannot_be_written_to_until_unblocked(api: GraphApi, anna: Phone) -> None:
    order = {**PRODUCT, "block_users": [{"user_id": anna.user_id}]}

    added = api.number("POST", "/block_users", json=order).json()["block_users"]["added_users"]
    refused = code(api.text(anna, "Hallo"))
    listed = api.number("GET", "/block_users").json()["data"]
    api.number("DELETE", "/block_users", json=order)

    assert (added[0]["user_id"], refused, len(listed)) == (anna.user_id, 130403, 1)
    assert api.text(anna, "Hallo").status_code == 200


def test_citizen_who_never_wrote_cannot_be_blocked(api: GraphApi, control: Control) -> None:
    stranger = control.citizen()
    order = {**PRODUCT, "block_users": [{"user": f"+{stranger.phone}"}]}

    assert code(api.number("POST", "/block_users", json=order)) == 139100


def test_qr_code_can_be_made_changed_read_and_deleted(api: GraphApi) -> None:
    order = {"prefilled_message": "Guten Tag", "generate_qr_image": "SVG"}
    made = api.number("POST", "/message_qrdls", json=order).json()
    path = f"/message_qrdls/{made['code']}"

    change = {"code": made["code"], "prefilled_message": "Hallo"}
    api.number("POST", "/message_qrdls", json=change)
    read = api.number("GET", path).json()["data"][0]["prefilled_message"]
    deleted = api.number("DELETE", path).json()

    assert made["deep_link_url"] == f"https://wa.me/message/{made['code']}"
    assert (read, deleted) == ("Hallo", {"success": True})
    assert api.number("GET", "/message_qrdls").json() == {"data": []}


def test_conversational_components_are_kept(api: GraphApi) -> None:
    components = {
        "prompts": ["Wann ist die nächste Sprechstunde?"],
        "commands": [{"command_name": "loeschen", "command_description": "Alles löschen"}],
    }

    api.number("POST", "/conversational_automation", json=components)
    read = api.number("GET", "?fields=conversational_automation").json()

    assert read["conversational_automation"].items() >= components.items()


def test_fifth_prompt_is_refused(api: GraphApi) -> None:
    reply = api.number("POST", "/conversational_automation", json={"prompts": ["x"] * 5})

    assert code(reply) == 131009


def test_unsubscribed_app_hears_nothing(
    api: GraphApi, control: Control, webhooks: Webhooks
) -> None:
    path = f"/{api.simulator.waba_id}/subscribed_apps"
    api.request("DELETE", path)
    control.citizen().say("Hört mich jemand?")
    control.idle()
    silent = len(webhooks.bodies)

    api.request("POST", path)
    control.citizen().say("Und jetzt?")
    control.idle()

    assert (silent, len(webhooks.bodies)) == (0, 1)
    assert len(api.request("GET", path).json()["data"]) == 1


def test_callback_address_is_taken_only_if_it_verifies(api: GraphApi, webhooks: Webhooks) -> None:
    path = f"/{api.simulator.waba_id}/subscribed_apps"
    order = {"override_callback_uri": webhooks.url, "verify_token": "test-verify-token"}

    right = api.request("POST", path, json=order)
    wrong = api.request("POST", path, json={**order, "verify_token": "wrong"})

    assert right.json() == {"success": True}
    assert wrong.json()["error"]["error_subcode"] == 2200


def test_number_is_described_by_the_fields_asked_for(api: GraphApi) -> None:
    fields = api.number("GET", "?fields=display_phone_number,throughput").json()

    assert fields == {
        "display_phone_number": f"+{api.simulator.display_phone_number}",
        "throughput": {"level": "STANDARD"},
        "id": api.simulator.phone_number_id,
    }
