"""The value of an encrypted field inside a row object: sealed, opened on first reading, or new."""

from typing import Any, Final, NoReturn, Self


class _Unopened:
    """Marks a value that was not opened yet; None is a value."""


UNOPENED: Final = _Unopened()


class Sealed:
    """What a row holds for an encrypted field; it shows nothing of the value and isn't pickled.

    Queries by `.values()` and `.values_list()` give these instead of readable values.
    """

    __slots__ = ("ciphertext", "plain")

    def __init__(self, ciphertext: bytes = b"", plain: object = UNOPENED) -> None:
        self.ciphertext = ciphertext
        self.plain = plain

    def __repr__(self) -> str:
        return "<Sealed>"

    def __copy__(self) -> Self:
        return type(self)(self.ciphertext, self.plain)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.__copy__()

    def __reduce__(self) -> NoReturn:
        raise TypeError("values of encrypted fields are not pickled: a cache would keep them")
