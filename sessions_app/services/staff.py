"""Admit staff to an office, give them a new one-time password, dismiss them."""

import secrets

from django.contrib.auth.models import Group, User
from django.db import transaction

from sessions_app.enums import Role
from sessions_app.models import Office, Staff

# Members have a password that somebody else has seen; they must choose their own first.
ONE_TIME_PASSWORD = "one-time password"  # noqa: S105 (the name of a group)
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else


class StaffError(Exception):
    """What was asked of a member of staff cannot be done."""


class LastAdmin(StaffError):
    """An office would be left without anyone who may administer it."""


class BelongsElsewhere(StaffError):
    """The account has roles in other offices, so this office may not change more than the role here."""


@transaction.atomic
def admit(
    office: Office, *, username: str, first_name: str, last_name: str, role: Role, email: str = ""
) -> tuple[Staff, str]:
    """Create an account with `role` in `office`; return it with its one-time password."""
    password = one_time_password()
    user = User.objects.create_user(
        username, email, password=password, first_name=first_name, last_name=last_name
    )
    user.groups.add(_group())
    return Staff.objects.create(user=user, office=office, role=role), password


@transaction.atomic
def change(staff: Staff, *, first_name: str, last_name: str, email: str, role: Role) -> None:
    """Change name, e-mail address and role.

    Raises LastAdmin, and BelongsElsewhere if more than the role of a shared account would change.
    """
    _lock_office(staff)
    if role != Role.ADMIN:
        _refuse_last_admin(staff)
    user = staff.user
    names = {"first_name": first_name, "last_name": last_name, "email": email}
    if any(getattr(user, name) != value for name, value in names.items()):
        _refuse_shared(staff)
        User.objects.filter(pk=user.pk).update(**names)
    Staff.objects.filter(pk=staff.pk).update(role=role)


@transaction.atomic
def renew_password(staff: Staff) -> str:
    """Replace the password by a one-time password and return it; raises BelongsElsewhere."""
    _refuse_shared(staff)
    user = staff.user
    password = one_time_password()
    user.set_password(password)
    user.save(update_fields=("password",))
    user.groups.add(_group())
    return password


@transaction.atomic
def dismiss(staff: Staff) -> None:
    """Take the role away, and the account with it if it was the last one; raises LastAdmin."""
    _lock_office(staff)
    _refuse_last_admin(staff)
    user = staff.user
    staff.delete()
    if not user.is_superuser and not user.staff_roles.exists():
        user.is_active = False
        user.set_unusable_password()
        user.save(update_fields=("is_active", "password"))


def has_one_time_password(user: User) -> bool:
    """Say whether `user` still has a password that somebody else has seen."""
    return user.groups.filter(name=ONE_TIME_PASSWORD).exists()


def chose_own_password(user: User) -> None:
    """Note that `user` replaced the one-time password."""
    user.groups.remove(_group())


def one_time_password() -> str:
    """Draw a password of 79 bits that is easy to read out and to type."""
    parts = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(parts)


def _lock_office(staff: Staff) -> None:
    Office.objects.select_for_update(no_key=True).get(pk=staff.office_id)


def _refuse_last_admin(staff: Staff) -> None:
    others = Staff.objects.filter(office=staff.office_id, role=Role.ADMIN).exclude(pk=staff.pk)
    if staff.role == Role.ADMIN and not others.exists():
        raise LastAdmin


def _refuse_shared(staff: Staff) -> None:
    user = staff.user
    if user.is_superuser or user.staff_roles.exclude(office=staff.office_id).exists():
        raise BelongsElsewhere


def _group() -> Group:
    return Group.objects.get_or_create(name=ONE_TIME_PASSWORD)[0]
