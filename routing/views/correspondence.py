"""How the office writes: letterhead, rules, retention."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
