# studies/figures/early_decision.py
"""Accuracy against seconds heard, and against joules: a line per system over the lengths, and its early exit."""

from dataclasses import dataclass
from math import log10
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from classical_baselines.harness.energy import SCENARIOS
from studies.early_decision import Decided, EarlyRow, early_rows
from studies.figures.axes import energy_ticks, shortened
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, PAPER, RULE, STYLE, margin_labels
from studies.results import StudyResults
from studies.tables import Field
from studies.wording import factor_text, interval_text

LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
SIGNS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖"}  # and how text shows them

FACTORS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)  # ticks of an energy over that of the whole clip


@dataclass(frozen=True)
class _Panel:
    """What the horizontal axis of a panel shows: joules, or joules over those of the whole clip, decided once."""

    name: str
    scenario: str
    relative: bool
    title: str
    xlabel: str

    def place(self, row: EarlyRow, point: Decided) -> float | None:
        """Where a point of the system stands; None where nothing prices it."""
        return _over_whole(row, point, self.scenario) if self.relative else _joules(point, self.scenario)

    def range(self, row: EarlyRow) -> list[tuple[float, float]]:
        """The ends of the early exit's range over the draws of the prices; none where nothing prices it."""
        if self.relative:
            saving = row.saving(self.scenario)
            return [] if saving is None else [saving[1:]]
        spent = row.exit.energies.get(self.scenario)
        return [] if spent is None or spent.low is None or spent.high is None else [(spent.low, spent.high)]

    def saving_text(self, row: EarlyRow) -> str:
        """`, 0.79 [0.75, 0.86] of the whole clip's`."""
        saving = row.saving(self.scenario)
        if saving is None:
            return ""
        nominal, low, high = map(factor_text, saving)
        return f", {nominal} [{low}, {high}] of the whole clip's"


PANELS = (
    _Panel("joules", "always-on", False, "against energy, always on", "joules per decision, system boundary"),
    _Panel("factor", "saturated", True, "against energy, saturated", "joules over those of the whole clip"),
)


def early_decision(results: StudyResults) -> Drawing | None:
    """All panels; None where no system was asked before the clip was over."""
    rows = early_rows(results)
    if not rows:
        return None
    marks: dict[str, Mark] = {}
    height = max(4.6, 0.26 * len(rows) + 2.6)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12.6, height))
        figure.subplots_adjust(left=0.05, right=0.8, top=0.93, bottom=0.6 / height, wspace=0.09)
        by_time, *by_energy = figure.subplots(1, 1 + len(PANELS), sharey=True)
        for number, row in enumerate(rows):
            marks[f"early-{number}"] = Mark(row.title, row.system.family, _deployments(row))
            _over_time(by_time, number, row, marks)
            for ax, panel in zip(by_energy, PANELS, strict=True):
                _over_energy(ax, number, row, marks, panel)
        by_time.set(xlabel="seconds heard, mean over clips", ylabel="accuracy, %", title="against time")
        for ax, panel in zip(by_energy, PANELS, strict=True):
            _energy_axis(ax, rows, panel)
        for ax in (by_time, *by_energy):
            ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
            ax.set_axisbelow(True)
        labels = [
            (100 * row.whole.interval.estimate, f"{_sign(number)[1]} {shortened(row.title)}", _colour(row))
            for number, row in enumerate(rows)
        ]
        margin_labels(by_energy[-1], labels, [f"early-{number}" for number in range(len(rows))])
    caption = (
        "Small marks: every clip decided after that much of it, once, with the 95 % interval of the accuracy as a "
        "band. Large marks: early exit, each clip decided as soon as the system is sure; the bar is the range "
        "over the draws of the prices. Always on, a device idles until the next clip, whenever it has decided; "
        "saturated, it does not: there 1 is the whole clip, decided once. A system that decides anew pays for "
        "every evaluation that it made, so that its large mark may stand to the right of its line, and of 1."
    )
    return Drawing(figure, caption, _description(rows), _records(rows), marks)


def _over_time(ax: Axes, number: int, row: EarlyRow, marks: dict[str, Mark]) -> None:
    colour, (sign, _) = _colour(row), _sign(number)
    xs, ys = list(row.lengths), [100 * point.interval.estimate for point in row.curve]
    ax.plot(xs, ys, linestyle=LINES[number % len(LINES)], color=colour, linewidth=1.3, gid=f"early-{number}.time")
    known = [(x, p.interval.low, p.interval.high) for x, p in zip(xs, row.curve, strict=True)]
    bounds = [(x, 100 * low, 100 * high) for x, low, high in known if low is not None and high is not None]
    if bounds:
        at, lows, highs = zip(*bounds, strict=True)
        ax.fill_between(at, lows, highs, color=colour, alpha=0.09, linewidth=0, gid=f"early-{number}.band")
    for place, point in enumerate(row.curve):
        gid = f"early-{number}-{place}"
        ax.plot([xs[place]], [ys[place]], sign, markersize=3.5, color=colour, zorder=3, gid=gid)
        marks[gid] = Mark(f"{row.title}, {_said(row, point, f'{xs[place]:g} s')}", row.system.family, _deployments(row))
    gid = f"early-{number}-exit"
    ax.plot([row.exit.seconds], [100 * row.exit.interval.estimate], sign, **_large(colour), gid=gid)
    said = _said(row, row.exit, f"early exit after {row.exit.seconds:.3f} s on average")
    marks[gid] = Mark(f"{row.title}, {said}", row.system.family, _deployments(row))


