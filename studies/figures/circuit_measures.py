# studies/figures/circuit_measures.py
"""Gradient variance against qubits, expressibility and entangling capability against depth, a curve per variant."""

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator, ScalarFormatter

from studies.circuit_measures import VARIANTS, Measured, records
from studies.figures.drawing import Drawing
from studies.figures.style import BLUE, GREEN, INK, OCHRE, ORANGE, PINK, RULE, SOFT, STYLE

# No two share a mark or a dash: the colours are equally dark, and in grey print these alone tell the lines apart.
LOOKS: Mapping[str, tuple[str, str, tuple[int, tuple[float, ...] | None]]] = {
    "qft": (GREEN, "D", (0, None)),
    "no-transform": (BLUE, "o", (0, (3, 1.5))),
    "no-entangler": (ORANGE, "s", (0, (6, 2, 1, 2))),
    "product": (PINK, "^", (0, (6, 1.5, 1, 1.5, 1, 1.5))),
    "qcnn": (OCHRE, "v", (0, (11, 2.5))),
    "re-uploading": (INK, "P", (0, (9, 2, 3, 2))),
}


def circuit_measures(found: Sequence[Measured]) -> Drawing:
    """Four panels; in depth at the most qubits that were measured, in qubits at the most layers."""
    n_qubits, n_layers = max(one.n_qubits for one in found), max(one.n_layers for one in found)
    wide = [one for one in found if one.n_layers == n_layers]
    deep = [one for one in found if one.n_qubits == n_qubits]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.4, 6.6))
        grid = figure.add_gridspec(2, 2, left=0.085, right=0.985, top=0.94, bottom=0.17, hspace=0.4, wspace=0.22)
        axes = [figure.add_subplot(grid[place // 2, place % 2]) for place in range(4)]
        for ax, cost in zip(axes, ("local", "global"), strict=False):
            title = "<Z> of one qubit" if cost == "local" else "P(all zeros)"
            _curves(ax, wide, "n_qubits", f"{cost}_variance")
            ax.set_title(f"gradient variance of {title}; {_counted(n_layers, 'layer')}")
            _log_axis(ax, [getattr(one, f"{cost}_variance") for one in wide])
            ax.set_xlabel("qubits")
        _curves(axes[2], deep, "n_layers", "expressibility")
        axes[2].axhline(deep[0].haar_floor, color=SOFT, linewidth=1, linestyle=(0, (1, 2)))
        _log_axis(axes[2], [deep[0].haar_floor, *(one.expressibility for one in deep)])
        axes[2].set_title(f"expressibility: divergence from Haar; {_counted(n_qubits, 'qubit')}")
        _curves(axes[3], deep, "n_layers", "entangling")
        axes[3].axhline(deep[0].haar_entangling, color=SOFT, linewidth=1, linestyle=(0, (1, 2)))
        axes[3].set_ylim(-0.03, 1.03)  # all that it can be; else the rounding errors of 0 would fill the panel
        axes[3].set_title(f"entangling capability: mean Meyer-Wallach; {_counted(n_qubits, 'qubit')}")
        for ax in axes[2:]:
            ax.set_xscale("log", base=2)
            ax.xaxis.set_major_formatter(ScalarFormatter())
            ax.set_xlabel("layers")
        for ax in axes:
            places = [one.n_qubits for one in wide] if ax in axes[:2] else [one.n_layers for one in deep]
            ax.xaxis.set_major_locator(FixedLocator(sorted(set(places))))
            ax.xaxis.set_minor_locator(NullLocator())
            ax.grid(color=RULE, alpha=0.22, linewidth=0.6)
            ax.set_axisbelow(True)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower center", ncols=3, fontsize=8.5, handlelength=4.5)
    caption = (
        "Circuits of the classifiers at random angles, from |0...0>. Above: variance of the gradient, averaged over "
        "the angles, log axes. Below: the dotted line is what states drawn from all states alike give; the divergence "
        "of theirs is not 0, as it is drawn from as many pairs."
    )
    said = "; ".join(
        f"{one.variant}, {one.n_qubits} qubits, {one.n_layers} layers: expressibility {one.expressibility:.3g}, "
        f"entangling {one.entangling:.3g}"
        for one in found
        if one.n_qubits == n_qubits and one.n_layers == n_layers
    )
    return Drawing(figure, caption, said, records(found))


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _log_axis(ax: Axes, values: Sequence[float]) -> None:
    """Whole decades around the values, powers of ten as plain numbers: text is no formula here. Values that are all 0
    have no logarithm and are left on a plain axis."""
    drawn = [value for value in values if value > 0]
    if not drawn:
        return
    ax.set_yscale("log")
    low, high = math.floor(math.log10(min(drawn))), math.ceil(math.log10(max(drawn)))
    ax.set_ylim(10.0**low / 1.1, 1.1 * 10.0 ** max(high, low + 1))
    ax.yaxis.set_major_locator(LogLocator())
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _curves(ax: Axes, found: Sequence[Measured], over: str, value: str) -> None:
    for variant in VARIANTS:
        rows = [one for one in found if one.variant == variant.name]
        colour, mark, line = LOOKS[variant.name]
        ax.plot(
            [getattr(one, over) for one in rows], [getattr(one, value) for one in rows],
            color=colour, marker=mark, linestyle=line, markersize=4.5, linewidth=1.3, label=variant.title,
        )  # fmt: skip
