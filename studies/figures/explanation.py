# studies/figures/explanation.py
"""Why systems decided as they did: one line per system, its picture of the clip and a saliency map per method."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from studies.explaining import Explanation, Map, PictureAxes
from studies.figures.axes import shortened
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, INK, RULE, SOFT, STYLE
from studies.tables import Field

PANEL_INCHES = (1.75, 1.3)
TICKS_HZ = (100, 200, 500, 1000, 2000, 4000, 8000, 16000)
TICKS_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LONGEST_LINE = 24  # characters of a reason in an empty panel
FULL_COLOUR = 0.99  # quantile of a map's magnitudes that gets the full colour
OUTLINED = 0.9  # quantile of a picture's elements around which the line runs


def explanation(explanations: Sequence[Explanation]) -> Drawing:
    """The pictures and maps of one clip; a method that applies to no system is left out."""
    tried = dict.fromkeys(method for one in explanations for method in one.methods)
    methods = [method for method in tried if any(method in one.maps for one in explanations)]
    n_lines, n_columns = len(explanations), 1 + len(methods)
    with mpl.rc_context(STYLE):
        size = (PANEL_INCHES[0] * n_columns + 0.5, PANEL_INCHES[1] * n_lines + 1.0)
        figure = Figure(figsize=size, layout="constrained")
        panels = figure.subplots(n_lines, n_columns, squeeze=False)
        heard, shown = [], []
        for line, one in enumerate(explanations):
            heard.append(_picture(panels[line, 0], one))
            for ax, method in zip(panels[line, 1:], methods, strict=True):
                if method in one.maps:
                    shown.append(_map(ax, one, one.maps[method]))
                else:
                    _absent(ax, one.left_out[method])
                if line == 0:
                    ax.set_title(method, fontsize=8, loc="center")
            named = line == n_lines - 1 or explanations[line + 1].axes != one.axes
            for column, ax in enumerate(panels[line]):
                _ticks(ax, one, rows_named=column == 0, columns_named=named)
        bars: Any = {"location": "bottom", "aspect": 16, "pad": 0.01}
        bar = figure.colorbar(heard[0], ax=panels[:, 0], shrink=0.9, **bars)
        bar.ax.tick_params(labelsize=7)
        bar.set_label("picture", fontsize=8)
        if shown:
            bar = figure.colorbar(shown[0], ax=panels[:, 1:], shrink=min(0.9, 1.6 / len(methods)), **bars)
            bar.set_ticks([-1, 0, 1], labels=["against the class", "0", "for the class"], fontsize=7)
            bar.set_label("saliency", fontsize=8)
    first = explanations[0]
    return Drawing(
        figure,
        f"The clip {first.clip}, which is {first.label}. Left: the picture that a system is given, and the class that "
        "it decides for with the softmax of its logit. Then what speaks for that class (red) and, where a method "
        "tells, against it (blue). Each map has its full colour where its magnitude is that of its highest hundredth; "
        "the line surrounds the loudest tenth of the picture. Attention says where a network looks, whatever the "
        "class.",
        f"Saliency maps of one clip for {len(explanations)} systems by {', '.join(methods)}.",
        _records(explanations),
    )


def _picture(ax: Axes, one: Explanation) -> AxesImage:
    picture = one.picture
    if not one.axes.is_intensity:  # features of unlike units, each row by its own range
        low, high = picture.min(axis=1, keepdims=True), picture.max(axis=1, keepdims=True)
        picture = (picture - low) / np.where(high > low, high - low, 1)
    right = "" if one.decided == one.label else f", not {one.label}"
    title = f"{shortened(one.system.title or one.system.name)}\n{one.decided}{right}: P = {one.probability:.2f}"
    ax.set_title(title, fontsize=7.5, color=FAMILY_COLOURS[one.system.family])
    return _image(ax, picture, "Greys", Normalize(0, 1))


def _map(ax: Axes, one: Explanation, saliency: Map) -> AxesImage:
    magnitude = np.abs(saliency.values)
    full = float(np.quantile(magnitude, FULL_COLOUR)) or float(magnitude.max()) or 1.0
    image = _image(ax, saliency.values / full, "RdBu_r", Normalize(-1, 1))
    level = float(np.quantile(one.picture, OUTLINED))
    if one.axes.is_intensity and min(one.picture.shape) > 1 and float(one.picture.min()) < level:
        ax.contour(one.picture, levels=[level], colors=[INK], linewidths=0.45, alpha=0.6)
    return image


def _image(ax: Axes, values: Any, colours: str, norm: Normalize) -> AxesImage:
    return ax.imshow(values, origin="lower", aspect="auto", cmap=colours, norm=norm, interpolation="nearest")


def _absent(ax: Axes, reason: str) -> None:
    ax.set_facecolor("#f4f4f5")
    ax.text(0.5, 0.5, _folded(reason), transform=ax.transAxes, ha="center", va="center", fontsize=6.5, color=SOFT)


def _ticks(ax: Axes, one: Explanation, *, rows_named: bool, columns_named: bool) -> None:
    n_rows, n_columns = one.picture.shape
    for spine in ax.spines.values():
        spine.set(color=RULE, linewidth=0.5, visible=True)
    ax.tick_params(labelsize=7, length=2)
    if not ax.images:
        ax.set_xticks([])
        ax.set_yticks([])
        return
    ax.set_xlim(-0.5, n_columns - 0.5)
    ax.set_ylim(-0.5, n_rows - 0.5)
    rows, row_names = row_ticks(one.axes, n_rows)
    columns, column_names = column_ticks(one.axes, n_columns)
    ax.set_yticks(rows, row_names if rows_named else [""] * len(rows))
    ax.set_xticks(columns, column_names if columns_named else [""] * len(columns))
    if rows_named:
        ax.set_ylabel(one.axes.rows, fontsize=7)
    if columns_named:
        ax.set_xlabel(one.axes.columns, fontsize=7)


def row_ticks(axes: PictureAxes, n_rows: int) -> tuple[list[float], list[str]]:
    """Places and names of the ticks of the rows: round frequencies between the bands, or some rows by number."""
    if axes.centres_hz is None:
        return _numbered(n_rows)
    centres = np.array(axes.centres_hz)
    within = [hertz for hertz in TICKS_HZ if centres[0] <= hertz <= centres[-1]]
    names = [f"{hertz // 1000}k" if hertz >= 1000 else str(hertz) for hertz in within]
    return [float(np.interp(hertz, centres, np.arange(n_rows))) for hertz in within], names


def column_ticks(axes: PictureAxes, n_columns: int) -> tuple[list[float], list[str]]:
    """Places and names of the ticks of the columns: some round seconds, or some columns by number."""
    if axes.column_seconds is None:
        return _numbered(n_columns)
    length = (n_columns - 1) * axes.column_seconds
    step = next((seconds for seconds in TICKS_SECONDS if length / seconds < 4), 20.0)
    seconds = np.arange(0, length + 1e-9, step)
    return (seconds / axes.column_seconds).tolist(), [f"{second:.6g}" for second in seconds]


def _numbered(n: int) -> tuple[list[float], list[str]]:
    places = range(0, n, max(1, n // 4))
    return [float(place) for place in places], [str(place) for place in places]


def _folded(text: str) -> str:
    """Lines of at most 24 characters."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= LONGEST_LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _records(explanations: Sequence[Explanation]) -> list[Mapping[str, Field]]:
    """A row per element of each map, with the picture's own value."""
    records: list[Mapping[str, Field]] = []
    for one in explanations:
        shared: dict[str, Field] = {
            "system": one.system.name,
            "clip": one.clip,
            "label": one.label,
            "decided": one.decided,
            "probability": one.probability,
        }
        for method, saliency in one.maps.items():
            for row, column in np.ndindex(saliency.values.shape):
                records.append(
                    {
                        **shared,
                        "method": method,
                        "mel": row,
                        "frame": column,
                        "picture": float(one.picture[row, column]),
                        "saliency": float(saliency.values[row, column]),
                    }
                )
    return records
