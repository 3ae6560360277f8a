"""Says times and numbers as people say them."""

from django import template

from sessions_app import wording
from sessions_app.models import ConsultationSession

register = template.Library()


@register.filter
def when(session: ConsultationSession) -> str:
    """Return day and hours of `session` in the wall-clock time of its office."""
    return wording.when(session)


@register.filter
def in_groups(number: str) -> str:
    """Return a number as +49 784 280 221: easier to compare and to read out; breaks nowhere."""
    country, rest = number[:3], number[3:]
    groups = [rest[start : start + 3] for start in range(0, len(rest), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = ["".join(groups[-2:])]
    return "\u00a0".join([country, *groups])
