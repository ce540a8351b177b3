"""Figures as tables, and the targets that they are held against."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.cases import Case
from benchmarks.streams import Streams

MOST_GROWTH = 1.10  # what a million entries may cost, a thousand being 1
MOST_WORKER = 120.0  # MiB
MOST_STREAM = 30.0  # KiB
MOST_IDLE = 0.5  # per cent of a core, for a thousand streams: what cannot be told from nothing
MOST_DELAY = 250.0  # ms


@dataclass(slots=True)
class Figures:
    """One case on one server; a list has an item for each round.

    `shares` are shares of the floor's rate in the same round, `cpu` is microseconds of the server for one unit,
    `database_cpu` those of PostgreSQL, `cpu_shares` the floor's microseconds by the server's.
    """

    rates: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    cpu_shares: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    database_cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return median(self.shares)


@dataclass(frozen=True, slots=True)
class Target:
    words: str
    wanted: str
    found: str
    is_met: bool


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with its columns in line; the first column is words, the others are figures."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        words = [
            cells[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)),
        ]
        return f"| {' | '.join(words)} |"

    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
    return "\n".join([line(head), rule, *(line(row) for row in rows)])


def rate_table(case_rows: Sequence[tuple[str, Figures]]) -> str:
    """Medians over the rounds."""
    head = ("", "rate/s", "% of floor", "% by CPU", "p50 ms", "p99 ms", "CPU µs", "database µs")
    rows = [
        (
            words,
            f"{median(found.rates):.0f}",
            f"{100 * found.share:.1f}" if found.shares else "",
            f"{100 * median(found.cpu_shares):.1f}" if found.cpu_shares else "",
            f"{median(found.p50):.1f}",
            f"{median(found.p99):.1f}",
            f"{median(found.cpu):.0f}",
            f"{median(found.database_cpu):.0f}" if found.database_cpu else "",
        )
        for words, found in case_rows
    ]
    return table(head, rows)


def rate_targets(cases: Sequence[Case], found: dict[str, Figures]) -> list[Target]:
    """Shares of the floor's rate, on PostgreSQL with one worker."""
    return [
        Target(
            case.words,
            f"≥ {100 * case.share:.0f} % of the floor",
            f"{100 * found[case.name].share:.1f} %",
            found[case.name].share >= case.share,
        )
        for case in cases
        if case.share is not None and case.name in found
    ]


def growth_targets(
    words: str, cases: Sequence[Case], few: dict[str, Figures], many: dict[str, Figures]
) -> list[Target]:
    """What many entries cost: processor time of the server and its database, by that with few in the same round."""
    targets = []
    for case in (case for case in cases if case.share is not None):
        small, big = few[case.name], many[case.name]
        growth = median(_costs(big, small))
        rate = median(one / other for one, other in zip(big.rates, small.rates, strict=True))
        targets.append(
            Target(
                f"{case.words}: {words}",
                f"≤ {MOST_GROWTH:.2f} × the cost",
                f"{growth:.2f} × (its rate: {rate:.2f} ×)",
                growth <= MOST_GROWTH,
            )
        )
    return targets


def _costs(big: Figures, small: Figures) -> list[float]:
    costs = []
    for number, cpu in enumerate(big.cpu):
        one, other = cpu, small.cpu[number]
        if big.database_cpu and small.database_cpu:
            one, other = one + big.database_cpu[number], other + small.database_cpu[number]
        costs.append(one / other)
    return costs


def memory_target(worker: float) -> Target:
    return Target(
        "a worker's own memory (USS)", f"< {MOST_WORKER:.0f} MiB", f"{worker:.0f} MiB", worker < MOST_WORKER
    )


def stream_targets(streams: Streams) -> list[Target]:
    count = f"{streams.count:,} streams"
    return [
        Target(
            "an idle stream", f"< {MOST_STREAM:.0f} KiB", f"{streams.kib:.1f} KiB", streams.kib < MOST_STREAM
        ),
        Target(
            f"{count} idle",
            f"< {MOST_IDLE} % of a core",
            f"{streams.idle_percent:.2f} %",
            streams.idle_percent < MOST_IDLE,
        ),
        Target(
            f"an event reaches {count}, median",
            f"≤ {MOST_DELAY:.0f} ms",
            f"{streams.median:.0f} ms (p99 {streams.p99:.0f}, last {streams.worst:.0f})",
            streams.median <= MOST_DELAY,
        ),
    ]


def target_table(targets: Sequence[Target]) -> str:
    rows = [(each.words, each.wanted, each.found, "yes" if each.is_met else "NO") for each in targets]
    return table(("target", "wanted", "found", "met"), rows)
