"""Strict reading of one JSON object of a request."""

from __future__ import annotations

from typing import Any

from sprechstunde.simulator.errors import GraphError

# whatever json.loads gave; checked here before anybody relies on it
Json = Any


class Fields:
    """Every key must be known, every value of its type and size; else a GraphError."""

    def __init__(self, source: Json, path: str) -> None:
        if not isinstance(source, dict):
            raise GraphError(100, f"Param {path or 'body'} must be a JSON object.")
        self._source = source
        self._path = path
        self._seen: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return self._source.get(key) is not None

    def name(self, key: str) -> str:
        return f"{self._path}['{key}']" if self._path else key

    def raw(self, key: str) -> Json:
        self._seen.add(key)
        return self._source.get(key)

    def text(self, key: str, *, most: int = 10_000, least: int = 1) -> str:
        value = self.raw(key)
        if value is None:
            raise GraphError(131008, f"The parameter {self.name(key)} is required.")
        if not isinstance(value, str):
            raise GraphError(131009, f"Param {self.name(key)} must be a string.")
        if not least <= len(value) <= most or (least and not value.strip()):
            details = f"{self.name(key)} length invalid. Min length: {least}, Max length: {most}"
            raise GraphError(131009, details)
        return value

    def optional(self, key: str, *, most: int = 10_000) -> str:
        return self.text(key, most=most) if self.raw(key) is not None else ""

    def flag(self, key: str) -> bool:
        value = self.raw(key)
        if value is not None and not isinstance(value, bool):
            raise GraphError(100, f"Param {self.name(key)} must be a boolean.")
        return bool(value)

    def number(self, key: str) -> float:
        value = self.raw(key)
        if value is None:
            raise GraphError(131008, f"The parameter {self.name(key)} is required.")
        try:
            return float(value)
        except (TypeError, ValueError):
            raise GraphError(131009, f"Param {self.name(key)} must be a number.") from None

    def one_of(self, key: str, allowed: set[str]) -> str:
        value = self.text(key)
        if value not in allowed:
            choices = ", ".join(sorted(allowed))
            raise GraphError(100, f"Param {self.name(key)} must be one of {{{choices}}}")
        return value

    def child(self, key: str) -> Fields:
        value = self.raw(key)
        if value is None:
            raise GraphError(131008, f"The parameter {self.name(key)} is required.")
        return Fields(value, self.name(key))

    def children(self, key: str, *, most: int) -> list[Fields]:
        value = self.raw(key)
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise GraphError(131009, f"{self.name(key)} must hold between 1 and {most} elements.")
        return [Fields(item, f"{self.name(key)}[{index}]") for index, item in enumerate(value)]

    def done(self) -> None:
        """Raises for the first key that nobody has read."""
        for key in self._source:
            if key not in self._seen:
                raise GraphError(100, f'Unexpected key "{key}" on param "{self._path or "body"}".')


def only_distinct(values: list[str], what: str) -> None:
    if len(set(values)) != len(values):
        raise GraphError(131009, f"Duplicate {what} found.")
