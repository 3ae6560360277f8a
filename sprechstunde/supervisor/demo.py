"""What only the demo has: drawn secrets, the simulated WhatsApp's names, `demo.json`, the greeting."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from socket import socket
from typing import NotRequired, TypedDict
from urllib.parse import quote

from sprechstunde.supervisor.configuration import Configuration

SECRETS_FILE = "demo-secrets.json"
ADDRESSES_FILE = "demo.json"

# From the range that the Bundesnetzagentur keeps free for films: nobody is called by accident.
DISPLAY_PHONE_NUMBER = "+49 30 23125100"
MAILBOX = "sprechstunde@musterstadt.example"
# Role, user name, and the department where there is one.
PEOPLE = (
    ("host", "buergermeisterin", ""),
    ("assistant", "assistenz", ""),
    ("clerk", "bauamt", "Bauamt"),
    ("clerk", "ordnungsamt", "Ordnungsamt"),
    ("clerk", "stadtwerke", "Stadtwerke"),
    ("auditor", "datenschutz", ""),
    ("admin", "verwaltung", ""),
)


class Login(TypedDict):
    """One member of the sample staff; the password is drawn at the first start."""

    role: str
    username: str
    password: str
    department: NotRequired[str]


class Secrets(TypedDict):
    """What `DEMO_SECRETS_FILE` holds, for `manage.py seed_demo`."""

    app_secret: str
    verify_token: str
    access_token: str
    phone_number_id: str
    waba_id: str
    display_phone_number: str
    logins: list[Login]


def kept_secrets(var_dir: Path) -> Secrets:
    """The secrets of this demo: drawn at its first start, the same ever after.

    Logins that an older version of the demo did not have are added.
    """
    path = var_dir / SECRETS_FILE
    kept: Secrets = json.loads(path.read_text("utf-8")) if path.is_file() else _draw()
    known = {login["username"]: login for login in kept["logins"]}
    logins = [known.get(person[1]) or _login(*person) for person in PEOPLE]
    if not path.is_file() or logins != kept["logins"]:
        kept["logins"] = logins
        write_private(path, kept)
    return kept


def _draw() -> Secrets:
    return {
        "app_secret": secrets.token_hex(16),
        "verify_token": secrets.token_urlsafe(24),
        "access_token": "EAA" + secrets.token_urlsafe(48),
        "phone_number_id": _digits(15),
        "waba_id": _digits(15),
        "display_phone_number": DISPLAY_PHONE_NUMBER,
        "logins": [_login(*person) for person in PEOPLE],
    }


def _login(role: str, username: str, department: str) -> Login:
    login: Login = {"role": role, "username": username, "password": secrets.token_urlsafe(12)}
    return {**login, "department": department} if department else login


def _digits(count: int) -> str:
    return str(10 ** (count - 1) + secrets.randbelow(9 * 10 ** (count - 1)))


def write_private(path: Path, content: object) -> None:
    """Write JSON that only our account can read, all of it or nothing."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(content, file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


@dataclass(frozen=True)
class MailPorts:
    """Where the simulated mail server listens; drawn anew at each start."""

    smtp: int
    imap: int


def draw_mail_ports() -> MailPorts:
    """Two ports of the loopback address that are free now."""
    with socket() as smtp, socket() as imap:
        for probe in (smtp, imap):
            probe.bind(("127.0.0.1", 0))
        return MailPorts(smtp.getsockname()[1], imap.getsockname()[1])


def configured(configuration: Configuration, drawn: Secrets, mail: MailPorts) -> Configuration:
    """The configuration with the simulated WhatsApp and mail server in the real ones' place."""
    webhook = f"{configuration.portal_url}/webhooks/whatsapp/"
    ours = {
        # In a container everybody is root; for `make run` the warning stays.
        "PYTHONWARNINGS": "ignore:You're running the worker",
        "DEMO_SECRETS_FILE": str(configuration.var_dir / SECRETS_FILE),
        "WHATSAPP_API_URL": configuration.simulator_url,
        "WHATSAPP_ACCESS_TOKEN": drawn["access_token"],
        "WHATSAPP_APP_SECRET": drawn["app_secret"],
        "WHATSAPP_VERIFY_TOKEN": drawn["verify_token"],
        "PORT": str(configuration.port),
        "SIMULATOR_PORT": str(configuration.simulator_port),
        "SIMULATOR_WEBHOOK_URL": webhook,
        "SIMULATOR_PHONE_NUMBER_ID": drawn["phone_number_id"],
        "SIMULATOR_WABA_ID": drawn["waba_id"],
        "SIMULATOR_DISPLAY_PHONE_NUMBER": drawn["display_phone_number"],
        "SIMULATOR_SMTP_PORT": str(mail.smtp),
        "SIMULATOR_IMAP_PORT": str(mail.imap),
        "PORTAL_URL": configuration.portal_url,
        "DEFAULT_FROM_EMAIL": MAILBOX,
        **_mail_servers(configuration.environment, mail),
    }
    # A secret's file would be read instead of our value.
    others = {
        name: value
        for name, value in configuration.environment.items()
        if name.removesuffix("_FILE") not in ours
    }
    return replace(configuration, environment={**others, **ours})


def _mail_servers(environment: Mapping[str, str], mail: MailPorts) -> dict[str, str]:
    """The simulated servers, never a real one that happens to stand in the environment.

    Only who names another one for the demo gets it.
    """
    # On the loopback address there is nobody to encrypt for.
    outgoing = f"smtp+insecure://127.0.0.1:{mail.smtp}"
    incoming = f"imap+insecure://{quote(MAILBOX, safe='')}:any@127.0.0.1:{mail.imap}"
    return {
        "EMAIL_URL": environment.get("DEMO_EMAIL_URL") or outgoing,
        "INBOX_URL": environment.get("DEMO_INBOX_URL") or incoming,
    }


def addresses(
    configuration: Configuration,
    drawn: Secrets,
    mail: MailPorts,
    logins: list[Mapping[str, str]],
) -> dict[str, object]:
    """The content of `demo.json`."""
    names = (
        "app_secret", "verify_token", "access_token",
        "phone_number_id", "waba_id", "display_phone_number",
    )  # fmt: skip
    return {
        "portal": configuration.portal_url,
        "simulator": configuration.simulator_url,
        **{name: drawn[name] for name in names},  # type: ignore[literal-required]
        "smtp": f"127.0.0.1:{mail.smtp}",
        "imap": f"127.0.0.1:{mail.imap}",
        "logins": logins,
    }


def greeting(configuration: Configuration, logins: list[Mapping[str, str]]) -> str:
    """What the person who typed `make demo` reads once all is ready."""
    rows = [
        f"  {login['role']:<11} {login['username']:<20} {login['password']}" for login in logins
    ]
    return "\n".join(
        [
            "",
            "Sprechstunde is running, with a simulated WhatsApp and invented data.",
            "",
            f"  Public page      {configuration.portal_url}/",
            f"  Mayor's desk     {configuration.portal_url}/desk/",
            f"  Departments      {configuration.portal_url}/tickets/",
            f"  Citizens' phones {configuration.simulator_url}/",
            f"  Mailboxes        {configuration.simulator_url}/mail",
            "",
            f"  {'role':<11} {'user name':<20} password",
            *rows,
            "",
            f"  All of it also stands in {configuration.var_dir / ADDRESSES_FILE}. Ctrl-C stops everything.",
            "",
        ]
    )
