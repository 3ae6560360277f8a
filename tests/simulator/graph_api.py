"""The Graph API as the portal calls it, for tests of the simulator's answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.simulator.control import Phone
from tests.simulator.process import Simulator

Json = dict[str, Any]


@dataclass(slots=True)
class GraphApi:
    """Requests with the right token; answers are returned as they are."""

    simulator: Simulator
    http: requests.Session = field(default_factory=requests.Session)
    version: str = "/v26.0"
    timeout: float = 60.0

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.simulator.access_token}"}
        url = f"{self.simulator.base_url}{self.version}{path}"
        return self.http.request(method, url, headers=headers, timeout=self.timeout, **arguments)

    def number(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """A call below the phone-number id."""
        return self.request(method, f"/{self.simulator.phone_number_id}{path}", **arguments)

    def post(self, body: Json) -> requests.Response:
        return self.number("POST", "/messages", json={"messaging_product": "whatsapp", **body})

    def text(self, phone: Phone, text: str, **more: Any) -> requests.Response:
        return self.post({"to": f"+{phone.phone}", "type": "text", "text": {"body": text}, **more})

    def buttons(self, phone: Phone, text: str, buttons: dict[str, str]) -> requests.Response:
        action = {
            "buttons": [
                {"type": "reply", "reply": {"id": key, "title": title}}
                for key, title in buttons.items()
            ]
        }
        interactive = {"type": "button", "body": {"text": text}, "action": action}
        to = f"+{phone.phone}"
        return self.post({"to": to, "type": "interactive", "interactive": interactive})


def wamid(reply: requests.Response) -> str:
    """The id of an accepted send."""
    assert reply.status_code == 200, reply.text
    return str(reply.json()["messages"][0]["id"])


def code(reply: requests.Response) -> int:
    """The error code of a refused call."""
    assert reply.status_code != 200, reply.text
    return int(reply.json()["error"]["code"])
