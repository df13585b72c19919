# studies/figures/core_mesh.py
"""Cores of a chip on its mesh of tiles, coloured by load: the largest share that a core uses of any limit."""

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from neuro.loihi.mapping.core_map import CoreMap
from studies.figures.drawing import Drawing
from studies.figures.style import INK, PAPER, RULE, STYLE

TILE = 0.86  # side of a tile, where the mesh has a pitch of 1
GREY = "#e4e4e7"
DARK = 0.55  # load from which on white text reads better


def core_mesh(cores: CoreMap, title: str) -> Drawing:
    """Tiles as squares, four cores in each; the number is that of the core's layer, R that of the readout."""
    n_columns, n_rows = cores.chip.mesh[0] * cores.n_chips, cores.chip.mesh[1]
    load, layer_of = cores.load(), _layer_of_core(cores)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(1.2 + 0.78 * n_columns, 0.6 + 0.78 * n_rows), layout="constrained")
        axes = figure.subplots()
        colours = mpl.colormaps["viridis_r"]
        for column in range(n_columns):
            for row in range(n_rows):
                axes.add_patch(Rectangle((column, row), TILE, TILE, facecolor=GREY, edgecolor=RULE, linewidth=0.6))
        side = TILE / 2 - 0.045
        for core in range(cores.n_cores):
            column, row = cores.tiles[core]
            across, down = core % cores.chip.cores_per_tile % 2, core % cores.chip.cores_per_tile // 2
            x, y = column + 0.03 + across * TILE / 2, row + 0.03 + down * TILE / 2
            axes.add_patch(Rectangle((x, y), side, side, facecolor=colours(load[core]), edgecolor=INK, linewidth=0.4))
            ink = PAPER if load[core] > DARK else INK
            axes.text(x + side / 2, y + side / 2, layer_of[core], ha="center", va="center", fontsize=7, color=ink)
        axes.set_xlim(-0.1, n_columns)
        axes.set_ylim(n_rows, -0.1)  # the first row is in the north
        axes.set_aspect("equal")
        axes.set_axis_off()
        axes.set_title(f"{title}: {cores.n_cores} cores of {cores.chip.title} (number: layer, R: readout)", fontsize=9)
        scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, 100), colours)
        figure.colorbar(scale, ax=axes, label="% of the limit that is used most", shrink=0.9)
    return Drawing(
        figure,
        "Each square is a tile, each small square in it a core with the number of its layer (R: readout).",
        f"{cores.n_cores} cores on {cores.n_tiles} tiles; the fullest is at {100 * load.max():.0f} % of a limit.",
        [
            {
                "core": core,
                "layer": layer_of[core],
                "tile_column": int(cores.tiles[core][0]),
                "tile_row": int(cores.tiles[core][1]),
                "load": float(load[core]),
            }
            for core in range(cores.n_cores)
        ],
    )


def _layer_of_core(cores: CoreMap) -> list[str]:
    last = len(cores.layers) - 1
    return [
        "R" if number == last else str(number + 1)
        for number, layer in enumerate(cores.layers)
        for _ in range(layer.n_cores)
    ]
