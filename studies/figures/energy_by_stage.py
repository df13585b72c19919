# studies/figures/energy_by_stage.py
"""Nominal joules of every stage on a log axis, a line per system and deployment: stages are not stacked there."""

import matplotlib as mpl

from studies.figures.axes import energy_ticks, label_of, mark_legend, rows_figure
from studies.figures.drawing import Drawing, Mark
from studies.figures.style import FAMILY_COLOURS, GREEN, OCHRE, ORANGE, PINK, SKY, SOFT, STYLE
from studies.results import StudyResults
from studies.wording import joules_text

# Stages in the order of the signal path, then what pricing adds; colours of Okabe & Ito, with a mark each.
STAGE_MARKS = {
    "front_end": (SKY, "o"),
    "encoder": (GREEN, "s"),
    "network": (ORANGE, "D"),
    "readout": (PINK, "^"),
    "link": (OCHRE, "P"),
    "idle": (SOFT, "X"),
}


def energy_by_stage(results: StudyResults, boundary: str = "system") -> Drawing | None:
    """The headline runs, each on each of its deployments, always on."""
    lines = [
        (row, energy)
        for row in results.headline_rows
        for energy in row.energies
        if energy.stands_at(boundary, "always-on")
        and energy.by_stage  # a measured energy has no stages
        and energy.nominal_joules is not None
    ]
    values = [joules for _, energy in lines for joules in energy.by_stage.values() if joules > 0]
    if not values:
        return None
    stages = [stage for stage in STAGE_MARKS if any(energy.by_stage.get(stage, 0) > 0 for _, energy in lines)]
    marks = {}
    with mpl.rc_context(STYLE):
        figure, ax = rows_figure([f"{label_of(row)}  ·  {energy.deployment}" for row, energy in lines])
        ax.set_xscale("log")
        low, high = min(values) / 2, max(values) * 2
        ax.set_xlim(low, high)
        energy_ticks(ax, low, high)
        for place, (row, energy) in enumerate(lines):
            found = {stage: energy.by_stage[stage] for stage in stages if energy.by_stage.get(stage, 0) > 0}
            of = (row.system.family, (energy.deployment,))
            marks[f"line-{place}"] = Mark(row.title, *of)
            if found:
                ends = [min(found.values()), max(found.values())]
                line = ax.plot(ends, [place, place], color=SOFT, linewidth=0.6, alpha=0.7, zorder=1)[0]
                line.set_gid(f"line-{place}.reach")
            for stage, joules in found.items():
                colour, shape = STAGE_MARKS[stage]
                gid = f"stage-{place}-{stage}"
                ax.plot([joules], [place], shape, color=colour, markersize=6, alpha=0.9, gid=gid)
                says = f"{row.title} on {energy.deployment}, {stage.replace('_', ' ')}: {joules_text(joules)}"
                marks[gid] = Mark(says, *of)
            ax.get_yticklabels()[place].set(color=FAMILY_COLOURS[row.system.family], gid=f"line-{place}.name")
        ax.set_xlabel(f"nominal joules per decision at the {boundary} boundary, always on (log axis)")
        mark_legend(figure, [(stage.replace("_", " "), *STAGE_MARKS[stage]) for stage in stages])
    return Drawing(
        figure,
        "Nominal joules of each stage. The axis is logarithmic, so stages stand beside each other and are not stacked.",
        f"Joules of the stages {', '.join(stage.replace('_', ' ') for stage in stages)}, by system and deployment.",
        [
            {"system": row.system.name, "deployment": energy.deployment, "stage": stage, "joules_per_decision": joules}
            for row, energy in lines
            for stage, joules in energy.by_stage.items()
        ],
        marks,
    )
