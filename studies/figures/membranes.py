# studies/figures/membranes.py
"""Membrane potentials of a spiking network over the steps of one clip: some neurons of each layer, and the readout."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from studies.figures.drawing import Drawing
from studies.figures.style import BLUE, INK, ORANGE, RULE, SOFT, STYLE
from studies.neuron_activity import LayerActivity, NeuronActivity
from studies.tables import Field

N_NEURONS = 3  # of each layer: the one that fires most, the median one, the one that fires least
LOWEST = -4.0  # thresholds below 0: what lies deeper is cut off


def membranes(activity: NeuronActivity, title: str, label_names: Sequence[str]) -> Drawing:
    """A row of panels per layer, and one panel with the readout of all classes."""
    n_rows = len(activity.layers) + 1
    numbers: list[dict[str, Field]] = []
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 0.6 + 1.75 * n_rows), layout="constrained")
        grid = figure.add_gridspec(n_rows, N_NEURONS)
        for row, layer in enumerate(activity.layers):
            chosen = chosen_neurons(layer)
            for column, neuron in enumerate(chosen):
                ax = figure.add_subplot(grid[row, column])
                _trace(ax, layer, neuron)
                ax.set_title(
                    f"layer {row + 1}, neuron {neuron}: fires in {100 * layer.rates[neuron]:.1f} % of steps", fontsize=8
                )
                if column == 0:
                    ax.set_ylabel("potential / threshold")
                numbers += _numbers(row + 1, neuron, layer)
        ax = figure.add_subplot(grid[-1, :])
        _readout(ax, activity, label_names)
        figure.suptitle(f"{title}: membrane potentials over one clip, rates over all", fontsize=9, x=0.01, ha="left")
    return Drawing(
        figure,
        "Potentials after each step's reset, in units of the layer's threshold (dashed); a mark stands above each "
        f"spike, and what lies below {LOWEST:g} is cut off. Of each layer the neuron that fires most over all clips, "
        "the median one and the one that fires least.",
        f"Membrane potentials of {N_NEURONS} neurons in each of {len(activity.layers)} layers, and of the readout.",
        numbers,
    )


def chosen_neurons(layer: LayerActivity) -> list[int]:
    """The most active, the median and the least active neuron; fewer where the layer has fewer."""
    order = np.argsort(-layer.rates, kind="stable")
    places = np.unique(np.linspace(0, len(order) - 1, min(N_NEURONS, len(order))).round().astype(int))
    return [int(order[place]) for place in places]


def _trace(ax: Axes, layer: LayerActivity, neuron: int) -> None:
    potential, fired = layer.potentials[:, neuron], np.flatnonzero(layer.spikes[:, neuron])
    ax.axhline(0.0, color=RULE, linewidth=0.6)
    ax.axhline(1.0, color=SOFT, linewidth=0.8, linestyle="--")
    ax.plot(np.arange(len(potential)), potential, color=BLUE, linewidth=1.0)
    ax.scatter(fired, np.full(len(fired), 1.2), marker="|", s=26, color=ORANGE, linewidths=1.0)
    ax.set_xlim(-0.5, len(potential) - 0.5)
    ax.set_ylim(max(LOWEST, min(-0.2, float(potential.min()) - 0.1)), 1.4)
    ax.set_xlabel("step")


def _readout(ax: Axes, activity: NeuronActivity, label_names: Sequence[str]) -> None:
    ahead = int(activity.readout[-1].argmax())
    steps = np.arange(len(activity.readout))
    for number, _ in enumerate(label_names):
        if number != ahead:
            ax.plot(steps, activity.readout[:, number], color=RULE, linewidth=0.7)
    ax.plot(steps, activity.readout[:, ahead], color=INK, linewidth=1.4)
    ax.set_title(f"readout: {label_names[ahead]!s} ends highest (dark) of {len(label_names)} classes", fontsize=8)
    ax.set_xlim(-0.5, len(steps) - 0.5)
    ax.set_xlabel("step")
    ax.set_ylabel("logit")


def _numbers(number: int, neuron: int, layer: LayerActivity) -> list[dict[str, Field]]:
    return [
        {"layer": number, "neuron": neuron, "step": step, "potential": float(value), "spike": bool(fired)}
        for step, (value, fired) in enumerate(zip(layer.potentials[:, neuron], layer.spikes[:, neuron], strict=True))
    ]
