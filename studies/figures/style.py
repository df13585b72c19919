# studies/figures/style.py
"""How figures look, and how they are written: deterministic SVG and PNG files, and elements of a page.

No date and a fixed hash salt, so that a figure has the same bytes every time. Text stays text in SVG.
"""

import io
import re
from collections.abc import Sequence
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from studies.figures.drawing import Drawing, Mark

INK, PAPER, RULE, SOFT = "#1a1a1c", "#fdfdfe", "#8c8c8d", "#6d6d6f"
FAMILY_COLOURS = {"classical": "#0072b2", "neuro": "#d55e00", "quantum": "#009e73"}  # Okabe & Ito
# In a page these follow its light or dark scheme; in a file of its own a figure keeps the colours above.
PAGE_COLOURS = {
    INK: "currentColor",
    PAPER: "var(--paper)",
    RULE: "var(--rule)",
    SOFT: "var(--soft)",
    **{colour: f"var(--{family})" for family, colour in FAMILY_COLOURS.items()},
}
STYLE: Any = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "trichord",
    "text.parse_math": False,  # a name may hold a dollar sign
}


def svg_text(figure: Figure) -> str:
    """The figure as a file: white paper, the same bytes every time."""
    with mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None, "Creator": "trichord"})
    return buffer.getvalue().decode()


def png_bytes(figure: Figure) -> bytes:
    """The figure as a picture, 160 dots per inch."""
    with mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": "trichord"})
    return buffer.getvalue()


def inline_svg(drawing: Drawing, name: str) -> str:
    """The figure as an element of a page: no paper, the page's colours, ids of its own, a description for readers."""
    with mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        drawing.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": "trichord"})
    text = buffer.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for gid, mark in drawing.marks.items():
        text = text.replace(f'<g id="{gid}">', _mark_start(gid, mark))
    text = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    for colour, variable in PAGE_COLOURS.items():
        text = text.replace(colour, variable)
    width = drawing.figure.get_figwidth() * 72
    text = re.sub(r'width="[^"]*" height="[^"]*"|height="[^"]*" width="[^"]*"', "", text, count=1)
    style = f"width:100%;max-width:{width * 1.35:.0f}px"
    return text.replace("<svg ", f'<svg role="group" aria-label="{escape(drawing.description)}" style="{style}" ', 1)


def _mark_start(gid: str, mark: Mark) -> str:
    """The start of a group that can be pointed at, focused and filtered."""
    text = escape(mark.text)
    attributes = f'class="mark" tabindex="0" role="img" aria-label="{text}" data-family="{escape(mark.family)}"'
    if mark.deployments:
        attributes += f' data-deployments="{escape(" ".join(mark.deployments))}"'
    return f'<g id="{gid}" {attributes}><title>{text}</title>'


def spread_labels(heights: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move heights apart until neighbours are `gap` from each other, as little as possible, between low and high.

    >>> spread_labels([5.0, 5.0, 9.0], 2.0, 0.0, 10.0)
    [4.0, 6.0, 9.0]
    """
    order = sorted(range(len(heights)), key=lambda i: heights[i])
    gap = min(gap, (high - low) / max(1, len(heights) - 1))
    blocks: list[tuple[float, int]] = []  # (sum of wanted first places, number of labels)
    for place in order:
        total, n = heights[place], 1
        while blocks and blocks[-1][0] / blocks[-1][1] + gap * blocks[-1][1] > total / n:
            before, m = blocks.pop()
            total, n = before + total - n * m * gap, m + n
        blocks.append((total, n))
    wanted = [total / n + gap * k for total, n in blocks for k in range(n)]
    placed: list[float] = []
    for k, height in enumerate(wanted):
        floor = placed[-1] + gap if placed else low
        placed.append(min(max(height, floor), high - gap * (len(wanted) - 1 - k)))
    result = [0.0] * len(heights)
    for place, height in zip(order, placed, strict=True):
        result[place] = height
    return result


def margin_labels(ax: Axes, labels: Sequence[tuple[float, str, Any]], font_size: float = 8.0) -> None:
    """Names in the right margin, each at its height as far as there is room, with a line to it."""
    low, high = ax.get_ylim()
    box = ax.get_position()
    assert ax.figure is not None
    inches = box.height * ax.figure.get_figheight()  # type: ignore[union-attr]
    places = spread_labels(
        [height for height, _, _ in labels], (high - low) / inches * font_size * 1.35 / 72, low, high
    )
    transform = ax.get_yaxis_transform()
    for (height, text, colour), place in zip(labels, places, strict=True):
        line = ax.plot([1.0, 1.025, 1.04], [height, place, place], transform=transform, clip_on=False, zorder=1)
        line[0].set(color=SOFT, linewidth=0.5)
        name = ax.text(1.048, place, text, transform=transform, va="center", fontsize=font_size, clip_on=False)
        name.set_color(colour)
