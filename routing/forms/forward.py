"""What staff decide when a question leaves the chat."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from routing.enums import Unanswered
from routing.models import Department
from routing.queries.forward import pictures
from routing.services.forward.forwarding import LONGEST, Fields
from sessions_app.models import Attachment, Conversation

ASK, ANONYMOUS = "ask", "anonymous"
LATEST = timedelta(days=366)
NOTE_LIMIT = 2000


class ForwardForm(forms.Form):
    """The question, the departments, and what is asked of the citizen."""

    # One press of the button: pressed twice, it makes one question.
    token = forms.UUIDField(required=False, initial=uuid4, widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Question"),
        max_length=LONGEST,
        widget=forms.Textarea,
        error_messages={"required": _("Please write the question.")},
    )
    lead = forms.ModelChoiceField(
        Department.objects.none(),
        error_messages={
            "required": _("Please choose the department in charge."),
            "invalid_choice": _("This department takes no questions any more."),
        },
    )
    consulted = forms.ModelMultipleChoiceField(Department.objects.none(), required=False)
    pictures = forms.ModelMultipleChoiceField(Attachment.objects.none(), required=False)
    note = forms.CharField(label=_("Note for colleagues"), max_length=NOTE_LIMIT, required=False)
    due_on = forms.DateField(label=_("Due on"), required=False)
    way = forms.ChoiceField(
        choices=[
            (ASK, _("Ask the person first")),
            (ANONYMOUS, _("Forward without contact data, ask nothing")),
        ],
        initial=ASK,
    )
    share_name = forms.BooleanField(required=False)
    language = forms.ChoiceField(
        label=_("Language of the person"),
        choices=[("de", _("German")), ("en", _("English"))],
        initial="de",
    )
    if_unanswered = forms.ChoiceField(
        choices=Unanswered.choices, initial=Unanswered.DROP, required=False
    )

    def __init__(self, *args: Any, conversation: Conversation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conversation = conversation
        office_id = conversation.session.office_id
        departments = Department.objects.filter(office=office_id).active()
        for name, rows in (
            ("lead", departments),
            ("consulted", departments),
            ("pictures", pictures(conversation)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  # for mypy
            field.queryset = rows

    def clean_text(self) -> str:
        """Count line ends as one character, as the page does."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean_due_on(self) -> date | None:
        """Take days from today on, in the office's time, for a year at most."""
        due_on: date | None = self.cleaned_data["due_on"]
        today = timezone.localdate(timezone=self.conversation.session.office.zone)
        if due_on and not today <= due_on <= today + LATEST:
            raise ValidationError(_("Please choose a day from today on."))
        return due_on

    def given(self) -> Fields:
        """Return what staff said, from a valid form."""
        data = self.cleaned_data
        lead = data["lead"]
        return Fields(
            token=data["token"],
            text=data["text"],
            lead=lead,
            consulted=[each for each in data["consulted"] if each != lead],
            attachments=list(data["pictures"]),
            due_on=data["due_on"],
            note=data["note"],
            anonymous=data["way"] == ANONYMOUS,
            share_name=data["share_name"],
            language=data["language"],
            if_unanswered=Unanswered(data["if_unanswered"] or Unanswered.DROP),
        )
