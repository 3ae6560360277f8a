"""Ports for servers that are told theirs before they listen."""

import secrets
import socket

# Below those that the system gives to outgoing connections: none of them takes a port meanwhile.
_RANGE = range(12_000, 32_000)
_given: set[int] = set()


def free() -> int:
    """Return a port of the loopback address that nobody listens on, never the same twice."""
    while True:
        port = secrets.choice(_RANGE)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
