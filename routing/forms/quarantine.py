"""The form that gives an incoming mail to a question."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from routing.models import Department, Ticket
from routing.queries import quarantine as queries
from routing.services.mail_in.quarantine import LONGEST
from sessions_app.forms.look import KernLook
from sessions_app.models import Office

ANSWER, REPLY = "answer", "reply"


class AssignForm(KernLook, forms.Form):
    """Number of the question, department where several were asked, what the mail is, and its text."""

    reference = forms.CharField(
        label=_("Number of the question"), max_length=20, help_text=_("For example 2026-0012.")
    )
    department = forms.ModelChoiceField(
        label=_("Department"), queryset=Department.objects.none(), required=False
    )
    kind = forms.ChoiceField(
        label=_("The e-mail is"),
        choices=((ANSWER, _("the department's answer")), (REPLY, _("the citizen's reply"))),
    )
    text = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 12}),
        max_length=LONGEST,
        help_text=_("This goes to the citizen or the department. Cut what does not belong there."),
    )

    def __init__(self, *args: Any, office: Office, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._office = office
        department = cast("forms.ModelChoiceField[Department]", self.fields["department"])
        department.queryset = Department.objects.filter(office=office).order_by("name")

    def clean(self) -> dict[str, Any]:
        """Find the one ticket that is meant."""
        data: dict[str, Any] = super().clean() or {}
        found = queries.tickets(self._office, data.get("reference", "").strip())
        if data.get("department"):
            found = found.filter(department=data["department"])
        several = list(found[:2])
        if data.get("reference") and not several:
            self.add_error("reference", _("There is no such question here."))
        if len(several) > 1:
            self.add_error("department", _("Several departments were asked. Which one is meant?"))
        data["ticket"] = several[0] if len(several) == 1 else None
        return data

    @property
    def ticket(self) -> Ticket:
        """The ticket that is meant, once the form is valid."""
        found: Ticket = self.cleaned_data["ticket"]
        return found
