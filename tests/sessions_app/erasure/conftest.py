"""Each test has keys and media of its own: what others leave behind would be found here."""

from pathlib import Path

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _own_keys_and_media(settings: Settings, tmp_path: Path) -> None:
    settings.KEYSTORE_URL = f"file://{tmp_path / 'keys'}"
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TICKET_MEDIA_ROOT = tmp_path / "tickets"
