"""Forms for departments, their members, and their table."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from routing.models import Department
from routing.services.department_table import LARGEST
from routing.services.departments import Fields
from sessions_app.forms.look import CLASSES, KernLook
from sessions_app.models import Office, Staff

if TYPE_CHECKING:
    _DepartmentModelForm = forms.ModelForm[Department]
else:
    _DepartmentModelForm = forms.ModelForm  # has no parameters at run time

_NONE, _MEMBER, _DEPUTY = "", "member", "deputy"
_PLACES = ((_NONE, _("not in it")), (_MEMBER, _("member")), (_DEPUTY, _("deputy")))


class DepartmentForm(KernLook, _DepartmentModelForm):
    """One department; the office is given, so that its name is checked against the others."""

    class Meta:
        model = Department
        fields = ("name", "keywords", "mailbox", "due_days", "needs_release")
        widgets = {"keywords": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "mailbox": _(
                "New questions are announced there, without their content. A new address has to "
                "confirm itself by a link that we send to it."
            ),
            "keywords": _(
                "One per line. They suggest the department when a question is forwarded."
            ),
        }

    def __init__(self, *args: Any, office: Office, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.office = office

    def clean_keywords(self) -> str:
        """Return one keyword a line, without doubles, commas read as ends of lines."""
        words = re.split(r"[,\n]", str(self.cleaned_data["keywords"]))
        return "\n".join(dict.fromkeys(word for each in words if (word := each.strip())))

    def clean_name(self) -> str:
        """Refuse a name that another department of the office has, in whatever case."""
        name = str(self.cleaned_data["name"])
        others = self.office.departments.exclude(pk=self.instance.pk)
        if others.filter(name__iexact=name).exists():
            raise ValidationError(_("There is a department of this name already."))
        return name

    def given(self) -> Fields:
        """Return what was typed, checked."""
        return Fields(**{name: self.cleaned_data[name] for name in self.Meta.fields})


class MembersForm(forms.Form):
    """The place of each clerk of the office in one department."""

    def __init__(
        self, *args: Any, clerks: list[Staff], places: dict[int, bool], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.clerks = clerks
        self.fields.update({f"clerk_{clerk.pk}": _place(clerk, places) for clerk in clerks})

    def given(self) -> dict[Staff, bool]:
        """Return the members; the value says who is a deputy."""
        chosen = [(clerk, self.cleaned_data[f"clerk_{clerk.pk}"]) for clerk in self.clerks]
        return {clerk: place == _DEPUTY for clerk, place in chosen if place}


class TableForm(KernLook, forms.Form):
    """A table to import: a file first, then its text once more to confirm what was shown."""

    table = forms.FileField(
        label=_("CSV file"), help_text=_("With semicolons or commas, as spreadsheets save it.")
    )

    def clean_table(self) -> bytes:
        """Return the bytes; refuses what is far too large for a list of departments."""
        uploaded = self.cleaned_data["table"]
        if uploaded.size > LARGEST:
            raise ValidationError(_("The file is larger than one megabyte."))
        return bytes(uploaded.read())


def _place(clerk: Staff, places: dict[int, bool]) -> forms.ChoiceField:
    initial = _NONE
    if clerk.pk in places:
        initial = _DEPUTY if places[clerk.pk] else _MEMBER
    look = forms.Select(attrs={"class": CLASSES[forms.Select]})
    return forms.ChoiceField(
        label=str(clerk), choices=_PLACES, required=False, initial=initial, widget=look
    )
