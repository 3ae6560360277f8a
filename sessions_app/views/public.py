"""The pages for citizens: next date, number, how it works, data. They set no cookie at all."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from sessions_app.models import Office
from sessions_app.queries import public as queries

View = Callable[..., HttpResponse]


def in_chosen_language(view: View) -> View:
    """Speak the language of `?lang=`; without it the browser's. Nothing is kept."""

    @wraps(view)
    def spoken(request: HttpRequest, **kwargs: object) -> HttpResponse:
        chosen = request.GET.get("lang", "")
        if chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
        return view(request, **kwargs)

    return cast("View", spoken)


@require_safe
@in_chosen_language
def public(request: HttpRequest) -> HttpResponse:
    """Show the only office, or a list where there are several."""
    offices = list(Office.objects.all())
    announcements = queries.announcements(offices, timezone.now())
    if len(announcements) == 1:
        return _office_page(request, announcements[0])
    context = {"announcements": announcements}
    fresh = min((one.fresh_seconds for one in announcements), default=0)
    return _render(request, "sessions_app/public/offices.html", context, fresh)


@require_safe
@in_chosen_language
def office(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one office."""
    row = get_object_or_404(Office, slug=slug)
    return _office_page(request, queries.announcements([row], timezone.now())[0])


@require_safe
@in_chosen_language
def privacy(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what happens to the data of those who write to one office."""
    row = get_object_or_404(Office, slug=slug)
    elsewhere = urlsplit(row.privacy_url).path != request.path
    context = {"office": row, "full_notice": row.privacy_url if elsewhere else ""}
    return _render(request, "sessions_app/public/privacy.html", context, queries.PAGE_LIVES)


def _office_page(request: HttpRequest, announcement: queries.Announcement) -> HttpResponse:
    context = {"announcement": announcement, "office": announcement.office}
    fresh = announcement.fresh_seconds
    return _render(request, "sessions_app/public/office.html", context, fresh)


def _render(
    request: HttpRequest, template: str, context: Mapping[str, object], fresh_seconds: int
) -> HttpResponse:
    chosen = request.GET.get("lang", "")
    language = f"lang={chosen}" if chosen in dict(settings.LANGUAGES) else ""
    response = render(request, template, {**context, "lang_query": language})
    patch_cache_control(response, public=True, max_age=fresh_seconds)
    return response


urlpatterns = [
    path("", public, name="public"),
    path("o/<slug:slug>/", office, name="office"),
    path("privacy/<slug:slug>/", privacy, name="privacy"),
]
