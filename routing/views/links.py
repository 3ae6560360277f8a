"""What pages behind a link of ours share: a cookie-less page that shows, and a POST that does it.

Mail gateways and virus scanners follow every link, so a GET never changes anything. The token is the
permission: it is unguessable, so these pages need no login, no session and no cookie against forgery.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from routing.services.links import guesses
from sessions_app.views.public import in_chosen_language

View = Callable[..., HttpResponse]


def link_page(view: View) -> View:
    """Serve GET and POST in the language of `?lang=`; nothing is stored or indexed by anyone."""

    @wraps(view)
    def served(request: HttpRequest, token: str) -> HttpResponse:
        response = view(request, token) if not guesses.are_too_many(token) else unknown(request)
        patch_cache_control(response, no_store=True, private=True)
        response["X-Robots-Tag"] = "noindex"
        return response

    methods = require_http_methods(["GET", "HEAD", "POST"])
    return csrf_exempt(methods(in_chosen_language(served)))


def page(request: HttpRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    """Render a page; its own links keep the language."""
    chosen = request.GET.get("lang", "")
    lang_query = f"lang={chosen}" if chosen in {"de", "en"} else ""
    return render(request, template, {**context, "lang_query": lang_query})


def unknown(request: HttpRequest, token: str = "") -> HttpResponse:
    """Answer a link that is wrong, used or too old: nobody learns which."""
    if token:
        guesses.note(token)
    response = page(request, "routing/citizen/unknown.html", {})
    response.status_code = HTTPStatus.NOT_FOUND
    return response
