# studies/figures/augmentations.py
"""What augmentation makes of a clip: a line per system, the clip as it is and some drawings of it."""

from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.figure import Figure

from studies.augmenting import Augmented
from studies.figures.axes import shortened
from studies.figures.drawing import Drawing
from studies.figures.style import RULE, STYLE

PANEL_INCHES = (1.75, 0.95)


def augmentations(lines: Sequence[Augmented]) -> Drawing:
    """The pictures of one clip under the augmentation of each system."""
    n_columns = 1 + len(lines[0].drawn)
    with mpl.rc_context(STYLE):
        size = (PANEL_INCHES[0] * n_columns + 0.5, PANEL_INCHES[1] * len(lines) + 0.5)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(len(lines), n_columns, squeeze=False)
        for axes, one in zip(panels, lines, strict=True):
            titles = (shortened(one.system.title or one.system.name), *one.shares)
            for ax, picture, title in zip(axes, (one.picture, *one.drawn), titles, strict=True):
                ax.imshow(picture, origin="lower", aspect="auto", cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
                ax.set_title(title, fontsize=7, loc="left")
                ax.set_xticks([])
                ax.set_yticks([])
                for spine in ax.spines.values():
                    spine.set(color=RULE, linewidth=0.5, visible=True)
    first = lines[0]
    return Drawing(
        figure,
        f"The training clip {first.clip}, which is {first.label}. Left: as it is, frequency upwards and time to the "
        "right. Then as a batch of the last epoch may hold it, with the classes that it then stands for and their "
        "shares.",
        f"Pictures of one clip under {len(lines)} augmentations, {n_columns - 1} drawings of each.",
        [
            {
                "system": one.system.name,
                "drawing": number,
                "mel": mel,
                "frame": frame,
                "intensity": round(float(value), 4),
            }
            for one in lines
            for number, picture in enumerate((one.picture, *one.drawn))
            for mel, row in enumerate(picture)
            for frame, value in enumerate(row)
        ],
    )
