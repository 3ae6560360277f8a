"""The address that Meta calls: answers its question whether we are us, and takes in its webhooks."""

import logging
from collections.abc import Sequence

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sessions_app.services.inbound import webhooks
from sessions_app.whatsapp.payloads import Unreadable
from sessions_app.whatsapp.signature import is_genuine, is_our_token
from sprechstunde.gathered import Letter
from sprechstunde.vault.errors import KeystoreUnavailable

SIGNATURE = "X-Hub-Signature-256"

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
    # The bytes as they came: Meta signs them, not what they mean.
    body = request.body
    if len(body) > settings.WEBHOOK_MAX_BYTES:
        return _answer(413)
    return _answer(answers([Letter(body, request.headers.get(SIGNATURE))])[0])


def answers(letters: Sequence[Letter]) -> list[int]:
    """Return each letter's status: 200 only once all that it brought is durable.

    Meta comes again after anything else, for seven days. All share one transaction.
    """
    genuine = [is_genuine(*letter) for letter in letters]
    if not all(genuine):
        log.warning("webhook: refused %d, not signed with our secret", genuine.count(False))
    stored = iter(_store([each.body for each, ours in zip(letters, genuine, strict=True) if ours]))
    return [next(stored) if ours else 403 for ours in genuine]


def _store(bodies: Sequence[bytes]) -> list[int]:
    try:
        webhooks.receive(bodies)
    except (OperationalError, KeystoreUnavailable) as error:
        log.exception("webhook: nothing stored (%s)", type(error).__name__)
        return [503] * len(bodies)
    except Unreadable:
        log.warning("webhook: signed, but no JSON object")
        status = 400
    except Exception as error:
        log.exception("webhook: nothing stored (%s)", type(error).__name__)
        status = 503
    else:
        return [200] * len(bodies)
    if len(bodies) == 1:
        return [status]
    # One of them is to blame: the others are stored without it.
    return [status for body in bodies for status in _store([body])]


def _answer(status: int, text: str = "") -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


urlpatterns = [path("webhooks/whatsapp/", whatsapp, name="webhook")]
