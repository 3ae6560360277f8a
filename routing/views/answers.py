"""The answer: editor, draft, preview, files."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
