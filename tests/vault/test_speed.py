"""A page with hundreds of encrypted values must not feel it."""

import time
from uuid import UUID

from sprechstunde.vault import cipher
from tests.vault.notes import Note


def test_reading_400_values_takes_20_ms_at_most(notes: UUID) -> None:
    Note.objects.bulk_create([Note(key_id=notes, text=f"{n:080}") for n in range(400)])
    cipher.digest(notes, context="", value="")  # the key is loaded
    durations = []
    for _ in range(15):  # the best of several: other processes want the caches, too
        rows = list(Note.objects.all())
        start = time.thread_time()
        for row in rows:
            _ = row.text
        durations.append(time.thread_time() - start)

    assert min(durations) <= 0.02
