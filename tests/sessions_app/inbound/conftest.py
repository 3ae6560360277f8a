"""The simulator as the Meta to which the portal answers; its own webhooks lead nowhere."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.simulator.control import Control
from tests.simulator.process import Simulator, running_simulator

NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def _simulator() -> Iterator[Simulator]:
    with running_simulator(NOWHERE) as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator: Simulator, settings: Settings) -> Simulator:
    """A simulator without citizens; `settings.WHATSAPP_API_URL` leads to it."""
    _simulator.control.reset(seed=1)
    _simulator.control.faults(retry_delays=[])
    settings.WHATSAPP_API_URL = _simulator.base_url
    return _simulator


@pytest.fixture
def control(simulator: Simulator) -> Control:
    """The simulator's control API."""
    return simulator.control
