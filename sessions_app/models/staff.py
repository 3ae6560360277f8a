"""Who may do what in which office."""

from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sessions_app.enums import Role


class StaffQuerySet(models.QuerySet["Staff"]):
    """Questions about staff."""

    def at_the_desk(self) -> Self:
        """Keep those who talk with citizens."""
        return self.filter(role__in=(Role.HOST, Role.ASSISTANT))


class Staff(models.Model):
    """A user's role in one office."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_roles"
    )
    office = models.ForeignKey("Office", on_delete=models.CASCADE, related_name="staff")
    role = models.CharField(_("role"), max_length=12, choices=Role)

    objects = StaffQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        constraints = (
            models.UniqueConstraint(name="staff_one_role_an_office", fields=("user", "office")),
        )

    def __str__(self) -> str:
        return self.user.get_full_name() or self.user.get_username()

    @property
    def talks(self) -> bool:
        """Whether this role answers citizens."""
        return self.role in {Role.HOST, Role.ASSISTANT}
