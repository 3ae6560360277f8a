"""Media of the Graph API: upload, five-minute addresses, deletion."""

from __future__ import annotations

import hashlib

import pytest

from tests.simulator.control import Control, Phone
from tests.simulator.graph_api import GraphApi, code, wamid
from tests.simulator.receiver import Webhooks

PICTURE = b"\x89PNG\r\n\x1a\n\r\n--looks like a boundary\r\n" + bytes(range(256))


def upload(api: GraphApi, content: bytes = PICTURE, mime_type: str = "image/png") -> str:
    files = {"file": ("bild.png", content, mime_type)}
    form = {"messaging_product": "whatsapp", "type": mime_type}
    reply = api.number("POST", "/media", data=form, files=files)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["id"])


def test_uploaded_file_comes_back_byte_for_byte(api: GraphApi) -> None:
    media = upload(api)

    described = api.request("GET", f"/{media}").json()
    token = {"Authorization": f"Bearer {api.simulator.access_token}"}
    content = api.http.get(described["url"], headers=token, timeout=60).content

    assert content == PICTURE
    assert described["file_size"] == str(len(PICTURE))
    assert described["sha256"] == hashlib.sha256(PICTURE).hexdigest()


def test_download_without_token_is_refused(api: GraphApi) -> None:
    url = api.request("GET", f"/{upload(api)}").json()["url"]

    assert code(api.http.get(url, timeout=60)) == 190


def test_address_expires_after_five_minutes_and_is_renewed_by_asking_again(
    api: GraphApi, control: Control
) -> None:
    media = upload(api)
    url = api.request("GET", f"/{media}").json()["url"]
    token = {"Authorization": f"Bearer {api.simulator.access_token}"}
    control.advance(301)

    expired = api.http.get(url, headers=token, timeout=60).status_code
    renewed = api.request("GET", f"/{media}").json()["url"]

    assert expired == 404
    assert api.http.get(renewed, headers=token, timeout=60).content == PICTURE


def test_received_media_is_gone_after_seven_days(
    api: GraphApi, anna: Phone, control: Control, webhooks: Webhooks
) -> None:
    anna.send("image")
    control.idle()
    media = webhooks.messages()[-1]["image"]["id"]

    control.advance(7 * 24 * 3600 + 1)

    assert code(api.request("GET", f"/{media}")) == 100


def test_deleted_media_is_gone(api: GraphApi) -> None:
    media = upload(api)

    deleted = api.request("DELETE", f"/{media}").json()

    assert deleted == {"success": True}
    assert code(api.request("GET", f"/{media}")) == 100


@pytest.mark.parametrize(
    ("content", "mime_type", "expected"),
    [(b"x", "application/x-msdownload", 100), (b"x" * (5 * 1024 * 1024 + 1), "image/png", 131053)],
)
def test_upload_of_wrong_type_or_size_is_refused(
    api: GraphApi, content: bytes, mime_type: str, expected: int
) -> None:
    files = {"file": ("datei", content, mime_type)}

    reply = api.number("POST", "/media", data={"messaging_product": "whatsapp"}, files=files)

    assert code(reply) == expected


def test_uploaded_picture_is_shown_on_the_phone(api: GraphApi, anna: Phone) -> None:
    image = {"id": upload(api), "caption": "Plan"}

    sent = wamid(api.post({"to": f"+{anna.phone}", "type": "image", "image": image}))

    [bubble] = anna.received()
    assert (bubble.wamid, bubble.text) == (sent, "Plan")
    assert bubble.media == {"id": image["id"], "mime_type": "image/png", "filename": ""}
