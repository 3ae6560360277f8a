"""From the desk: mark messages, choose departments, ask the citizen."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
