"""The list of tickets: views, filters, search, bulk actions."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
