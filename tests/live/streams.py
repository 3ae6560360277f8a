"""Browsers' streams without a browser: raw sockets that read server-sent events."""

import socket
import time
from dataclasses import dataclass, field

HEARD_WITHIN = 60.0


@dataclass
class Stream:
    """One open stream; `status` is the HTTP status of the answer."""

    connection: socket.socket
    buffer: bytes = field(default=b"", repr=False)

    @property
    def status(self) -> int:
        return int(self.read_until(b"\r\n\r\n").split(b" ")[1])

    def read_until(self, mark: bytes) -> bytes:
        """Return everything up to and including `mark`; AssertionError after HEARD_WITHIN."""
        deadline = time.monotonic() + HEARD_WITHIN
        while mark not in self.buffer:
            self.connection.settimeout(max(deadline - time.monotonic(), 0.01))
            received = self._receive()
            assert received, f"the stream ended before {mark!r}"
            self.buffer += received
        text, _, self.buffer = self.buffer.partition(mark)
        return text + mark

    def event(self) -> str:
        """Return the name of the next event; beats only say that the stream lives."""
        name = "beat"
        while name == "beat":
            self.read_until(b"event: ")
            name = self.read_until(b"\n").decode().strip()
        return name

    def has_ended(self) -> bool:
        """Wait for the server to end the stream."""
        self.connection.settimeout(HEARD_WITHIN)
        while not self.buffer.endswith(b"0\r\n\r\n"):
            received = self._receive()
            if not received:
                break
            self.buffer += received
        return True

    def close(self) -> None:
        self.connection.close()

    def _receive(self) -> bytes:
        try:
            return self.connection.recv(65536)
        except TimeoutError:
            raise AssertionError("nothing was heard in time") from None


def connect(port: int, path: str, cookie: str = "") -> Stream:
    """Ask for a stream as a browser does."""
    connection = socket.create_connection(("127.0.0.1", port))
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", "Accept: text/event-stream"]
    lines += [f"Cookie: sessionid={cookie}"] if cookie else []
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    return Stream(connection)
