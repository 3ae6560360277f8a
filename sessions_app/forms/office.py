"""Forms for an office's settings and its staff."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import Role
from sessions_app.forms.look import KernLook
from sessions_app.models import Office

if TYPE_CHECKING:
    _OfficeModelForm = forms.ModelForm[Office]
else:
    _OfficeModelForm = forms.ModelForm  # has no parameters at run time

GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("The office"), ("name", "slug", "host_name", "land", "time_zone")),
    (
        _("WhatsApp and other ways to you"),
        (
            "display_phone_number",
            "phone_number_id",
            "information_phone",
            "contact_email",
            "privacy_url",
            "imprint_url",
        ),
    ),
    (
        _("Rules of the hour"),
        (
            "wrap_up_minutes",
            "outside_policy",
            "picture_policy",
            "sends_read_receipts",
            "sends_typing",
        ),
    ),
    (
        _("Texts to citizens"),
        ("greeting", "outside_notice", "media_notice", "picture_notice", "farewell"),
    ),
)


class PhoneNumberField(forms.CharField):
    """A number as people write it: spaces, hyphens, slashes and brackets are dropped."""

    def to_python(self, value: object) -> str:
        """Return the number without what is only there for the eye."""
        text = str(super().to_python(value) or "")
        return text.translate(str.maketrans("", "", " -/()\u00a0"))


class OfficeForm(KernLook, _OfficeModelForm):
    """All settings of an office; the database refuses a number that another office has."""

    display_phone_number = PhoneNumberField(
        label=_("WhatsApp number"), help_text=_("With country code, for example +49 7842 80221")
    )
    privacy_url = forms.URLField(
        label=_("Address of the privacy notice"),
        required=False,
        assume_scheme="https",
        help_text=_("Left empty, our own short notice is linked."),
    )
    imprint_url = forms.URLField(
        label=_("Address of the imprint"), required=False, assume_scheme="https"
    )

    class Meta:
        model = Office
        fields = [field for _title, names in GROUPS for field in names]
        help_texts = {
            "slug": _("Small letters, digits and hyphens; part of the public address."),
            "host_name": _("For example: Mayor Erika Beispiel"),
            "phone_number_id": _("From Meta's WhatsApp Manager; digits only."),
            "information_phone": _(
                "For questions before the hour and for people without WhatsApp."
            ),
            "contact_email": _("For people who cannot or do not want to use WhatsApp."),
            "greeting": _("First answer to everybody. Left empty, our own text is sent."),
        }
        widgets = {
            "display_phone_number": forms.TextInput(attrs={"inputmode": "tel"}),
            "phone_number_id": forms.TextInput(attrs={"inputmode": "numeric"}),
            **{name: forms.Textarea(attrs={"rows": 4}) for name in GROUPS[-1][1]},
        }

    def clean_slug(self) -> str:
        """Refuse the word that another address already has."""
        slug = str(self.cleaned_data["slug"])
        if slug == "new":
            raise ValidationError(_("This short name is reserved. Please choose another one."))
        return slug

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Return the fields under the headings of the page."""
        return [(title, [self[name] for name in names]) for title, names in GROUPS]


class PersonForm(KernLook, forms.Form):
    """Somebody of the staff: what can be changed later as well."""

    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150)
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=254,
        help_text=_("From there a clerk may answer forwarded questions by e-mail."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.ASSISTANT)


class AdmitForm(PersonForm):
    """A new member of staff."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )

    def clean_username(self) -> str:
        """Refuse a name that is taken, in whatever case."""
        username = str(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(_("This user name is taken. Please choose another one."))
        return username
