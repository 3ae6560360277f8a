"""The way to the mail server: a few threads, each with a connection that it keeps."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from routing.mail.compose import Envelope
from routing.mail.smtp import Connection, NotNow, server

CONNECTIONS = 4  # at the same time from one worker; mail servers allow few

_NOT_CONFIGURED = "4.3.5"  # RFC 3463
_CHANGED = "4.3.0"

_pool = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="smtp")
_own = threading.local()
_promises: dict[str, bool] = {}  # by EMAIL_URL


def promises_receipts() -> bool:
    """Say whether the server will report what becomes of each mail; connects to learn it once.

    Raises NotNow if the server cannot be reached or does not encrypt.
    """
    url = settings.EMAIL_URL
    if url not in _promises:
        _promises[url] = _pool.submit(_ask).result()
    return _promises[url]


def hand_over(envelope: Envelope, *, with_receipts: bool) -> "Future[None]":
    """Send in one of the threads; the future raises NotNow, Refused, Unconfirmed."""
    return _pool.submit(_hand_over, envelope, with_receipts)


def _ask() -> bool:
    connection = _connection()
    connection.open()
    return connection.promises_receipts


def _hand_over(envelope: Envelope, with_receipts: bool) -> None:
    connection = _connection()
    try:
        connection.open()
        _check_promise(connection, with_receipts)
        connection.send(envelope, with_receipts=with_receipts)
    except NotNow:
        _promises.pop(settings.EMAIL_URL, None)  # look anew at what it offers
        raise


def _check_promise(connection: Connection, with_receipts: bool) -> None:
    # The row says that a report will come: that must not be wrong if we die now.
    if with_receipts and not connection.promises_receipts:
        raise NotNow(_CHANGED)


def _connection() -> Connection:
    url = settings.EMAIL_URL
    if getattr(_own, "url", None) != url:
        try:
            _own.connection, _own.url = Connection(server(url)), url
        except ImproperlyConfigured as unset:
            raise NotNow(_NOT_CONFIGURED) from unset
    connection: Connection = _own.connection
    return connection
