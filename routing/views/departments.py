"""Departments: list, edit, members, import and export."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
