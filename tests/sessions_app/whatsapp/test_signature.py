"""Only Meta's own bytes pass, and nothing does while no secret is set."""

import pytest
from pytest_django import Settings

from sessions_app.whatsapp.signature import is_genuine, is_our_token

# Recomputed from Meta's page "Create a webhook endpoint".
BODY = b'{"object":"whatsapp_business_account","entry":[]}'
SPACED = b'{"object": "whatsapp_business_account", "entry": []}'
HEX = "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756"
HEX_OF_SPACED = "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a"


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.WHATSAPP_APP_SECRETS = ["test_app_secret"]


@pytest.mark.parametrize(("body", "digest"), [(BODY, HEX), (SPACED, HEX_OF_SPACED)])
def test_signature_of_the_raw_bytes_is_genuine(body: bytes, digest: str) -> None:
    assert is_genuine(body, f"sha256={digest}")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        HEX,
        f"sha1={HEX}",
        f"sha256={HEX.upper()}",
        f"sha256={HEX[:-1]}",
        f"sha256={HEX_OF_SPACED}",
        "sha256=",
        "sha256=größe",
    ],
)
def test_any_other_header_is_refused(header: str | None) -> None:
    assert not is_genuine(BODY, header)


def test_reserialised_body_is_refused() -> None:
    assert not is_genuine(SPACED, f"sha256={HEX}")


@pytest.mark.parametrize("secrets", [["new", "test_app_secret"], ["test_app_secret", "new"]])
def test_both_secrets_are_valid_while_they_change(settings: Settings, secrets: list[str]) -> None:
    settings.WHATSAPP_APP_SECRETS = secrets

    assert is_genuine(BODY, f"sha256={HEX}")


def test_nothing_is_genuine_without_a_secret(settings: Settings) -> None:
    settings.WHATSAPP_APP_SECRETS = []

    assert not is_genuine(BODY, f"sha256={HEX}")


def test_token_is_ours_only_if_one_is_set(settings: Settings) -> None:
    settings.WHATSAPP_VERIFY_TOKEN = "möwe"
    assert [is_our_token(token) for token in ("möwe", "mowe", "", None)] == [
        True,
        False,
        False,
        False,
    ]

    settings.WHATSAPP_VERIFY_TOKEN = ""
    assert not is_our_token("")
