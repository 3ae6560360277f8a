"""Says times and numbers as people say them."""

import re

from django import template

from sessions_app import wording
from sessions_app.models import ConsultationSession

register = template.Library()

GERMAN = re.compile(r"(\+49)(30|40|69|89|1[567]\d)?(\d+)$")


@register.filter
def when(session: ConsultationSession) -> str:
    """Return day and hours of `session` in the wall-clock time of its office."""
    return wording.when(session)


@register.filter
def in_groups(number: str) -> str:
    """Return a number as +49 30 23125100: apart only where it is certain that a part ends.

    German area codes have two to five digits; those with two and the mobile ones are known.
    """
    parts = GERMAN.match(number)
    return "\u00a0".join(filter(None, parts.groups())) if parts else number
