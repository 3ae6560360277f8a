"""The departments of an office: what they are responsible for, their mailbox, and who works there."""

from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

DEFAULT_DUE_DAYS = 5


class DepartmentQuerySet(models.QuerySet["Department"]):
    """Questions about departments."""

    def active(self) -> Self:
        """Keep those that take new questions."""
        return self.filter(closed_at=None)


class Department(models.Model):
    """One Fachamt. Mail goes to `mailbox` only once its confirmation has come back."""

    office = models.ForeignKey(
        "sessions_app.Office", on_delete=models.PROTECT, related_name="departments"
    )
    name = models.CharField(_("name"), max_length=120)
    keywords = models.TextField(
        _("responsible for"), blank=True, max_length=2000, help_text=_("Keywords, one per line.")
    )
    mailbox = models.EmailField(_("mailbox"), blank=True)
    mailbox_confirmed_at = models.DateTimeField(null=True, editable=False)
    mailbox_failed_at = models.DateTimeField(null=True, editable=False)  # a permanent bounce
    due_days = models.PositiveSmallIntegerField(
        _("due in working days"),
        default=DEFAULT_DUE_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
    )
    needs_release = models.BooleanField(
        _("answers are released by the mayor's office"), default=False
    )
    closed_at = models.DateTimeField(null=True, editable=False)

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(name="department_name_once", fields=("office", "name")),
            models.CheckConstraint(
                name="department_due_days", condition=Q(due_days__gte=1, due_days__lte=60)
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def keyword_list(self) -> list[str]:
        """The keywords, one per line as typed, without empty ones."""
        return [word for line in self.keywords.splitlines() if (word := line.strip())]

    @property
    def takes_mail(self) -> bool:
        """Whether its mailbox is confirmed and has not failed since."""
        return bool(self.mailbox and self.mailbox_confirmed_at and not self.mailbox_failed_at)


class Member(models.Model):
    """A clerk's place in a department; the account is a Staff of the office with the role clerk."""

    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="members")
    staff = models.ForeignKey(
        "sessions_app.Staff", on_delete=models.CASCADE, related_name="memberships"
    )
    is_deputy = models.BooleanField(_("deputy"), default=False)
    last_chosen_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = (
            models.UniqueConstraint(
                name="member_once_a_department", fields=("department", "staff")
            ),
        )

    def __str__(self) -> str:
        return f"{self.department_id}/{self.staff_id}"


class Snippet(models.Model):
    """A text that clerks of a department use again and again; written by them, not by citizens."""

    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="snippets")
    title = models.CharField(_("title"), max_length=80)
    text = models.TextField(_("text"), max_length=4000)

    class Meta:
        verbose_name = _("snippet")
        verbose_name_plural = _("snippets")
        ordering = ("title",)
        constraints = (
            models.UniqueConstraint(name="snippet_title_once", fields=("department", "title")),
        )

    def __str__(self) -> str:
        return self.title


class Choice(models.Model):
    """How often staff of an office chose a department for a word; learned locally, no text kept.

    `word` is a stem from the department's own keywords, never a word of a citizen.
    """

    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="choices")
    word = models.CharField(max_length=60)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="choice_once_a_word", fields=("department", "word")),
        )

    def __str__(self) -> str:
        return f"{self.department_id}/{self.count}"
