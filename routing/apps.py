"""Django's entry for the app."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Departments, tickets, answers, mail."""

    name = "routing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let `/readyz` and `/metrics` know of tickets whose erasure is overdue."""
        from routing.services.erasing import retention
        from sessions_app.services import health

        health.OVERDUE.append(retention.overdue)
