"""The client tells apart what certainly was not processed from what may have been."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sessions_app.whatsapp import client, errors, outgoing
from sessions_app.whatsapp.client import Graph
from tests.sessions_app.outbound.meta import CUT, Meta, Reply, accepted, refused

TEXT = outgoing.text(outgoing.Recipient("4915112345678"), "Guten Tag")


@pytest.fixture
def graph(meta: Meta) -> Graph:
    return Graph(meta.base_url, "v26.0", "the-token")


def test_send_returns_the_new_wamid(graph: Graph, meta: Meta) -> None:
    meta.replies = [accepted("wamid.A")]

    assert graph.send("1065", TEXT) == "wamid.A"
    assert (meta.paths, meta.requests) == (["/v26.0/1065/messages"], [TEXT])
    assert meta.headers[0]["Authorization"] == "Bearer the-token"


def test_one_connection_serves_many_messages(graph: Graph, meta: Meta) -> None:
    bodies = [outgoing.text(outgoing.Recipient("4915112345678"), f"Nr. {n}") for n in range(3)]

    for body in bodies:
        graph.send("1065", body)

    assert meta.requests == bodies


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(CUT, id="cut"),
        pytest.param(Reply(), id="empty"),
        pytest.param(Reply(body=b"<html>OK</html>"), id="html"),
        pytest.param(Reply(body=b"[]"), id="list"),
        pytest.param(Reply(body=b'{"messages": []}'), id="no message"),
        pytest.param(Reply(body=b'{"messages": [{"id": ""}]}'), id="empty id"),
        pytest.param(Reply(body=b'{"messages": [{"id": 7}]}'), id="id of a wrong type"),
        pytest.param(Reply(502, b"<html>Bad Gateway</html>"), id="502"),
        pytest.param(Reply(500), id="500"),
        pytest.param(Reply(302), id="redirect"),
        pytest.param(Reply(408), id="408"),
        pytest.param(refused(131000, 500), id="131000"),
        pytest.param(refused(1), id="1"),
        pytest.param(refused(987654, 500), id="unknown code, 500"),
    ],
)
def test_send_is_ambiguous_when_it_may_have_been_accepted(
    graph: Graph, meta: Meta, reply: Reply
) -> None:
    meta.replies = [reply]

    with pytest.raises(errors.Ambiguous):
        graph.send("1065", TEXT)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refused(130429), errors.Rejected, 130429),
        (refused(131056), errors.Rejected, 131056),
        (refused(4), errors.Rejected, 4),
        (Reply(429, b"slow down"), errors.Rejected, None),
        (refused(131026), errors.Refused, 131026),
        (refused(131047), errors.Refused, 131047),
        (refused(987654), errors.Refused, 987654),
        (refused(190, 401), errors.Misconfigured, 190),
        (refused(131005, 403), errors.Misconfigured, 131005),
        (refused(3, 500), errors.Misconfigured, 3),
        (refused(204, 403), errors.Misconfigured, 204),
        (Reply(404, b"<html>Not Found</html>"), errors.Misconfigured, None),
    ],
)
def test_send_raises_by_the_class_of_the_error(
    graph: Graph, meta: Meta, reply: Reply, kind: type[errors.WhatsAppError], code: int | None
) -> None:
    meta.replies = [reply]

    with pytest.raises(errors.WhatsAppError) as raised:
        graph.send("1065", TEXT)

    assert (type(raised.value), raised.value.code) == (kind, code)


def test_send_is_rejected_when_nobody_listens() -> None:
    with pytest.raises(errors.Rejected):
        Graph("http://127.0.0.1:9", "v26.0", "t").send("1065", TEXT)


def test_send_is_rejected_when_the_name_is_unknown() -> None:
    with pytest.raises(errors.Rejected):
        Graph("http://nowhere.invalid", "v26.0", "t").send("1065", TEXT)


def test_send_is_misconfigured_when_the_address_is_none() -> None:
    with pytest.raises(errors.Misconfigured):
        Graph("graph.facebook.com", "v26.0", "t").send("1065", TEXT)


def test_send_is_ambiguous_when_the_answer_takes_too_long(
    graph: Graph, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", (1.0, 0.05))
    answering = threading.Event()
    meta.replies = [Reply(after=answering)]

    with pytest.raises(errors.Ambiguous):
        graph.send("1065", TEXT)
    answering.set()


@contextmanager
def _full_backlog() -> Iterator[int]:
    # Connections beyond the backlog are never answered: a connect timeout without a network.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for connection in waiting:
            connection.setblocking(False)
            connection.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for connection in waiting:
            connection.close()


def test_send_is_rejected_when_no_connection_comes_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "TIMEOUT", (0.05, 1.0))

    with _full_backlog() as port, pytest.raises(errors.Rejected):
        Graph(f"http://127.0.0.1:{port}", "v26.0", "t").send("1065", TEXT)


def test_connection_is_not_used_again_after_a_pause(
    graph: Graph, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph.send("1065", TEXT)
    monkeypatch.setattr(client, "IDLE_LIMIT", -1.0)

    assert graph.send("1065", TEXT) == "wamid.2"


def test_nothing_personal_or_secret_shows(graph: Graph, meta: Meta) -> None:
    meta.replies = [refused(131026)]
    recipient = outgoing.Recipient("4915112345678", "DE.123")

    with pytest.raises(errors.Refused) as raised:
        graph.send("1065", TEXT)

    shown = f"{raised.value!r} {raised.value} {graph!r} {recipient!r}"
    assert not [word for word in ("4915112345678", "DE.123", "the-token", "Guten") if word in shown]


def test_media_returns_where_the_file_lies(graph: Graph, meta: Meta) -> None:
    meta.replies = [
        Reply(
            body=b'{"url": "http://x/1", "mime_type": "image/jpeg", "sha256": "ab",'
            b' "file_size": "12", "id": "m1"}'
        )
    ]

    location = graph.media("m1", "1065")

    assert (location.url, location.mime_type, location.sha256, location.size) == (
        "http://x/1",
        "image/jpeg",
        "ab",
        12,
    )
    assert meta.paths == ["/v26.0/m1?phone_number_id=1065"]


def test_media_that_is_gone_is_not_found(graph: Graph, meta: Meta) -> None:
    meta.replies = [refused(100, 404)]

    with pytest.raises(errors.NotFound):
        graph.media("m1", "1065")


def test_download_returns_the_bytes(graph: Graph, meta: Meta) -> None:
    meta.replies = [Reply(body=b"\xff\xd8jpeg")]

    assert graph.download(f"{meta.base_url}/file", limit=10) == b"\xff\xd8jpeg"
    assert meta.headers[0]["Authorization"] == "Bearer the-token"


def test_download_stops_at_the_limit(graph: Graph, meta: Meta) -> None:
    meta.replies = [Reply(body=bytes(11))]

    with pytest.raises(errors.TooLarge):
        graph.download(f"{meta.base_url}/file", limit=10)


def test_each_thread_has_a_client_of_its_own(meta: Meta) -> None:
    seen: list[Graph] = []
    thread = threading.Thread(target=lambda: seen.append(client.graph()))
    thread.start()
    thread.join()

    assert client.graph() is client.graph()
    assert seen[0] is not client.graph()


def test_timeouts_leave_time_before_a_worker_counts_as_dead() -> None:
    from sessions_app.services.outbound.delivery import ABANDONED_AFTER

    assert sum(client.TIMEOUT) * 2 < ABANDONED_AFTER.total_seconds()
