"""Answers of the Graph API that go wrong, before and after acceptance."""

from __future__ import annotations

import time

import pytest
import requests

from tests.simulator.control import Control, ControlError, Phone
from tests.simulator.graph_api import GraphApi, code
from tests.simulator.receiver import Webhooks


@pytest.mark.parametrize(
    ("fault", "status"), [("refuse_rate_limit", 400), ("error_before", None), ("error_after", 500)]
)
def test_faulty_answer_tells_an_error(
    api: GraphApi, anna: Phone, control: Control, fault: str, status: int | None
) -> None:
    control.faults(**{fault: 1})

    reply = api.text(anna, "Hallo")

    assert reply.status_code == status if status else reply.status_code >= 500
    assert len(anna.received()) == (1 if fault == "error_after" else 0)


@pytest.mark.parametrize(("fault", "arrived"), [("cut_before", 0), ("cut_after", 1)])
def test_cut_connection_gives_no_answer(
    api: GraphApi, anna: Phone, control: Control, fault: str, arrived: int
) -> None:
    control.faults(**{fault: 1})

    with pytest.raises(requests.ConnectionError):
        api.text(anna, "Hallo")

    assert len(anna.received()) == arrived


def test_message_accepted_before_the_cut_is_recognised_by_its_status(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    control.faults(cut_after=1)

    with pytest.raises(requests.ConnectionError):
        api.text(anna, "Hallo", biz_opaque_callback_data="row-1")
    control.idle()

    [sent] = control.sends()
    told = {status["biz_opaque_callback_data"] for status in webhooks.statuses()}
    assert (sent["answer"], sent["callback"], told) == ("cut", "row-1", {"row-1"})


def test_ordered_errors_come_once_each_and_in_turn(
    api: GraphApi, anna: Phone, control: Control
) -> None:
    control.faults(next_errors=[131048, 131031])

    replies = [api.text(anna, "Hallo") for _ in range(3)]

    assert [code(reply) for reply in replies[:2]] == [131048, 131031]
    assert replies[2].status_code == 200


def test_shares_of_faults_are_kept(api: GraphApi, anna: Phone, control: Control) -> None:
    control.faults(
        messages_per_second=0, pair_burst=0, cut_after=0.3, refuse_rate_limit=0.1, error_before=0.1
    )
    told = {"cut": 0, "limited": 0, "failed": 0, "accepted": 0}

    for number in range(300):
        told[_outcome(api, anna, str(number))] += 1

    assert len(control.sends()) == told["cut"] + told["accepted"]
    assert 60 < told["cut"] < 120
    assert 15 < told["limited"] < 50
    assert 15 < told["failed"] < 50


def _outcome(api: GraphApi, anna: Phone, text: str) -> str:
    try:
        reply = api.text(anna, text)
    except requests.ConnectionError:
        return "cut"
    return {200: "accepted", 400: "limited"}.get(reply.status_code, "failed")


def test_latency_holds_back_the_answer(api: GraphApi, anna: Phone, control: Control) -> None:
    control.faults(latency=0.15)
    started = time.monotonic()

    api.text(anna, "Hallo")

    assert time.monotonic() - started >= 0.15


def test_late_answer_comes_after_acceptance(api: GraphApi, anna: Phone, control: Control) -> None:
    control.faults(late_after=1, late_seconds=60)
    api.timeout = 2

    with pytest.raises(requests.ReadTimeout):
        api.text(anna, "Hallo")

    assert [bubble.text for bubble in anna.received()] == ["Hallo"]


def test_unknown_or_impossible_fault_is_refused(control: Control) -> None:
    with pytest.raises(ControlError, match="unknown fault"):
        control.faults(gremlins=1)
    with pytest.raises(ControlError, match="between 0 and 1"):
        control.faults(cut_after=2)


def test_reset_forgets_faults_and_citizens(control: Control, anna: Phone) -> None:
    control.faults(cut_after=1)

    control.reset()

    assert control.citizens() == []
    assert control.get("/control/faults")["cut_after"] == 0