def _over_energy(ax: Axes, number: int, row: EarlyRow, marks: dict[str, Mark], panel: _Panel) -> None:
    colour, (sign, _), gid = _colour(row), _sign(number), f"early-{number}.{panel.name}"
    points = [(x, 100 * point.interval.estimate) for point in row.curve if (x := panel.place(row, point)) is not None]
    if not points:
        return
    xs, ys = zip(*points, strict=True)
    ax.plot(xs, ys, linestyle=LINES[number % len(LINES)], color=colour, linewidth=1.3, gid=gid)
    ax.plot(xs, ys, sign, markersize=3.5, color=colour, zorder=3, gid=f"{gid}-points")
    spent, y = panel.place(row, row.exit), 100 * row.exit.interval.estimate
    if spent is not None:
        for low, high in panel.range(row):
            ax.hlines([y], low, high, color=colour, linewidth=1.1, alpha=0.5, gid=f"{gid}-range")
        own = f"early-{number}-{panel.name}"
        ax.plot([spent], [y], sign, **_large(colour), gid=own)
        said = _said(row, row.exit, "early exit", panel.scenario) + panel.saving_text(row)
        marks[own] = Mark(f"{row.title}, {said}", row.system.family, _deployments(row))


def _large(colour: str) -> dict[str, Any]:
    return {"markersize": 9, "color": colour, "markeredgecolor": PAPER, "markeredgewidth": 1.2, "zorder": 4}


def _energy_axis(ax: Axes, rows: tuple[EarlyRow, ...], panel: _Panel) -> None:
    ax.set(xscale="log", xlabel=panel.xlabel, title=panel.title)
    ends = [x for row in rows for point in (*row.curve, row.exit) if (x := panel.place(row, point)) is not None]
    ends += [end for row in rows for ends_of_row in panel.range(row) for end in ends_of_row]
    if not ends:
        return
    low, high = min(ends), max(ends)
    margin = 10 ** (0.05 * max(0.2, log10(high / low)))
    ax.set_xlim(low / margin, high * margin)
    if not panel.relative:
        energy_ticks(ax, low / margin, high * margin)
        return
    ax.axvline(1, color=RULE, linewidth=0.8)
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in FACTORS if low / margin <= tick <= high * margin]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))


def _joules(point: Decided, scenario: str) -> float | None:
    energy = point.energies.get(scenario)
    return None if energy is None else energy.nominal_joules


def _over_whole(row: EarlyRow, point: Decided, scenario: str) -> float | None:
    joules, whole = _joules(point, scenario), _joules(row.whole, scenario)
    return None if joules is None or whole is None else joules / whole


def _colour(row: EarlyRow) -> str:
    return FAMILY_COLOURS[row.system.family]


def _sign(number: int) -> tuple[str, str]:
    return list(SIGNS.items())[number % len(SIGNS)]


def _deployments(row: EarlyRow) -> tuple[str, ...]:
    return (row.deployment,) if row.deployment else ()


def _said(row: EarlyRow, point: Decided, when: str, scenario: str = SCENARIOS[0]) -> str:
    spent = point.energies.get(scenario)
    joules = "" if spent is None else f", {point.energy_text(scenario)} on {row.deployment}, {scenario}"
    return f"{when}: {interval_text(point.interval)} %{joules}"


def _description(rows: tuple[EarlyRow, ...]) -> str:
    said = [
        f"{row.title}: {100 * row.curve[0].interval.estimate:.1f} % after {row.lengths[0]:g} s, "
        f"{100 * row.whole.interval.estimate:.1f} % after the whole clip, "
        f"{100 * row.exit.interval.estimate:.1f} % by early exit after {row.exit.seconds:.3f} s on average"
        for row in rows
    ]
    return "Accuracy by seconds heard and by joules. " + "; ".join(said) + "."


def _records(rows: tuple[EarlyRow, ...]) -> list[dict[str, Field]]:
    """A row per length, then one for the early exit, of each system and scenario."""
    found: list[dict[str, Field]] = []
    for row in rows:
        at_length = [("length", point, share) for point, share in zip(row.curve, row.decided, strict=True)]
        for kind, point, share in [*at_length, ("early exit", row.exit, None)]:
            for scenario in SCENARIOS:
                energy = point.energies.get(scenario)
                found.append(
                    {
                        "system": row.system.name,
                        "backend": row.run.backend.name,
                        "streams": row.streams,
                        "evidence": row.evidence,
                        "decided": kind,
                        "seconds_heard": point.seconds,
                        "share_decided_there": share,
                        "accuracy": point.interval.estimate,
                        "low": point.interval.low,
                        "high": point.interval.high,
                        "interval": point.interval.method,
                        "deployment": row.deployment,
                        "scenario": scenario,
                        "joules_per_decision": None if energy is None else energy.nominal_joules,
                        "joules_low": None if energy is None else energy.low,
                        "joules_high": None if energy is None else energy.high,
                        "joules_over_whole_clip": None if energy is None else _over_whole(row, point, scenario),
                        "energy_kind": "unavailable" if energy is None else energy.kind,
                    }
                )
    return found
