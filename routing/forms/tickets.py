"""What is chosen in the list of tickets, and what the actions on tickets need."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from routing.enums import Action
from routing.models import Department
from routing.queries.tickets import Sort, View
from sessions_app.forms.look import KernLook

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

REASON_MOST = 500
NOTE_MOST = 4000
WORDS_MOST = 200
MOST_AT_ONCE = 100
_DIGITS = 19
BULK = (
    (Action.ACCEPT, _("Accept")),
    (Action.PASS_ON, _("Pass on")),
    (Action.RETURN, _("Return to the mayor's office")),
    (Action.SEND_AGAIN, _("Send again")),
)


class ListForm(forms.Form):
    """What the list shows. What cannot be is left out, as if nothing had been chosen."""

    view = forms.TypedChoiceField(choices=View, coerce=View, required=False)
    department = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    sort = forms.TypedChoiceField(choices=Sort, coerce=Sort, required=False)
    q = forms.CharField(max_length=WORDS_MOST, required=False)
    page = forms.IntegerField(min_value=1, max_value=1_000_000, required=False)

    def chosen(self) -> dict[str, Any]:
        """Return what was understood, with defaults for the rest."""
        self.full_clean()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        usual = {"view": View.ALL if "q" in given else View.DEPARTMENT, "sort": Sort.DUE}
        return {**usual, "department": None, "q": "", "page": 1, **given}


class DepartmentField(forms.TypedChoiceField):
    """One of the departments at hand: offering them costs no query. Clean it is a row or None."""

    def __init__(self, *, nothing: "StrOrPromise", **options: Any) -> None:
        super().__init__(empty_value=None, **options)
        self.nothing = nothing

    def offer(self, departments: Iterable[Department]) -> None:
        """Offer these rows alone."""
        rows = {str(each.pk): each for each in departments}
        self.choices = [("", self.nothing), *((pk, each.name) for pk, each in rows.items())]
        self.coerce = rows.__getitem__


class NumbersField(forms.TypedMultipleChoiceField):
    """Primary keys; whether the rows are there and whose they are is asked later."""

    def valid_value(self, value: object) -> bool:
        """Take what a database can look for."""
        return str(value).isdecimal() and len(str(value)) < _DIGITS


class ReasonForm(KernLook, forms.Form):
    """Why something is done with a ticket; colleagues read it, the citizen never does."""

    reason = forms.CharField(
        label=_("Reason"), max_length=REASON_MOST, widget=forms.Textarea(attrs={"rows": 2})
    )


class PassOnForm(ReasonForm):
    """To which department, and why."""

    to = DepartmentField(label=_("Department"), nothing=_("Please choose"))
    field_order = ("to", "reason")

    def __init__(self, *args: Any, targets: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "to", targets)


class NoteForm(KernLook, forms.Form):
    """An internal word; with a department chosen it is a question to it."""

    text = forms.CharField(
        label=_("Note"), max_length=NOTE_MOST, widget=forms.Textarea(attrs={"rows": 3})
    )
    asked = DepartmentField(
        label=_("Is a question to"),
        nothing=_("nobody, just a note"),
        required=False,
        help_text=_("The department is told by e-mail, without what you wrote."),
    )

    def __init__(self, *args: Any, departments: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "asked", departments)


class BulkForm(forms.Form):
    """One action for several tickets."""

    tickets = NumbersField(coerce=int)
    action = forms.TypedChoiceField(choices=BULK, coerce=Action)
    to = DepartmentField(label=_("Department"), nothing=_("Please choose"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=REASON_MOST, required=False)

    def __init__(self, *args: Any, targets: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "to", targets)

    def clean_tickets(self) -> list[int]:
        """Return each once, and no more than one page can hold."""
        return list(dict.fromkeys(self.cleaned_data["tickets"]))[:MOST_AT_ONCE]

    def clean(self) -> dict[str, Any]:
        """Ask for what the action needs."""
        given = super().clean() or self.cleaned_data
        action = given.get("action")
        if action == Action.PASS_ON and not given.get("to"):
            self.add_error("to", _("Please choose a department."))
        if action in {Action.PASS_ON, Action.RETURN} and not given.get("reason"):
            self.add_error("reason", _("Please say why."))
        return given


def _offer(form: forms.BaseForm, name: str, departments: Iterable[Department]) -> None:
    field = form.fields[name]
    if isinstance(field, DepartmentField):
        field.offer(departments)
