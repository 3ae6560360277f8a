"""What machines ask: is the process up, can it work, and how is it doing."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sessions_app.queries import health as figures
from sessions_app.services import health

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process lives; asks nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 if all that the portal needs is there and no erasure is overdue, else 503."""
    parts = health.readiness(timezone.now())
    ready = set(parts.values()) == {health.OK}
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse({"ready": ready, **parts}, status=status)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus' text format, if the operator has switched it on."""
    if not settings.METRICS_ENABLED:
        raise Http404
    return HttpResponse("".join(_exposition(timezone.now())), content_type=PROMETHEUS)


def _exposition(now: datetime) -> Iterator[str]:
    yield from _by_state("sessions", "Sessions by state.", figures.sessions_by_state(now))
    outgoing = figures.outgoing_by_state()
    yield from _by_state("outgoing_messages", "Stored outgoing messages by delivery.", outgoing)
    yield from _gauge(
        "overdue_erasures", "Erasures that are overdue.", health.overdue_erasures(now)
    )
    yield from _age("last_message", "Seconds since a message came in.", figures.last_received_at())
    yield from _age("last_erasure", "Seconds since an erasure.", figures.last_erased_at())


def _by_state(name: str, text: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield _head(name, text)
    for state, count in counts.items():
        yield f'sprechstunde_{name}{{state="{state}"}} {count}\n'


def _gauge(name: str, text: str, value: float) -> Iterator[str]:
    yield _head(name, text)
    yield f"sprechstunde_{name} {value:g}\n"


def _age(name: str, text: str, at: datetime | None) -> Iterator[str]:
    if at is not None:
        seconds = (timezone.now() - at).total_seconds()
        yield from _gauge(f"{name}_age_seconds", text, round(seconds, 1))


def _head(name: str, text: str) -> str:
    return f"# HELP sprechstunde_{name} {text}\n# TYPE sprechstunde_{name} gauge\n"


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
