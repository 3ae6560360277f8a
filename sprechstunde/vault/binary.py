"""The binary column under encrypted and digest fields, typed for the type checker."""

from typing import TYPE_CHECKING, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

_ST = TypeVar("_ST")
_GT = TypeVar("_GT")

if TYPE_CHECKING:
    _Field = models.Field[_ST, _GT]
else:

    class _Field(models.Field):
        """Django's field, which takes types in brackets only from a type checker."""

        def __class_getitem__(cls, _types: object) -> type:
            return cls


class BinaryColumn(_Field[_ST, _GT]):
    """Stores bytes; what else a row object may hold is for the fields above it to say."""

    empty_strings_allowed = False

    def get_internal_type(self) -> str:
        """Use the column type of Django's binary field."""
        return "BinaryField"

    def get_db_prep_value(
        self, value: object, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> object:
        """Wrap the bytes for the driver; raises TypeError for what is not to be stored."""
        content = self.stored(value)
        return content if content is None else connection.Database.Binary(content)  # type: ignore[attr-defined]

    def stored(self, value: object) -> bytes | None:
        """Return what goes into the column; raises TypeError."""
        raise NotImplementedError
