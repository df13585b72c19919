# studies/figures/occlusion.py
"""What a decision rests on: the same clips for every system, each patch coloured by what it is worth to it."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from studies.figures.axes import shortened
from studies.figures.drawing import Drawing
from studies.figures.style import FAMILY_COLOURS, INK, STYLE
from studies.probe_curves import OcclusionMap, occlusion_maps
from studies.results import StudyResults


def occlusion(results: StudyResults) -> Drawing | None:
    """A line per clip, a column per system; None where nothing was occluded or no system reads a picture."""
    maps = [one for one in occlusion_maps(results) if one.picture is not None]
    if not maps:
        return None
    systems = list(dict.fromkeys(one.system.name for one in maps))
    clips = list(dict.fromkeys(one.clip for one in maps))
    by_place = {(one.clip, one.system.name): one for one in maps}
    largest = max(float(np.abs(one.fall).max()) for one in maps) or 1.0
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(1.75 * len(systems) + 1.1, 1.3 * len(clips) + 0.9), layout="constrained")
        axes = figure.subplots(len(clips), len(systems), squeeze=False)
        image = None
        for line, clip in enumerate(clips):
            for column, name in enumerate(systems):
                ax = axes[line, column]
                one = by_place.get((clip, name))
                ax.set_xticks([])
                ax.set_yticks([])
                if one is None:
                    ax.set_axis_off()
                    continue
                image = _panel(ax, one, largest)
                ax.set_xlabel(f"P({one.label}) = {one.probability:.2f}", fontsize=7)
                if line == 0:
                    title = shortened(one.system.title or one.system.name)
                    ax.set_title(_folded(title), fontsize=7.5, color=FAMILY_COLOURS[one.system.family])
                if column == 0:
                    ax.set_ylabel(f"{one.label}\nmel", fontsize=8)
        if image is not None:
            figure.colorbar(image, ax=axes, label="fall of P(class)", shrink=0.8, pad=0.01)
    return Drawing(
        figure,
        "Grey: the picture that the systems are given (mel upwards, frames to the right). Colour: how much the "
        "probability of the clip's own class falls when that patch is replaced by its mean over the training clips "
        "(red: the patch speaks for the class; blue: against it). Below each: the probability with the whole picture. "
        "Occlusion as in Zeiler & Fergus (ECCV 2014); the clips are the first of their classes in the first test fold.",
        f"Occlusion maps of {len(clips)} clips for {len(systems)} systems.",
        [
            {
                "system": one.system.name,
                "clip": one.clip,
                "label": one.label,
                "probability": one.probability,
                "mel_from": one.mel_edges[i],
                "mel_to": one.mel_edges[i + 1],
                "frame_from": one.frame_edges[k],
                "frame_to": one.frame_edges[k + 1],
                "fall": float(one.fall[i, k]),
            }
            for one in maps
            for i in range(one.fall.shape[0])
            for k in range(one.fall.shape[1])
        ],
    )


def _panel(ax: Axes, one: OcclusionMap, largest: float) -> AxesImage:
    picture = one.picture
    assert picture is not None
    ax.imshow(picture, origin="lower", aspect="auto", cmap="Greys", vmin=0, vmax=1.6, interpolation="nearest")
    fall = np.repeat(np.repeat(one.fall, np.diff(one.mel_edges), axis=0), np.diff(one.frame_edges), axis=1)
    shade = np.clip(np.abs(fall) / largest, 0, 1) ** 0.5 * 0.85
    norm = CenteredNorm(halfrange=largest)
    image = ax.imshow(fall, origin="lower", aspect="auto", cmap="RdBu_r", norm=norm, alpha=shade)
    for spine in ax.spines.values():
        spine.set(color=INK, linewidth=0.4, visible=True)
    return image


def _folded(title: str) -> str:
    """Two lines where one is too long for a column."""
    words, lines = title.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 17 and lines[-1]:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
