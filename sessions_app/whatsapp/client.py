"""Talks to Meta's Graph API: sends, marks as read, fetches media. Nothing is retried here."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from sessions_app.whatsapp import errors
from sessions_app.whatsapp.outgoing import Payload

TIMEOUT = (3.05, 10.0)  # seconds to connect, and between two packets of the answer
# A connection that idled longer may be closed at the other end just as we write into it, and
# nobody could say whether that request arrived. A new one costs a few milliseconds.
IDLE_LIMIT = 15.0
DOWNLOAD_CHUNK = 64 * 1024
_OK, _NOT_FOUND = 200, 404


@dataclass(frozen=True, slots=True)
class MediaLocation:
    """Where Meta keeps a file: `url` needs our token and dies after 5 minutes.

    `sha256` is in hex here (in webhooks it is base64), `size` in bytes, None where Meta said none.
    """

    url: str = field(repr=False)
    mime_type: str
    sha256: str = field(repr=False)
    size: int | None


class Graph:
    """One connection to the Graph API, for one thread. Every method raises a WhatsAppError."""

    def __init__(self, base_url: str, version: str, token: str) -> None:
        self._root = f"{base_url.rstrip('/')}/{version}"
        self._session = _session(base_url)
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._blank_posts: dict[str, requests.PreparedRequest] = {}
        self._used_at = time.monotonic()

    def __repr__(self) -> str:
        return "<Graph>"

    def send(self, phone_number_id: str, message: Payload) -> str:
        """Send `message` (see `outgoing`) from the number and return its wamid.

        Raises Rejected, Ambiguous, Refused or Misconfigured.
        """
        answer = self._post(phone_number_id, message)
        try:
            wamid = answer["messages"][0]["id"]
        except (KeyError, IndexError, TypeError):
            raise errors.Ambiguous from None
        if not isinstance(wamid, str) or not wamid:
            raise errors.Ambiguous
        return wamid

    def mark(self, phone_number_id: str, note: Payload) -> None:
        """Tell the citizen's phone what was read, or that somebody types (`outgoing.read`)."""
        self._post(phone_number_id, note)

    def media(self, media_id: str, phone_number_id: str) -> MediaLocation:
        """Return where the file lies now; raises NotFound when Meta no longer has it."""
        answer = self._json(self._get(self._url(media_id), phone_number_id=phone_number_id))
        try:
            return MediaLocation(
                url=str(answer["url"]),
                mime_type=str(answer.get("mime_type", "")),
                sha256=str(answer.get("sha256", "")),
                size=int(answer["file_size"]) if "file_size" in answer else None,
            )
        except (KeyError, TypeError, ValueError):
            raise errors.Ambiguous from None

    def download(self, url: str, limit: int) -> bytes:
        """Return the file at `url`, at most `limit` bytes.

        Raises NotFound when the address has expired (ask `media` again), TooLarge.
        """
        with self._get(url, stream=True) as answer:
            if answer.status_code != _OK:
                raise _error_of(answer)
            return _read(answer, limit)

    def _post(self, phone_number_id: str, body: Payload) -> dict[str, Any]:
        url = self._url(phone_number_id, "messages")
        with _errors_told_apart():
            request = self._blank_post(url)
            request.prepare_body(None, None, json=body)
            return self._json(self._ask(request))

    def _blank_post(self, url: str) -> requests.PreparedRequest:
        # Preparing a request from scratch takes longer than sending it.
        if url not in self._blank_posts:
            self._blank_posts[url] = self._session.prepare_request(requests.Request("POST", url))
        return self._blank_posts[url].copy()

    def _get(self, url: str, *, stream: bool = False, **query: str) -> requests.Response:
        with _errors_told_apart():
            request = self._session.prepare_request(requests.Request("GET", url, params=query))
            return self._ask(request, stream=stream)

    def _url(self, *parts: str) -> str:
        return "/".join((self._root, *(quote(part, safe="") for part in parts)))

    def _ask(self, request: requests.PreparedRequest, *, stream: bool = False) -> requests.Response:
        self._forget_idle_connections()
        try:
            return self._session.send(
                request, timeout=TIMEOUT, allow_redirects=False, stream=stream
            )
        finally:
            self._used_at = time.monotonic()

    def _forget_idle_connections(self) -> None:
        if time.monotonic() - self._used_at > IDLE_LIMIT:
            self._session.close()

    def _json(self, answer: requests.Response) -> dict[str, Any]:
        if answer.status_code != _OK:
            raise _error_of(answer)
        try:
            content = answer.json()
        except ValueError:
            raise errors.Ambiguous from None
        if not isinstance(content, dict):
            raise errors.Ambiguous
        return content


def _session(base_url: str) -> requests.Session:
    """Return a session that asks the environment for proxies and certificates once, not each time.

    Left to itself, requests would also let a .netrc replace our token.
    """
    session = requests.Session()
    session.trust_env = False
    session.proxies.update(get_environ_proxies(base_url, no_proxy=None))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=2))
    return session


_of_thread = threading.local()


def graph() -> Graph:
    """Return this thread's client for the address and token of the settings."""
    wanted = (
        settings.WHATSAPP_API_URL,
        settings.WHATSAPP_API_VERSION,
        settings.WHATSAPP_ACCESS_TOKEN,
    )
    if getattr(_of_thread, "settings", None) != wanted:
        _of_thread.settings, _of_thread.graph = wanted, Graph(*wanted)
    client: Graph = _of_thread.graph
    return client


def _read(answer: requests.Response, limit: int) -> bytes:
    content = bytearray()
    with _errors_told_apart():
        for chunk in answer.iter_content(DOWNLOAD_CHUNK):
            content += chunk
            if len(content) > limit:
                raise errors.TooLarge
    return bytes(content)


def _error_of(answer: requests.Response) -> errors.WhatsAppError:
    code = _code_in(answer)
    if answer.status_code == _NOT_FOUND and answer.request.method == "GET":
        return errors.NotFound(code)
    return errors.of_answer(answer.status_code, code)


def _code_in(answer: requests.Response) -> int | None:
    try:
        code = answer.json()["error"]["code"]
    except (ValueError, KeyError, TypeError, requests.RequestException):
        return None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


@contextmanager
def _errors_told_apart() -> Iterator[None]:
    try:
        yield
    except requests.RequestException as error:
        raise _transport_error(error) from None


def _transport_error(error: requests.RequestException) -> errors.WhatsAppError:
    """Tell apart what certainly never left this machine from what may have arrived."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return errors.Rejected()
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return errors.Misconfigured()
    return errors.Rejected() if _never_connected(error) else errors.Ambiguous()


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    certificate_refused = "CERTIFICATE_VERIFY_FAILED" in str(reason)
    return certificate_refused or isinstance(reason, NewConnectionError | NameResolutionError)
