"""The answer for what was erased; all other error pages are Django's views with our templates."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def gone(request: HttpRequest) -> HttpResponse:
    """Answer 410 "no longer available": a page, or only its message where htmx asks."""
    template = "410.html#message" if request.headers.get("HX-Request") else "410.html"
    response = render(request, template, status=HTTPStatus.GONE)
    response["Cache-Control"] = "no-store, private"
    return response
