"""Forms to plan, cancel and extend sessions; times are typed as the office's wall clock shows them."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from sessions_app.forms.look import KernLook
from sessions_app.models import Office

YEARS = range(2000, 2101)
EXTENSIONS = (10, 15, 30, 60)  # minutes


def from_wall_clock(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the moment when a clock in `zone` shows `clock` on `day` (aware, UTC).

    Raises ValidationError where the clock skips that time. An hour that comes twice in autumn is
    the first one.
    """
    naive = datetime.combine(day, clock)
    moment = naive.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != naive:
        raise ValidationError(
            _("%(time)s does not exist on this day: the clocks are put forward."),
            params={"time": f"{clock:%H:%M}"},
        )
    return moment


class PlanForm(KernLook, forms.Form):
    """A new session. A valid form has `starts_at` and `ends_at` in `cleaned_data` (aware)."""

    day = forms.DateField(
        label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    start = forms.TimeField(
        label=_("Start"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    end = forms.TimeField(
        label=_("End"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    wrap_up_minutes = forms.IntegerField(
        label=_("Wrap-up in minutes"),
        min_value=0,
        max_value=60,
        help_text=_("Time after the end to answer what is left. Then everything is erased."),
    )
    topic = forms.CharField(
        label=_("Topic"),
        max_length=120,
        required=False,
        help_text=_("Is shown on the public page, for example: traffic in the town centre"),
    )

    def __init__(self, *args: Any, office: Office, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.office = office
        self.fields["wrap_up_minutes"].initial = office.wrap_up_minutes

    def clean_day(self) -> date:
        """Refuse years in which nobody plans a session; the calendar ends near them."""
        day: date = self.cleaned_data["day"]
        if day.year not in YEARS:
            raise ValidationError(_("Please check the year."))
        return day

    def clean(self) -> dict[str, Any]:
        """Turn wall-clock times into moments."""
        cleaned = super().clean() or self.cleaned_data
        for typed, moment in (("start", "starts_at"), ("end", "ends_at")):
            self._moment(cleaned, typed, moment)
        return cleaned

    def _moment(self, cleaned: dict[str, Any], typed: str, moment: str) -> None:
        if not cleaned.get("day") or cleaned.get(typed) is None:
            return
        try:
            cleaned[moment] = from_wall_clock(cleaned["day"], cleaned[typed], self.office.zone)
        except ValidationError as error:
            self.add_error(typed, error)


class CancelForm(KernLook, forms.Form):
    """Why a session does not take place."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("Is shown on the public page, for example: illness"),
    )


class ExtendForm(KernLook, forms.Form):
    """By how much a running session grows."""

    minutes = forms.TypedChoiceField(
        label=_("Extend by"),
        coerce=int,
        choices=[(minutes, format_lazy(_("{} minutes"), minutes)) for minutes in EXTENSIONS],
    )
