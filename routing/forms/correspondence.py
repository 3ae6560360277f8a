"""The form for how an office writes to citizens by e-mail."""

from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from routing.models import Correspondence
from sessions_app.forms.look import KernLook

if TYPE_CHECKING:
    _CorrespondenceModelForm = forms.ModelForm[Correspondence]
else:
    _CorrespondenceModelForm = forms.ModelForm  # has no parameters at run time


class CorrespondenceForm(KernLook, _CorrespondenceModelForm):
    """Letterhead, closing lines, and the rules for addresses and retention."""

    class Meta:
        model = Correspondence
        fields = (
            "sender_name",
            "letterhead",
            "closing",
            "escalation_mailbox",
            "address_check",
            "retention_days",
        )
        widgets = {
            "letterhead": forms.Textarea(attrs={"rows": 4}),
            "closing": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "sender_name": _("Stands before the address. Left empty, the name of the office."),
            "letterhead": _("Stands above every answer: name, address, phone."),
            "closing": _("Stands below every answer: greeting, opening hours, imprint."),
            "escalation_mailbox": _(
                "Is told when a department is overdue. Left empty, the mayor and assistants with "
                "an e-mail address are told."
            ),
            "address_check": _(
                "The confirmation e-mail makes sure that no answer reaches a stranger because "
                "of a typing error."
            ),
            "retention_days": _("Counted from the answer; 14 unless you have a reason."),
        }
