"""What encrypted model fields share: sealing on save, opening on first reading, no searching."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar
from uuid import UUID

from django.core import checks
from django.db import models
from django.db.models.lookups import Lookup
from django.db.models.query_utils import DeferredAttribute
from django.utils.functional import cached_property

from sprechstunde.vault import cipher
from sprechstunde.vault.binary import BinaryColumn
from sprechstunde.vault.sealed import UNOPENED, Sealed

_ST = TypeVar("_ST")
_GT = TypeVar("_GT")


class OpenedOnReading(DeferredAttribute):
    """The row's attribute: opens a value when it is first read, so unread ones cost nothing."""

    field: "EncryptedField[Any, Any]"

    def __get__(
        self, instance: models.Model | None, cls: type[models.Model] | None = None
    ) -> object:
        if instance is None:
            return self
        held = self.field.held(instance)
        if held is None:
            return None
        if held.plain is UNOPENED:
            held.plain = self.field.open(instance, held)
        return held.plain

    def __set__(self, instance: models.Model, value: object) -> None:
        if value is not None and not isinstance(value, Sealed):
            value = Sealed(plain=self.field.accept(value))
        instance.__dict__[self.field.attname] = value


class EncryptedField(BinaryColumn[_ST, _GT]):
    """A binary column that only the owner's key opens, in this row and this field alone.

    `owner` is the dotted path from the row to its key id, best a UUID column of the row itself;
    `row` names a UUID column that tells the rows apart. Reading raises KeyUnavailable once the key
    is destroyed, and Tampered if the value belongs elsewhere; querying the row raises neither.
    Values are written through instances only (`save`, `create`, `bulk_create`), and once written
    neither the two ids nor the names of model and field may change.
    """

    descriptor_class = OpenedOnReading

    def __init__(self, *args: Any, owner: str, row: str = "", **options: Any) -> None:
        self.owner = owner
        self.row = row
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Keep `owner` and `row` in migrations."""
        name, path, args, options = super().deconstruct()
        return name, path, args, options | {"owner": self.owner, "row": self.row}

    def contribute_to_class(
        self, cls: type[models.Model], name: str, private_only: bool = False
    ) -> None:
        """Fix what a value is bound to: its model and field."""
        super().contribute_to_class(cls, name, private_only)
        self._label = f"{cls._meta.label_lower}.{name}:"
        self._key_id_of = attrgetter(self.owner)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Refuse an `owner` or `row` that the model does not have."""
        problems = super().check(**kwargs)
        if len(self._columns) < len(self._bound_names):
            text = f"The model has no field for owner={self.owner!r} or row={self.row!r}."
            problems.append(checks.Error(text, obj=self, id="vault.E001"))
        return problems

    def from_db_value(self, value: bytes | memoryview | None, *_: object) -> Sealed | None:
        """Take the ciphertext as it is; it is opened when it is read."""
        return None if value is None else Sealed(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        """Seal what was set or read; a value nobody has opened goes back as it was.

        Inserting opens it all the same: in a copied row it would be unreadable, so raises Tampered.
        """
        held = self.held(model_instance)
        if held is None or (held.plain is UNOPENED and not add):
            return held
        plain = self.open(model_instance, held) if held.plain is UNOPENED else held.plain
        key_id, context = self._binding(model_instance)
        return Sealed(cipher.seal(key_id, context=context, plaintext=self.encode(plain)))

    def stored(self, value: object) -> bytes | None:
        """Return the ciphertext; raises TypeError for anything readable."""
        if value is None:
            return None
        if not isinstance(value, Sealed) or not value.ciphertext:
            raise TypeError(f"{self} is encrypted: write it by saving an instance, not by a query")
        return value.ciphertext

    def get_lookup(self, lookup_name: str) -> "type[Lookup[Any]] | None":
        """Allow `isnull` only; raises TypeError for what would compare ciphertexts."""
        if lookup_name != "isnull":
            raise TypeError(f"{self} is encrypted and can't be searched: use a DigestField")
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        """Stay out of `dumpdata`; raises TypeError."""
        raise TypeError(f"{self} is encrypted and is not exported")

    def held(self, instance: models.Model) -> Sealed | None:
        """Return what the row object holds, fetched now if it was deferred."""
        if self.attname not in instance.__dict__:
            self._fetch(instance)
        held: Sealed | None = instance.__dict__[self.attname]
        return held

    def open(self, instance: models.Model, held: Sealed) -> object:
        """Return the value; raises KeyUnavailable, KeystoreUnavailable, Tampered."""
        if not self._columns <= instance.__dict__.keys():
            self._fetch(instance)
        key_id, context = self._binding(instance)
        return self.decode(cipher.open_sealed(key_id, context=context, sealed=held.ciphertext))

    def opener(self, key_id: UUID) -> Callable[[bytes | None, str], Any]:
        """Return what opens ciphertexts of many rows of one key; it takes the row's id as 32 hex digits.

        For lists that do without row objects; opens at once and keeps nothing. Raises as reading does.
        """
        open_sealed = cipher.opener(key_id)

        def opened(ciphertext: bytes | None, row: str) -> object:
            if ciphertext is None:
                return None
            return self.decode(open_sealed(f"{self._label}{row}", ciphertext))

        return opened

    def accept(self, value: object) -> object:
        """Return a value just set as it will be kept; raises TypeError for a wrong type."""
        raise NotImplementedError

    def encode(self, plain: object) -> bytes:
        """Turn the value into bytes."""
        raise NotImplementedError

    def decode(self, content: bytes) -> object:
        """Turn bytes into the value."""
        raise NotImplementedError

    @property
    def _bound_names(self) -> set[str]:
        return {self.owner.partition(".")[0], self.row} - {""}

    @cached_property
    def _columns(self) -> set[str]:
        """The row's own columns that it takes to open a value, by attribute."""
        fields = self.model._meta.concrete_fields  # noqa: SLF001
        return {f.attname for f in fields if self._bound_names & {f.name, f.attname}}

    def _fetch(self, instance: models.Model) -> None:
        # All that is missing in one query: Django would ask once for each deferred column.
        missing = {self.attname, *self._columns} - instance.__dict__.keys()
        rows = type(instance)._base_manager.using(instance._state.db)  # noqa: SLF001
        values = rows.values_list(*missing).get(pk=instance.pk)
        instance.__dict__.update(zip(missing, values, strict=True))

    def _binding(self, instance: models.Model) -> tuple[UUID, str]:
        key_id = self._key_id_of(instance)
        row = getattr(instance, self.row) if self.row else None
        if not isinstance(key_id, UUID) or (self.row and not isinstance(row, UUID)):
            raise TypeError(f"{self} needs UUIDs in {self.owner!r} and {self.row!r}")
        return key_id, f"{self._label}{row.hex}" if row else self._label


def encrypted(model: type[models.Model], name: str) -> EncryptedField[Any, Any]:
    """Return a model's encrypted field; raises TypeError if it is none."""
    field = model._meta.get_field(name)  # noqa: SLF001
    if not isinstance(field, EncryptedField):
        raise TypeError(f"{field} is not encrypted")
    return field
