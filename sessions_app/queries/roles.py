"""Who is signed in, and all their roles: one query for both, before each page of staff."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User

from sessions_app.models import Staff

_HELD = "_roles"  # attribute of a user that came with them


class RolesBackend(ModelBackend):
    """Django's own login with names and passwords; whoever is signed in comes with their roles."""

    def get_user(self, user_id: int) -> User | None:
        """Return an active user, or None."""
        roles = _roles(user_id)
        if not roles:
            found: User | None = super().get_user(user_id)
            return found
        user = roles[0].user
        for staff in roles:
            staff.user = user
        setattr(user, _HELD, roles)
        return user if self.user_can_authenticate(user) else None


def roles_of(user: User) -> list[Staff]:
    """Return all roles of `user` with their offices, in the order of the offices' names.

    Of whoever is signed in: as they were when the request began.
    """
    held: list[Staff] | None = getattr(user, _HELD, None)
    return _roles(user.pk) if held is None else held


def _roles(user_id: int) -> list[Staff]:
    rows = Staff.objects.filter(user=user_id).select_related("user", "office")
    return list(rows.order_by("office__name"))
