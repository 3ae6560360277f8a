"""The way to the mail server: a few threads, and connections that are kept for the next mail."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from routing.mail.compose import Envelope
from routing.mail.smtp import Connection, NotNow, server

# At the same time from one worker: mail servers allow few, and more threads cost more than they bring.
CONNECTIONS = 2

_NOT_CONFIGURED = "4.3.5"  # RFC 3463

_pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="smtp")
_idle: list[tuple[str, Connection]] = []  # with the EMAIL_URL that they belong to
_idle_lock = threading.Lock()
_promises: dict[str, bool] = {}  # by EMAIL_URL


def promises_receipts() -> bool:
    """Say whether the server will report what becomes of each mail; connects to learn it once.

    Raises NotNow if the server cannot be reached or does not encrypt.
    """
    url = settings.EMAIL_URL
    if url not in _promises:
        with _connection(url) as connection:
            connection.open()
            _promises[url] = connection.promises_receipts
    return _promises[url]


def hand_over(envelope: Envelope, *, with_receipts: bool) -> "Future[None]":
    """Send in one of the threads; the future raises NotNow, Refused, Unconfirmed."""
    return _pool.submit(_hand_over, settings.EMAIL_URL, envelope, with_receipts)


def hang_up(*, only_stale: bool = False) -> None:
    """Close the connections that no mail uses just now, or only those that are idle for long."""
    with _idle_lock:
        closing = [each for each in _idle if each[1].is_stale or not only_stale]
        _idle[:] = [each for each in _idle if each not in closing]
    for _, connection in closing:
        connection.close()


def _hand_over(url: str, envelope: Envelope, with_receipts: bool) -> None:
    try:
        with _connection(url) as connection:
            connection.send(envelope, with_receipts=with_receipts)
    except NotNow:
        _promises.pop(url, None)  # look anew at what it offers
        raise


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    connection = _take(url)
    try:
        yield connection
    finally:
        with _idle_lock:
            _idle.append((url, connection))


def _take(url: str) -> Connection:
    with _idle_lock:
        for place, (its_url, connection) in enumerate(_idle):
            if its_url == url:
                del _idle[place]
                return connection
    try:
        return Connection(server(url))
    except ImproperlyConfigured as unset:
        raise NotNow(_NOT_CONFIGURED) from unset
