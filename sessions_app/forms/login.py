"""The login, slowed down when a password is being guessed."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sessions_app.forms.look import KernLook
from sessions_app.services import logins


class LoginForm(KernLook, AuthenticationForm):
    """Django's own, which also refuses a name with too many wrong passwords lately."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _("User name and password do not match. Please check both."),
        "blocked": _("Too many attempts. Please wait five minutes and try again."),
    }

    def clean(self) -> dict[str, Any]:
        """Check name and password, and count a failure; raises ValidationError."""
        username = self.cleaned_data.get("username", "")
        if logins.is_blocked(username):
            raise ValidationError(self.error_messages["blocked"], code="blocked")
        try:
            cleaned = super().clean()
        except ValidationError:
            logins.note_failure(username)
            raise
        logins.forget(username)
        return cleaned


class OwnPasswordForm(KernLook, PasswordChangeForm):
    """Django's own, in KERN's look."""
