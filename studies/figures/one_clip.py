# studies/figures/one_clip.py
"""Pictures of one clip: what all systems are given, and what happens inside the contenders."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from studies.answers import representatives
from studies.cell import PictureRecord
from studies.figures.drawing import Drawing
from studies.figures.style import INK, STYLE
from studies.results import StudyResults

MOST_PICTURES = 8
MOST_SPIKES = 20_000  # drawn one by one; a denser raster becomes an image


def one_clip(results: StudyResults) -> Drawing | None:
    """The pictures that the store has; a published store has none."""
    pictures = pictures_of(results)
    if not pictures:
        return None
    n_columns = min(2, len(pictures))
    n_lines = -(-len(pictures) // n_columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2 * n_columns, 3.0 * n_lines), layout="constrained")
        axes = figure.subplots(n_lines, n_columns, squeeze=False).flatten()
        for ax, (system, picture) in zip(axes, pictures, strict=False):
            _picture(figure, ax, picture)
            ax.set_title(_title(system, picture), fontsize=9)
            ax.set_ylabel(picture.axis_names[0])
            ax.set_xlabel(picture.axis_names[1])
            for axis in (ax.xaxis, ax.yaxis):  # steps, neurons, bands are counted
                axis.set_major_locator(MaxNLocator(integer=True))
        for ax in axes[len(pictures) :]:
            ax.set_axis_off()
    return Drawing(
        figure,
        "What the systems are given, and what happens inside the contenders.",
        f"Pictures of one clip: {'; '.join(_title(system, picture) for system, picture in pictures)}.",
        [
            {
                "system": system,
                "picture": picture.title,
                "axes": " × ".join(picture.axis_names),
                "shape": " × ".join(map(str, picture.array.shape)),
                "unit": picture.unit,
                "smallest": float(np.min(picture.array)),
                "largest": float(np.max(picture.array)),
            }
            for system, picture in pictures
        ],
    )


def pictures_of(results: StudyResults) -> list[tuple[str, PictureRecord]]:
    """(system, picture), each picture once; the system is "" for what all are given."""
    protocol = results.study.headline_protocol.name
    cells = results.tests if results.confirmed else results.fits
    chosen = {row.system.name for row in representatives(results).values()}
    found: dict[tuple[str, str], tuple[str, PictureRecord]] = {}
    for cell, result in sorted(cells.items(), key=lambda item: (item[0].system not in chosen, item[0])):
        for run in result.runs if cell.protocol == protocol else ():
            for picture in run.pictures:
                shared = picture.title.startswith("Intensity of")
                name = "" if shared else results.study.system(cell.system).title or cell.system
                if picture.array.ndim == 2 and picture.array.size:
                    found.setdefault((name, picture.title), (name, picture))
    return sorted(found.values(), key=lambda pair: pair[0] != "")[:MOST_PICTURES]


def _title(system: str, picture: PictureRecord) -> str:
    return f"{system}: {picture.title}" if system else picture.title


def _picture(figure: Figure, ax: Axes, picture: PictureRecord) -> None:
    array = np.asarray(picture.array)
    events = np.argwhere(array) if array.dtype == bool or set(np.unique(array)) <= {0, 1} else None
    if events is not None and len(events) <= MOST_SPIKES:
        ax.scatter(
            events[:, 1], events[:, 0], s=3, marker="|" if len(events) > 2000 else ".", color=INK, linewidths=0.7
        )
        ax.set_xlim(-0.5, array.shape[1] - 0.5)
        ax.set_ylim(-0.5, array.shape[0] - 0.5)
        return
    image = ax.imshow(array.astype(float), origin="lower", aspect="auto", cmap="viridis", interpolation="nearest")
    figure.colorbar(image, ax=ax, label=picture.unit, pad=0.02)
