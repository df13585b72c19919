# studies/figures/style.py
"""How figures look, and how they are written: deterministic SVG, PDF and PNG files, and elements of a page.

No date and a fixed hash salt, so that a figure has the same bytes every time. Text stays text in SVG and in PDF.
Colours are those of Okabe & Ito, darkened until text in them reads on white (4.5 : 1); no colour stands alone for
anything: families have a shape too, stages and groups a mark.
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
BLUE, ORANGE, GREEN, PINK, OCHRE, SKY = "#0067a3", "#b94e00", "#007f5c", "#b2498a", "#946200", "#1478ae"
FAMILY_COLOURS = {"classical": BLUE, "neuro": ORANGE, "quantum": GREEN}
FAMILY_MARKS = {"classical": ("o", 1.0), "neuro": ("s", 0.92), "quantum": ("D", 0.86)}  # shape, and size beside a disc
FAMILY_TITLES = {"classical": "classical", "neuro": "spiking", "quantum": "quantum hybrid"}
# In a page these follow its light or dark scheme; in a file of its own a figure keeps the colours above.
PAGE_COLOURS = {
    INK: "currentColor",
    PAPER: "var(--paper)",
    RULE: "var(--rule)",
    SOFT: "var(--soft)",
    PINK: "var(--pink)",
    OCHRE: "var(--ochre)",
    SKY: "var(--sky)",
    **{colour: f"var(--{family})" for family, colour in FAMILY_COLOURS.items()},
}
STYLE: Any = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
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
    "pdf.fonttype": 42,
    "text.parse_math": False,  # a name may hold a dollar sign
}


def svg_text(figure: Figure) -> str:
    """The figure as a file: white paper, the same bytes every time."""
    with mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", facecolor="white", metadata={"Date": None, "Creator": "trichord"})
    text = buffer.getvalue().decode()
    # Neither a document type nor a description: both name addresses, and no reader needs them.
    return re.sub(r"<!DOCTYPE[^>]*>\s*|\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)


def pdf_bytes(figure: Figure) -> bytes:
    """The figure as a page of PDF, its fonts inside."""
    with mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        nameless = {"CreationDate": None, "Creator": "trichord", "Producer": None}
        figure.savefig(buffer, format="pdf", facecolor="white", metadata=nameless)
    return buffer.getvalue()


def png_bytes(figure: Figure) -> bytes:
    """The figure as a picture, 160 dots per inch."""
    with mpl.rc_context(STYLE):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=160, facecolor="white", metadata={"Software": "trichord"})
    return buffer.getvalue()


def inline_svg(drawing: Drawing, name: str, file: str | None = None) -> str:
    """The figure as an element of a page: no paper, the page's colours, ids of its own, marks that can be pointed at.

    `file` is the figure's `svg_text`, where it has been made already.
    """
    text = svg_text(drawing.figure) if file is None else file
    text = text[text.index("<svg") :]
    text = re.sub(r'<g id="patch_1">.*?</g>', "", text, count=1, flags=re.DOTALL)  # the figure's white paper

    def group(found: re.Match[str]) -> str:
        gid, part = found[1], found[2]
        return _group(gid, part, drawing.marks[gid]) if gid in drawing.marks else found[0]

    text = re.sub(r'<g id="([^".]*)(\.[^"]*)?">', group, text)
    text = re.sub(r'( id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    for colour, variable in PAGE_COLOURS.items():
        text = text.replace(colour, variable)
    text = re.sub(r'width="[^"]*" height="[^"]*"|height="[^"]*" width="[^"]*"', "", text, count=1)
    width = drawing.figure.get_figwidth() * 72
    size = f"width:100%;max-width:{width * 1.35:.0f}px;min-width:{width * 0.85:.0f}px"
    return text.replace("<svg ", f'<svg role="group" aria-label="{escape(drawing.description)}" style="{size}" ', 1)


def _group(gid: str, part: str | None, mark: Mark) -> str:
    """The start of a mark, or of a part that comes and goes with it ("point-3.energy")."""
    of = f'data-family="{escape(mark.family)}"' if mark.family else ""
    if mark.deployments:
        of += f' data-deployments="{escape(" ".join(mark.deployments))}"'
    if part:
        return f'<g id="{gid}{part}" class="part" {of}>'
    text = escape(mark.text)
    return f'<g id="{gid}" class="mark" role="img" aria-label="{text}" {of}><title>{text}</title>'


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


def margin_labels(
    ax: Axes, labels: Sequence[tuple[float, str, Any]], gids: Sequence[str] = (), font_size: float = 8.0
) -> None:
    """(height, name, colour): names in the right margin, as near to their heights as there is room, with a line.

    A name and its line are the parts `.name` and `.line` of the mark with their gid.
    """
    low, high = ax.get_ylim()
    box = ax.get_position()
    assert ax.figure is not None
    inches = box.height * ax.figure.get_figheight()  # type: ignore[union-attr]
    places = spread_labels([height for height, *_ in labels], (high - low) / inches * font_size * 1.35 / 72, low, high)
    transform = ax.get_yaxis_transform()
    for number, ((height, text, colour), place) in enumerate(zip(labels, places, strict=True)):
        line = ax.plot([1.0, 1.025, 1.04], [height, place, place], transform=transform, clip_on=False, zorder=1)
        line[0].set(color=SOFT, linewidth=0.5)
        name = ax.text(1.048, place, text, transform=transform, va="center", fontsize=font_size, clip_on=False)
        name.set_color(colour)
        if gids:
            line[0].set_gid(f"{gids[number]}.line")
            name.set_gid(f"{gids[number]}.name")
