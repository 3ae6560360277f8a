"""Webhook throughput and latency against a bare view on the same server and database."""

from bench import load, machine, sample
from bench.table import Row

REQUESTS = 1500
CLIENTS = 16
ROUNDS = 3
CITIZENS = 200
PACE = 50.0  # messages per second
PACED = 500


def rows(database: str) -> list[Row]:
    """Measure ingest on `database` (a word for the table)."""
    session = sample.open_session()
    sample.conversations(session, CITIZENS)
    with machine.server("sprechstunde.asgi:application") as ours:
        with machine.server("bench.floor.asgi:application") as floor:
            timings = [_round(ours, floor, number) for number in range(ROUNDS)]
        paced = load.paced(ours, _requests("/webhooks/whatsapp/", 9, PACED), PACE)
    mine, bare = (load.median(side) for side in zip(*timings, strict=True))
    return [
        _throughput(database, mine, bare),
        _latency(database, mine, bare),
        _paced(database, paced),
    ]


def _round(ours: int, floor: int, number: int) -> tuple[load.Timing, load.Timing]:
    bare = load.closed_loop(floor, _requests("/webhook/", number, REQUESTS), CLIENTS)
    mine = load.closed_loop(ours, _requests("/webhooks/whatsapp/", number, REQUESTS), CLIENTS)
    return mine, bare


def _requests(path: str, batch: int, count: int) -> list[bytes]:
    numbers = range(batch * 1_000_000, batch * 1_000_000 + count)
    return [load.webhook(path, number % CITIZENS, number) for number in numbers]


def _throughput(database: str, mine: load.Timing, bare: load.Timing) -> Row:
    share = mine.rate / bare.rate
    return Row(
        f"webhooks per second, {CLIENTS} clients, {database}",
        f"{mine.rate:.0f}/s ({share:.0%} of the floor)",
        f"{bare.rate:.0f}/s",
        "≥ 50 % of the floor, > 442/s",
        share >= 0.5 and mine.rate > 442,
    )


def _latency(database: str, mine: load.Timing, bare: load.Timing) -> Row:
    p50, p95, p99 = (mine.percentile(percent) for percent in (50, 95, 99))
    return Row(
        f"the same, p50 / p95 / p99, {database}",
        f"{p50:.1f} / {p95:.1f} / {p99:.1f} ms",
        f"{bare.percentile(50):.1f} / {bare.percentile(95):.1f} / {bare.percentile(99):.1f} ms",
        "p50 ≤ 35 ms",
        p50 <= 35,
    )


def _paced(database: str, paced: load.Timing) -> Row:
    p50, p95, p99 = (paced.percentile(percent) for percent in (50, 95, 99))
    return Row(
        f"webhook latency at {PACE:.0f} messages/s, {database}",
        f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms",
        "–",
        "p99 ≤ 50 ms",
        p99 <= 50,
    )
