"""The floor's views: check, parse, insert, publish; and a bare stream over Redis pub/sub."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from redis.asyncio import Redis

from bench.floor.models import Row
from sprechstunde.broker import redis


def webhook(request: HttpRequest) -> HttpResponse:
    """Do the least that keeps a webhook: HMAC, parse, one row, one publish."""
    body = request.body
    expected = hmac.new(settings.WHATSAPP_APP_SECRETS[0].encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(f"sha256={expected}", request.headers["X-Hub-Signature-256"]):
        return HttpResponse(status=401)
    message = json.loads(body)["entry"][0]["changes"][0]["value"]["messages"][0]
    Row(name=message["id"], body=message["text"]["body"]).save(force_insert=True)
    redis().publish("floor", "x")
    return HttpResponse("ok", headers={"Content-Length": "2"})


def page(request: HttpRequest) -> HttpResponse:
    """Answer at once."""
    return HttpResponse("ok", headers={"Content-Length": "2"})


async def live(request: HttpRequest) -> StreamingHttpResponse:
    """Pass on what Redis publishes."""
    return StreamingHttpResponse(_events(), content_type="text/event-stream")


async def _events() -> AsyncIterator[str]:
    async with Redis.from_url(settings.REDIS_URL).pubsub() as channel:
        await channel.subscribe("floor")
        yield ": ready\n\n"
        while True:
            message = await channel.get_message(ignore_subscribe_messages=True, timeout=60)
            if message:
                yield f"data: {message['data'].decode()}\n\n"
            await asyncio.sleep(0)


urlpatterns = [path("webhook/", webhook), path("page/", page), path("live/", live)]
