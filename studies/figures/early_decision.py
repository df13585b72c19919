# studies/figures/early_decision.py
"""Accuracy against seconds heard, and against joules: a line per system over the lengths, and its early exit."""

from math import log10
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from classical_baselines.harness.energy import SCENARIOS
from studies.early_decision import Decided, EarlyRow, early_rows
from studies.figures.axes import energy_ticks, shortened
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, PAPER, RULE, STYLE, margin_labels
from studies.results import StudyResults
from studies.tables import Field
from studies.wording import interval_text

LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
SIGNS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖"}  # and how text shows them


def early_decision(results: StudyResults) -> Drawing | None:
    """Both panels; None where no system was asked before the clip was over."""
    rows = early_rows(results)
    if not rows:
        return None
    marks: dict[str, Mark] = {}
    height = max(4.6, 0.26 * len(rows) + 2.6)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(12.6, height))
        figure.subplots_adjust(left=0.05, right=0.8, top=0.93, bottom=0.6 / height, wspace=0.09)
        by_time, *by_energy = figure.subplots(1, 1 + len(SCENARIOS), sharey=True)
        for number, row in enumerate(rows):
            marks[f"early-{number}"] = Mark(row.title, row.system.family, _deployments(row))
            _over_time(by_time, number, row, marks)
            for ax, scenario in zip(by_energy, SCENARIOS, strict=True):
                _over_energy(ax, number, row, marks, scenario)
        by_time.set(xlabel="seconds heard, mean over clips", ylabel="accuracy, %", title="against time")
        for ax, scenario in zip(by_energy, SCENARIOS, strict=True):
            ax.set(xscale="log", xlabel="joules per decision, system boundary", title=f"against energy, {scenario}")
            _energy_axis(ax, rows, scenario)
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
        "band. Large marks: early exit, each clip decided as soon as the system is sure; the bar is the range of "
        "the energy. Always on, a device idles until the next clip, whenever it has decided; saturated, it does "
        "not. A system that decides anew pays for every evaluation that it made, so that its large mark may stand "
        "to the right of its line."
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


def _over_energy(ax: Axes, number: int, row: EarlyRow, marks: dict[str, Mark], scenario: str) -> None:
    colour, (sign, _) = _colour(row), _sign(number)
    priced = [(point, _joules(point, scenario)) for point in row.curve]
    points = [(joules, 100 * point.interval.estimate) for point, joules in priced if joules is not None]
    if not points:
        return
    xs, ys = zip(*points, strict=True)
    style = LINES[number % len(LINES)]
    ax.plot(xs, ys, linestyle=style, color=colour, linewidth=1.3, gid=f"early-{number}.{scenario}")
    ax.plot(xs, ys, sign, markersize=3.5, color=colour, zorder=3, gid=f"early-{number}.{scenario}-points")
    spent = row.exit.energies.get(scenario)
    if spent is not None and spent.nominal_joules is not None:
        y = 100 * row.exit.interval.estimate
        if spent.low is not None and spent.high is not None:
            ax.hlines(
                [y],
                spent.low,
                spent.high,
                color=colour,
                linewidth=1.1,
                alpha=0.5,
                gid=f"early-{number}.{scenario}-range",
            )
        gid = f"early-{number}-{scenario}"
        ax.plot([spent.nominal_joules], [y], sign, **_large(colour), gid=gid)
        said = _said(row, row.exit, "early exit", scenario)
        marks[gid] = Mark(f"{row.title}, {said}", row.system.family, _deployments(row))


def _large(colour: str) -> dict[str, Any]:
    return {"markersize": 9, "color": colour, "markeredgecolor": PAPER, "markeredgewidth": 1.2, "zorder": 4}


def _energy_axis(ax: Axes, rows: tuple[EarlyRow, ...], scenario: str) -> None:
    ends = [joules for row in rows for each in (*row.curve, row.exit) if (joules := _joules(each, scenario))]
    ends += [
        end for row in rows if (spent := row.exit.energies.get(scenario)) for end in (spent.low, spent.high) if end
    ]
    if ends:
        low, high = min(ends), max(ends)
        margin = 10 ** (0.05 * max(0.2, log10(high / low)))
        ax.set_xlim(low / margin, high * margin)
        energy_ticks(ax, low / margin, high * margin)


def _joules(point: Decided, scenario: str) -> float | None:
    energy = point.energies.get(scenario)
    return None if energy is None else energy.nominal_joules


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
                        "energy_kind": "unavailable" if energy is None else energy.kind,
                    }
                )
    return found
