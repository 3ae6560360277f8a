"""What is typed in the editor of answers, and the texts that clerks keep for it."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from routing.models import Department, Snippet
from sessions_app.forms.look import KernLook

if TYPE_CHECKING:
    _SnippetModelForm = forms.ModelForm[Snippet]
else:
    _SnippetModelForm = forms.ModelForm  # has no parameters at run time

TEXT_MOST = 20_000


class AnswerForm(forms.Form):
    """An answer; `version` is that of the draft which the editor showed, 0 if there was none."""

    text = forms.CharField(strip=False, required=False, max_length=TEXT_MOST)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False)

    def clean_text(self) -> str:
        """Return the text with the line ends that everything else uses."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")

    def clean_version(self) -> int:
        """Return 0 where the browser knew of no draft."""
        return self.cleaned_data["version"] or 0


class SnippetForm(KernLook, _SnippetModelForm):
    """A text of a department."""

    class Meta:
        model = Snippet
        fields = ("title", "text")
        widgets = {"text": forms.Textarea(attrs={"rows": 8})}

    def __init__(self, *args: Any, department: Department, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.department = department
        self.department = department

    def clean_title(self) -> str:
        """Refuse a title that another text of the department has."""
        title = str(self.cleaned_data["title"])
        others = self.department.snippets.exclude(pk=self.instance.pk)
        if others.filter(title__iexact=title).exists():
            raise ValidationError(_("There is a text of this title already."))
        return title
