"""Where style sheets, scripts and pictures are: under names that change with their content."""

from functools import cache

from whitenoise.storage import (  # type: ignore[import-untyped] # it has no annotations
    CompressedManifestStaticFilesStorage,
)


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # likewise
    """WhiteNoise's storage; an address does not change while the process lives, so it is made once.

    Twenty addresses a page took most of a millisecond.
    """

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._address = cache(super().url)

    def url(self, name: str | None, force: bool = False) -> str:
        """Return the address of the file called `name`; raises ValueError for an unknown one."""
        return str(self._address(name, force))
