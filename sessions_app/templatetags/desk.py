"""How the desk's templates say what a message's delivery means and how long ago something was."""

from datetime import datetime, timedelta

from django import template
from django.utils.translation import gettext as _

from sessions_app.enums import DeliveryState
from sessions_app.queries.thread import Bubble
from sessions_app.whatsapp import errors

register = template.Library()

MINUTE = timedelta(minutes=1)
HOUR = 60  # minutes


@register.filter
def explanation(bubble: Bubble) -> str:
    """Return what staff should know and do about a message that did not surely arrive."""
    if bubble.delivery == DeliveryState.UNCONFIRMED:
        return errors.unconfirmed_explanation()
    return errors.explanation(bubble.error_code)


@register.filter
def css(state: DeliveryState) -> str:
    """Return the state's name as a part of a class name."""
    return state.name.lower()


@register.filter
def span_since(moment: datetime, now: datetime) -> str:
    """Return how long `moment` is ago, in hours and minutes; the page's script counts on from there."""
    return in_words(now - moment)


@register.filter
def span_until(moment: datetime, now: datetime) -> str:
    """Return how long it is until `moment`; the last begun minute counts."""
    return in_words(moment - now + MINUTE - timedelta(microseconds=1))


def in_words(span: timedelta) -> str:
    """Return a length of time in hours and minutes."""
    minutes = max(0, span // MINUTE)
    if minutes >= HOUR:
        return _("%(hours)d h %(minutes)d min") % {
            "hours": minutes // HOUR,
            "minutes": minutes % HOUR,
        }
    return _("%(minutes)d min") % {"minutes": minutes}
