"""Memory (PSS) of each process of the demo at rest."""

import time
from pathlib import Path

from bench.table import Row

KINDS = (
    ("web", "uvicorn"),
    ("worker", " worker"),
    ("beat", " beat"),
    ("simulator", "sprechstunde.simulator"),
    ("Redis", "redis-server"),
    ("supervisor", "sprechstunde.supervisor"),
)
LIMIT = 300.0  # MB
RESTING = 10.0  # seconds after the start


def rows(supervisor: int) -> list[Row]:
    """Read the memory of the process `supervisor` and all below it, once they rest."""
    time.sleep(RESTING)
    sizes = {pid: _megabytes(pid) for pid in _family(supervisor)}
    total = sum(sizes.values())
    parts = [f"{_kind(pid)} {size:.0f}" for pid, size in sizes.items() if size >= 1]
    whole = Row(
        "memory (PSS) of all processes at rest",
        f"{total:.0f} MB ({', '.join(parts)})",
        "–",
        f"≤ {LIMIT:.0f} MB",
        total <= LIMIT,
    )
    return [whole]


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _kind(pid: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return next((kind for kind, word in KINDS if word in command), command[:20])
