"""The address that Meta calls: answers its question whether we are us, and takes in its webhooks."""

import logging

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sessions_app.services import inbound
from sessions_app.whatsapp.payloads import Unreadable
from sessions_app.whatsapp.signature import is_genuine, is_our_token
from sprechstunde.vault.errors import KeystoreUnavailable

log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "POST"])
def whatsapp(request: HttpRequest) -> HttpResponse:
    """GET: echo the challenge of whoever knows our verify token. POST: store a signed webhook."""
    return _receive(request) if request.method == "POST" else _verify(request)


def _verify(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("hub.mode") == "subscribe"
    if not asked or not is_our_token(request.GET.get("hub.verify_token")):
        return _answer(403)
    return _answer(200, request.GET.get("hub.challenge", ""))


def _receive(request: HttpRequest) -> HttpResponse:
    """Answer 200 only once all is durable; Meta comes again after anything else, for seven days."""
    if _declared_size(request) > settings.WEBHOOK_MAX_BYTES:
        return _answer(413)
    # The bytes as they came: Meta signs them, not what they mean.
    body = request.body
    if not is_genuine(body, request.headers.get("X-Hub-Signature-256")):
        log.warning("webhook: refused, not signed with our secret")
        return _answer(403)
    try:
        inbound.receive(body)
    except Unreadable:
        log.warning("webhook: signed, but no JSON object")
        return _answer(400)
    except (DatabaseError, KeystoreUnavailable) as error:
        log.exception("webhook: nothing stored (%s)", type(error).__name__)
        return _answer(503)
    return _answer(200)


def _declared_size(request: HttpRequest) -> int:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    return int(declared) if declared.isascii() and declared.isdigit() else 0


def _answer(status: int, text: str = "") -> HttpResponse:
    # Complete in itself: in production no middleware adds to it (sprechstunde/asgi.py).
    headers = {"Content-Length": str(len(text.encode())), "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, status=status, content_type="text/plain", headers=headers)


urlpatterns = [path("webhooks/whatsapp/", whatsapp, name="webhook")]
