"""A department confirms its mailbox."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
