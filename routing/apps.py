"""Django's entry for the app."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Departments, tickets, answers, mail."""

    name = "routing"
    default_auto_field = "django.db.models.BigAutoField"
