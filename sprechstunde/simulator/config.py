"""What the simulator is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Config:
    """The account that is simulated and the address its webhooks go to."""

    port: int = 8900
    smtp_port: int = 0  # any that is free
    imap_port: int = 0
    webhook_url: str = "http://127.0.0.1:8000/webhooks/whatsapp/"
    phone_number_id: str = "106540352242922"
    waba_id: str = "102290129340398"
    display_phone_number: str = "4978421234"
    app_secret: str = field(default="simulator-app-secret", repr=False)
    verify_token: str = field(default="simulator-verify-token", repr=False)
    access_token: str = field(default="simulator-access-token", repr=False)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


NAMES = {
    "webhook_url": "SIMULATOR_WEBHOOK_URL",
    "phone_number_id": "SIMULATOR_PHONE_NUMBER_ID",
    "waba_id": "SIMULATOR_WABA_ID",
    "display_phone_number": "SIMULATOR_DISPLAY_PHONE_NUMBER",
    "app_secret": "WHATSAPP_APP_SECRET",
    "verify_token": "WHATSAPP_VERIFY_TOKEN",
    "access_token": "WHATSAPP_ACCESS_TOKEN",
}


def from_environment(environ: Mapping[str, str] = os.environ) -> Config:
    """Read the configuration; raises ValueError if a port or number is not one."""
    given = {key: _value(environ, name) for key, name in NAMES.items()}
    texts = {key: value for key, value in given.items() if value}
    if "app_secret" in texts:
        texts["app_secret"] = texts["app_secret"].split(",")[0].strip()
    if "display_phone_number" in texts:
        texts["display_phone_number"] = _digits(texts["display_phone_number"])
    return Config(
        port=int(environ.get("SIMULATOR_PORT") or 8900),
        smtp_port=int(environ.get("SIMULATOR_SMTP_PORT") or 0),
        imap_port=int(environ.get("SIMULATOR_IMAP_PORT") or 0),
        **texts,
    )


def _value(environ: Mapping[str, str], name: str) -> str:
    if path := environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return environ.get(name, "").strip()


def _digits(number: str) -> str:
    digits = "".join(character for character in number if character.isdigit())
    if not digits:
        raise ValueError("SIMULATOR_DISPLAY_PHONE_NUMBER holds no digits")
    return digits
