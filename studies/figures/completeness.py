# studies/figures/completeness.py
"""Which cells are committed: a line per system, a column per protocol, fold and seed, with the looks at each fold.

    both       the fit cell and, where the protocol's test folds were opened, its test cell are committed
    fit only   the test cell is missing though the protocol has test cells
    failed     the last attempt at a cell ended with a reason, which the list below the figure gives
    missing    it was never tried

One path per state, however many cells: the matrix of 10,000 cells stays small.
"""

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path

from studies.cell import StudyCell
from studies.figures.axes import shortened
from studies.figures.drawing import Drawing
from studies.figures.style import BLUE, FAMILY_COLOURS, INK, ORANGE, PAPER, SOFT, STYLE
from studies.results import StudyResults

LINE_INCHES, WIDEST_INCHES = 0.2, 11.0
STATES = {  # the fill, its edge, and what of the field it covers: (from, to) of its width
    "committed": (BLUE, BLUE, (0.0, 1.0)),
    "fit only": (SOFT, SOFT, (0.0, 0.5)),
    "failed": (ORANGE, ORANGE, (0.0, 1.0)),
    "missing": (PAPER, INK, (0.0, 1.0)),
}


def completeness(results: StudyResults) -> Drawing | None:
    """Every cell that the study asks for."""
    if not results.wanted:
        return None
    states = {cell: _state(results, cell) for cell in results.wanted}
    systems = [system for system in results.study.systems if any(cell.system == system.name for cell in states)]
    places = list(dict.fromkeys((cell.protocol, cell.fold) for cell in states))
    seeds = sorted({cell.seed for cell in states})
    column = {
        (*place, seed): x * (len(seeds) + 0.6) + number
        for x, place in enumerate(places)
        for number, seed in enumerate(seeds)
    }
    line = {system.name: y for y, system in enumerate(systems)}
    names = [shortened(system.title or system.name) for system in systems]
    with mpl.rc_context(STYLE):
        left = 0.3 + 0.07 * max(map(len, names))
        n_columns = max(column.values()) + 1
        inner = min(WIDEST_INCHES - left, max(3.2, 0.2 * n_columns))
        room = inner / n_columns * (len(seeds) + 0.4)  # inches for the name of a fold
        titles = {place: f"{shortened(place[1])}\n{results.looks.get(place, 0)}" for place in places}
        longest = 0.07 * max(len(line) for title in titles.values() for line in title.split("\n"))
        head = 0.3 + (0.35 if longest <= room else longest)
        width, height = left + inner + 0.9, head + LINE_INCHES * len(systems) + 0.45
        figure = Figure(figsize=(width, height))
        ax = figure.add_axes((left / width, 0.4 / height, inner / width, LINE_INCHES * len(systems) / height))
        ax.set_xlim(0, n_columns)
        ax.set_ylim(len(systems), 0)
        for state, (fill, edge, share) in STATES.items():
            found = [
                (column[cell.protocol, cell.fold, cell.seed], line[cell.system])
                for cell, its in states.items()
                if its == state
            ]
            _squares(ax, found, fill, edge, share)
        ax.set_yticks([y + 0.5 for y in range(len(systems))], names)
        for system, label in zip(systems, ax.get_yticklabels(), strict=True):
            label.set_color(FAMILY_COLOURS[system.family])
        middles = [(column[*place, seeds[0]] + column[*place, seeds[-1]] + 1) / 2 for place in places]
        ax.set_xticks(middles, list(titles.values()), fontsize=8, rotation=0 if longest <= room else 90)
        for protocol in dict.fromkeys(protocol for protocol, _ in places):
            start = min(column[*place, seeds[0]] for place in places if place[0] == protocol)
            above = 1 + (head - 0.2) / (LINE_INCHES * len(systems))
            where = ax.get_xaxis_transform()
            ax.text(start, above, protocol, transform=where, fontsize=8, color=SOFT, va="bottom")
        ax.tick_params(length=0, labeltop=True, labelbottom=False)
        ax.spines[["left", "bottom"]].set_visible(False)
        counts = {state: sum(its == state for its in states.values()) for state in STATES}
        handles = [
            Patch(facecolor=fill, edgecolor=edge, linewidth=0.8, label=f"{state}: {counts[state]}")
            for state, (fill, edge, _) in STATES.items()
        ]
        figure.legend(handles=handles, loc="lower left", ncols=4, fontsize=8, bbox_to_anchor=(0.01, 0.0))
    return Drawing(
        figure,
        f"Cells of the study: a field per seed ({', '.join(map(str, seeds))}) within each fold. The number "
        "under a fold is how often it was looked at.",
        "Cells by state: " + ", ".join(f"{n} {state}" for state, n in counts.items()) + ".",
        [
            {
                "system": cell.system,
                "protocol": cell.protocol,
                "fold": cell.fold,
                "seed": cell.seed,
                "state": state,
                "looks_at_fold": results.looks.get((cell.protocol, cell.fold), 0),
            }
            for cell, state in states.items()
        ],
    )


def _state(results: StudyResults, cell: StudyCell) -> str:
    if cell in results.fits and (cell in results.tests or results.evidence(cell.protocol) != "test"):
        return "committed"
    if any(found == cell for found, _ in results.failures):
        return "failed"
    return "fit only" if cell in results.fits else "missing"


def _squares(ax: Axes, places: list[tuple[float, int]], fill: str, edge: str, share: tuple[float, float]) -> None:
    """All fields of a state as one path."""
    if not places:
        return
    start, end = 0.08 + 0.84 * share[0], 0.08 + 0.84 * share[1]
    squares = [
        Path([(x + a, y + b) for a, b in ((start, 0.12), (end, 0.12), (end, 0.88), (start, 0.88), (start, 0.12))])
        for x, y in places
    ]
    closed = [Path(square.vertices, [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY]) for square in squares]
    path = Path.make_compound_path(*closed)
    ax.add_patch(PathPatch(path, facecolor=fill, edgecolor=edge, linewidth=0.5))
