# studies/figures/energy_by_device.py
"""Energy per decision of every system on every deployment that its study names: a line per system, a column each.

The number in a field is the nominal energy at the system boundary, always on; the deeper the shade, the more energy,
on a log scale. A lower bound begins with ≥. A field stays empty where the study does not name that deployment for the
system's headline run, and has a dash where there is no price.
"""

from math import log10

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from studies.budgets import EnergyRow
from studies.figures.axes import label_of
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, INK, RULE, SOFT, STYLE
from studies.results import Row, StudyResults
from studies.wording import energy_text, joules_text

LINE_INCHES = 0.27
DEEPEST_SHADE = 0.34  # ink on ink still reads: 6 : 1


def energy_by_device(results: StudyResults, boundary: str = "system") -> Drawing | None:
    """The headline runs, always on; rival price sets stand in the energy table."""
    fields = [
        (row, energy)
        for row in results.headline_rows
        for energy in row.energies
        if energy.stands_at(boundary, "always-on")
    ]
    joules = [energy.nominal_joules for _, energy in fields if energy.nominal_joules]
    if not joules:
        return None
    rows = list(dict.fromkeys(row for row, _ in fields))
    names = list(dict.fromkeys(energy.deployment for _, energy in fields))
    least, most = min(joules), max(joules)
    marks = {}
    with mpl.rc_context(STYLE):
        longest = max(len(label_of(row)) for row in rows)
        left, head = 0.3 + 0.07 * longest, 0.62
        column = max(0.9, 0.12 + 0.068 * max(len(part) + 2 for name in names for part in name.split("+")))
        width, height = left + column * len(names) + 0.1, head + LINE_INCHES * len(rows) + 0.1
        figure = Figure(figsize=(width, height))
        ax = figure.add_axes((left / width, 0.1 / height, 1 - (left + 0.1) / width, 1 - (head + 0.1) / height))
        ax.set_xlim(0, len(names))
        ax.set_ylim(len(rows), 0)
        for number, (row, energy) in enumerate(fields):
            x, y = names.index(energy.deployment), rows.index(row)
            gid = f"field-{number}"
            shade = _shade(energy, least, most)
            field = Rectangle((x + 0.03, y + 0.06), 0.94, 0.88, linewidth=0, facecolor=(INK, shade), gid=gid)
            ax.add_patch(field)
            ax.text(x + 0.5, y + 0.53, _number(energy), ha="center", va="center", fontsize=8, gid=f"{gid}.number")
            marks[gid] = Mark(_says(row, energy), row.system.family, (energy.deployment,))
        ax.set_xticks([x + 0.5 for x in range(len(names))], [name.replace("+", "\n+ ") for name in names], fontsize=8)
        ax.set_yticks([y + 0.5 for y in range(len(rows))], [label_of(row) for row in rows])
        for y, (row, label) in enumerate(zip(rows, ax.get_yticklabels(), strict=True)):
            marks[f"system-{y}"] = Mark(row.title, row.system.family)
            label.set(color=FAMILY_COLOURS[row.system.family], gid=f"system-{y}.name")
        ax.tick_params(length=0, labeltop=True, labelbottom=False)
        what = f"joules per decision\n{boundary} boundary, always on"
        figure.text(0.1 / width, 1 - 0.12 / height, what, fontsize=8, color=SOFT, va="top")
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.hlines(range(len(rows) + 1), 0, len(names), color=RULE, linewidth=0.4, alpha=0.5)
    return Drawing(
        figure,
        f"Nominal joules per decision at the {boundary} boundary, always on; the deeper the shade, the more, on a log "
        "scale. ≥ marks a lower bound. An empty field: the study does not name that deployment for the system.",
        f"Energy per decision of {len(rows)} systems on {len(names)} deployments; the energy table has the numbers.",
        [
            {
                "system": row.system.name,
                "family": row.system.family,
                "deployment": energy.deployment,
                "energy_kind": energy.kind,
                "joules_per_decision": energy.nominal_joules,
                "joules_per_decision_low": energy.low,
                "joules_per_decision_high": energy.high,
            }
            for row, energy in fields
        ],
        marks,
    )


def _shade(energy: EnergyRow, least: float, most: float) -> float:
    if not energy.nominal_joules:
        return 0.0
    place = log10(energy.nominal_joules / least) / log10(most / least) if most > least else 0.5
    return 0.04 + (DEEPEST_SHADE - 0.04) * place


def _number(energy: EnergyRow) -> str:
    return ("≥ " if energy.kind == "lower-bound" else "") + joules_text(energy.nominal_joules)


def _says(row: Row, energy: EnergyRow) -> str:
    why = f"; {energy.reason}" if energy.reason else ""
    return (
        f"{row.title} on {energy.deployment}: {energy_text(energy)} per decision, {energy.kind.replace('-', ' ')}{why}"
    )
