"""What citizens reach from their e-mails: confirm the address, withdraw."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
