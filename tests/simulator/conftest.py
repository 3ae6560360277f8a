"""One simulator and one receiver of its webhooks for all tests here, emptied between them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.control import Control, Phone
from tests.simulator.graph_api import GraphApi
from tests.simulator.process import Simulator, running_simulator
from tests.simulator.receiver import Webhooks, receiving


@pytest.fixture(scope="session")
def _receiver() -> Iterator[Webhooks]:
    with receiving("test-app-secret", "test-verify-token") as webhooks:
        yield webhooks


@pytest.fixture(scope="session")
def _process(_receiver: Webhooks) -> Iterator[Simulator]:
    with running_simulator(_receiver.url) as simulator:
        yield simulator


@pytest.fixture
def simulator(_process: Simulator, _receiver: Webhooks) -> Iterator[Simulator]:
    _process.control.reset(seed=1)
    _receiver.clear()
    yield _process
    _process.control.reset()


@pytest.fixture
def webhooks(_receiver: Webhooks, simulator: Simulator) -> Webhooks:
    return _receiver


@pytest.fixture
def control(simulator: Simulator) -> Control:
    return simulator.control


@pytest.fixture
def api(simulator: Simulator) -> Iterator[GraphApi]:
    graph = GraphApi(simulator)
    yield graph
    graph.http.close()


@pytest.fixture
def anna(control: Control) -> Phone:
    """A citizen with a number who has just written."""
    citizen = control.citizen("Anna Süß")
    citizen.say("Guten Tag")
    control.idle()
    return citizen
