# studies/figures/firing_rates.py
"""How often the neurons of each layer fire: a histogram per layer, with those that never or always do counted."""

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from studies.figures.drawing import Drawing
from studies.figures.style import INK, ORANGE, STYLE
from studies.neuron_activity import SATURATED, NeuronActivity

N_BINS = 25


def firing_rates(activity: NeuronActivity, title: str) -> Drawing:
    """Panels below each other on one axis of rates; the first bar holds silent neurons too."""
    layers = activity.layers
    highest = 100 * max(float(layer.rates.max()) for layer in layers)
    edges = np.linspace(0.0, max(highest, 1.0), N_BINS + 1)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.4, 0.7 + 1.7 * len(layers)), layout="constrained")
        axes = figure.subplots(len(layers), 1, sharex=True, squeeze=False)[:, 0]
        for number, (ax, layer) in enumerate(zip(axes, layers, strict=True), start=1):
            ax.hist(100 * layer.rates, bins=edges, color=ORANGE, label=_counted(layer.n_silent, layer.n_saturated))
            mean = 100 * float(layer.rates.mean())
            ax.axvline(mean, color=INK, linewidth=1.0, linestyle="--", label=f"mean {mean:.1f} %")
            ax.set_title(f"layer {number}, {len(layer.rates):,} neurons", fontsize=9)
            ax.set_ylabel("neurons")
            ax.legend(fontsize=8, loc="lower right", bbox_to_anchor=(1.0, 0.98), ncols=2, borderaxespad=0.0)
        axes[-1].set_xlabel("steps in which a neuron fires, %")
        axes[-1].set_xlim(0.0, edges[-1])
        figure.suptitle(
            f"{title}: firing rates over {activity.n_clips} validation clips", fontsize=9, x=0.01, ha="left"
        )
    return Drawing(
        figure,
        f"Silent: no spike in any clip. Saturated: spikes in at least {100 * SATURATED:.0f} % of the steps.",
        "; ".join(
            f"layer {number}: mean {100 * layer.rates.mean():.1f} % of steps, "
            f"{_counted(layer.n_silent, layer.n_saturated)} of {len(layer.rates)} neurons"
            for number, layer in enumerate(layers, start=1)
        )
        + ".",
        [
            {"layer": number, "neuron": neuron, "rate": float(rate)}
            for number, layer in enumerate(layers, start=1)
            for neuron, rate in enumerate(layer.rates)
        ],
    )


def _counted(n_silent: int, n_saturated: int) -> str:
    return f"{n_silent} silent, {n_saturated} saturated"
