"""Incoming mails that need a person."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
