"""Sends prepared HTTP requests over kept-alive sockets and times each answer."""

import hashlib
import hmac
import json
import socket
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.machine import PHONE_NUMBER_ID, SECRET


@dataclass(frozen=True)
class Timing:
    """Answers per second over the whole run, and the sorted latencies in milliseconds."""

    rate: float
    latencies: list[float]

    def percentile(self, percent: int) -> float:
        """Return the latency in ms that `percent` % of the answers did not exceed."""
        return self.latencies[min(len(self.latencies) - 1, len(self.latencies) * percent // 100)]


def webhook(path: str, citizen: int, number: int) -> bytes:
    """Return the whole signed request of one text message; `number` makes it unique."""
    message = {
        "from": f"49151{citizen:07}",
        "from_user_id": f"DE.{citizen:016}",
        "id": f"wamid.bench{number:012}",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": f"Wann wird der Gehweg repariert? Frage {number}"},
    }
    contact = {
        "profile": {"name": f"Bench {citizen}"},
        "wa_id": message["from"],
        "user_id": message["from_user_id"],
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4978420", "phone_number_id": PHONE_NUMBER_ID},
        "contacts": [contact],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    payload = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}
    return post(path, json.dumps(payload).encode())


def post(path: str, body: bytes) -> bytes:
    """Return a signed POST as bytes."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, cookie: str = "") -> bytes:
    """Return a GET as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()


class Client:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")

    def __call__(self, request: bytes) -> float:
        """Send `request`, read the whole answer, return ms; raises RuntimeError unless it is 200."""
        begin = time.perf_counter()
        self._socket.sendall(request)
        status = self._file.readline()
        length = 0
        while (line := self._file.readline()) not in {b"\r\n", b""}:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self._file.read(length)
        if b" 200 " not in status:
            raise RuntimeError(f"answered {status!r}")
        return (time.perf_counter() - begin) * 1000


def closed_loop(port: int, requests: Sequence[bytes], clients: int) -> Timing:
    """Send all `requests` from `clients` connections, each as fast as it is answered."""
    latencies: list[list[float]] = [[] for _ in range(clients)]

    def run(index: int) -> None:
        client = Client(port)
        latencies[index] = [client(request) for request in requests[index::clients]]

    threads = [threading.Thread(target=run, args=(index,)) for index in range(clients)]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    answered = sorted(latency for part in latencies for latency in part)
    if len(answered) != len(requests):
        raise RuntimeError(f"{len(requests) - len(answered)} requests were not answered with 200")
    return Timing(len(answered) / seconds, answered)


def paced(port: int, requests: Sequence[bytes], per_second: float) -> Timing:
    """Send `requests` at a fixed rate over a few connections, late ones not excused."""
    clients = [Client(port) for _ in range(8)]
    latencies: list[float] = []
    begin = time.perf_counter() + 0.1

    def run(index: int) -> None:
        for number in range(index, len(requests), len(clients)):
            due = begin + number / per_second
            time.sleep(max(0.0, due - time.perf_counter()))
            clients[index](requests[number])
            latencies.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Timing(len(requests) / (time.perf_counter() - begin), sorted(latencies))


def median(timings: Sequence[Timing]) -> Timing:
    """Return the run with the median rate."""
    rate = statistics.median_low(timing.rate for timing in timings)
    return next(timing for timing in timings if timing.rate == rate)
