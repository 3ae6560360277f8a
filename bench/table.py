"""The result: one row a figure, printed as Markdown."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure. `floor` and `target` are texts; `met` is None where there is no target."""

    what: str
    ours: str
    floor: str = "–"
    target: str = "–"
    met: bool | None = None


def markdown(rows: list[Row]) -> str:
    """Return the table."""
    lines = ["| what | ours | floor (same run) | target | met |", "|---|---|---|---|---|"]
    lines += [f"| {r.what} | {r.ours} | {r.floor} | {r.target} | {_word(r.met)} |" for r in rows]
    return "\n".join(lines)


def _word(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "**no**"
