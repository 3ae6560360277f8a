"""Django's entry for the app."""

from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    """Offices, sessions, conversations."""

    name = "sessions_app"
    default_auto_field = "django.db.models.BigAutoField"
