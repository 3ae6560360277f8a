"""Waiting for mail on a server that sends its lines in pieces, as networks do."""

import socketserver
import threading
import time
from collections.abc import Iterator

import pytest

from routing.mail import imap

LATER = 0.5  # seconds between two pieces
ANSWERS = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n",
    b"SELECT": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1]\r\n",
    b"LOGOUT": b"* BYE\r\n",
}


class _Imap(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, command = line.split()[:2]
            if command == b"IDLE":
                for piece in (b"+ idling\r\n", b"* 1 FETCH ", b"(FLAGS ())\r\n"):
                    self.wfile.write(piece)
                    time.sleep(LATER)
                assert self.rfile.readline() == b"DONE\r\n"
            self.wfile.write(ANSWERS.get(command, b"") + tag + b" OK done\r\n")


@pytest.fixture
def url() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Imap) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"imap+insecure://user:word@127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_line_in_two_pieces_is_heard_and_the_mailbox_stays_open(url: str) -> None:
    with imap.opened(imap.account(url)) as inbox:
        heard = [inbox.wait(60, threading.Event()) for _ in range(2)]

    assert heard == [True, True]
