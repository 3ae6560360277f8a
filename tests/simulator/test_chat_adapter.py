"""The unmodified npm client @chat-adapter/whatsapp against the simulator."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from sprechstunde.simulator.webhooks import encode
from tests.services import node
from tests.simulator.control import Control, eventually
from tests.simulator.process import Simulator
from tests.simulator.receiver import Webhooks

Json = dict[str, Any]
HERE = Path(__file__).parent / "npm"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sprechstunde" / "npm"


@dataclass(frozen=True, slots=True)
class Oracle:
    """The client in its Node process."""

    url: str

    def do(self, action: str, **order: Any) -> Any:
        reply = requests.post(f"{self.url}/do", json={"action": action, **order}, timeout=60)
        assert reply.status_code == 200, reply.text
        return reply.json()["answer"]

    def hears(self, count: int = 1) -> list[Json]:
        """What the client parsed, once there is as much."""

        def look() -> list[Json]:
            heard: list[Json] = self.do("heard")
            return heard if len(heard) >= count else []

        return eventually(look, f"the client did not hear {count} events")


@pytest.fixture(scope="session")
def client_folder() -> Path:
    """The packages of package-lock.json, installed once per lock file."""
    node.executable()
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package-lock.json").read_bytes()
    installed = CACHE / "package-lock.json"
    if not (CACHE / "done").exists() or installed.read_bytes() != wanted:
        (CACHE / "done").unlink(missing_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, CACHE / name)
        _install()
        (CACHE / "done").touch()
    shutil.copy(HERE / "oracle.mjs", CACHE / "oracle.mjs")
    return CACHE


def _install() -> None:
    npm = shutil.which("npm")
    assert npm, "Node without npm"
    command = [npm, "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=CACHE, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def oracle(client_folder: Path, simulator: Simulator, webhooks: Webhooks) -> Iterator[Oracle]:
    environment = {
        **simulator.settings(),
        "WHATSAPP_PHONE_NUMBER_ID": simulator.phone_number_id,
        "PATH": os.environ["PATH"],
    }
    process = subprocess.Popen(
        [node.executable(), "oracle.mjs"],
        cwd=client_folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        simulator.control.post("/control/webhook", url=f"{url}/webhooks")
        yield Oracle(url)
    finally:
        simulator.control.post("/control/webhook", url=webhooks.url)
        process.terminate()
        process.wait()
        process.stdout.close()


def test_client_verifies_the_webhook(oracle: Oracle, control: Control) -> None:
    right = control.post("/control/webhook/verify")
    wrong = control.post("/control/webhook/verify", verify_token="wrong")

    assert (right["verified"], wrong["verified"]) == (True, False)


def test_client_accepts_only_signed_webhooks(oracle: Oracle, control: Control) -> None:
    control.faults(retry_delays=[])
    payload = {"object": "whatsapp_business_account", "entry": []}
    for signature in ("valid", "wrong", "none"):
        control.raw(body=encode(payload).decode(), signature=signature)
        control.idle()

    listed = control.deliveries()["deliveries"]

    assert [one["attempts"][0]["status"] for one in listed] == [200, 401, 401]


def test_client_parses_a_message_and_answers_it(oracle: Oracle, control: Control) -> None:
    anna = control.citizen("Anna")
    question = anna.say("Grüße 😀")

    [heard] = oracle.hears()
    sent = oracle.do("reply", thread=heard["thread"], id=question, text="Guten Tag")

    [bubble] = anna.received()
    assert (heard["id"], heard["text"]) == (question, "Grüße 😀")
    assert (bubble.wamid, bubble.text, bubble.quote) == (sent, "Guten Tag", question)


def test_client_answers_a_citizen_without_number_by_bsuid(oracle: Oracle, control: Control) -> None:
    citizen = control.citizen(username="anna.k")
    citizen.say("Guten Tag")

    [heard] = oracle.hears()
    oracle.do("post", thread=heard["thread"], text="Hallo")

    assert heard["author"] == citizen.user_id
    assert [bubble.text for bubble in citizen.received()] == ["Hallo"]


def test_client_parses_every_message_of_a_batch(oracle: Oracle, control: Control) -> None:
    control.faults(batch_size=1000, batch_wait=5.0)
    people = [control.citizen() for _ in range(3)]
    for person in people:
        person.say("Guten Tag")

    heard = oracle.hears(3)

    assert len(heard) == 3
    assert len(control.deliveries()["deliveries"]) == 1


def test_client_offers_buttons_and_hears_the_choice(oracle: Oracle, control: Control) -> None:
    anna = control.citizen("Anna")
    anna.say("Guten Tag")
    [heard] = oracle.hears()

    buttons = [["yes", "Ja, gern"], ["no", "Nein"]]
    oracle.do("buttons", thread=heard["thread"], text="Per E-Mail?", buttons=buttons)
    [offered] = anna.received()
    anna.press(offered.buttons[0]["id"])

    action = oracle.hears(2)[1]
    assert [button["title"] for button in offered.buttons] == ["Ja, gern", "Nein"]
    assert (action["kind"], action["id"]) == ("action", "yes")


def test_client_uploads_and_sends_media(oracle: Oracle, control: Control) -> None:
    anna = control.citizen("Anna")
    anna.say("Guten Tag")
    [heard] = oracle.hears()

    data = base64.b64encode(b"\x89PNG\r\n\x1a\n plan").decode()
    order = {"filename": "plan.png", "mimeType": "image/png", "text": "Der Plan"}
    oracle.do("file", thread=heard["thread"], data=data, **order)

    [bubble] = anna.received()
    assert (bubble.type, bubble.text) == ("image", "Der Plan")


def test_client_looks_media_up_and_keeps_its_own_rule_against_internal_addresses(
    oracle: Oracle, control: Control
) -> None:
    """It fetches over HTTPS from public addresses only; pywa's test fetches the bytes."""
    picture = control.citizen("Anna").send("image")
    oracle.hears()

    refusal = oracle.do("download", id=picture)

    assert refusal == "NetworkError: Refusing to fetch an internal attachment URL"


def test_client_reacts_reads_and_types(oracle: Oracle, control: Control) -> None:
    anna = control.citizen("Anna")
    question = anna.say("Guten Tag")
    [heard] = oracle.hears()

    oracle.do("react", thread=heard["thread"], id=question)
    reacted = anna.inbox()[0].reactions
    oracle.do("unreact", thread=heard["thread"], id=question)
    oracle.do("read", id=question)
    oracle.do("typing", thread=heard["thread"])

    assert (reacted, anna.inbox()[0].reactions) == ({"business": "👍"}, {})
    assert (anna.inbox()[0].status, anna.state()["typing"]) == ("read", True)


def test_client_hears_a_reaction(oracle: Oracle, control: Control) -> None:
    anna = control.citizen("Anna")
    anna.say("Guten Tag")
    [heard] = oracle.hears()
    sent = oracle.do("post", thread=heard["thread"], text="Hallo")

    anna.react(sent, "❤️")

    reaction = oracle.hears(2)[1]
    assert (reaction["kind"], reaction["id"], reaction["emoji"]) == ("reaction", sent, "❤️")


def test_client_keeps_its_thread_when_the_number_changes(oracle: Oracle, control: Control) -> None:
    anna = control.citizen("Anna")
    anna.say("alte Nummer")
    [first] = oracle.hears()

    new = anna.change_number()
    control.idle()
    new.say("neue Nummer")

    second = oracle.hears(2)[1]
    oracle.do("post", thread=second["thread"], text="Hallo")
    assert second["thread"] == first["thread"]
    assert [bubble.text for bubble in new.received()] == ["Hallo"]
