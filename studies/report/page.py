# studies/report/page.py
"""The page of a report: the sections that have something to say, in one HTML text that loads nothing.

Its policy lets it run one script, its own, named by its hash; sorting, filters and values under the pointer come from
there, and nothing is hidden from a reader without scripts.
"""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from studies.figures import draw
from studies.report.sections import SECTIONS
from studies.results import StudyResults
from studies.screening import is_screen

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from studies.figures.drawing import Drawing

HERE = Path(__file__).parent


class Drawings:
    """The figures of some results, each drawn once, when it is first asked for."""

    def __init__(self, results: StudyResults) -> None:
        self._results = results
        self._drawn: dict[str, Drawing | None] = {}
        self._elements: dict[str, Markup] = {}
        self._files: dict[str, str] = {}

    def drawing(self, name: str) -> "Drawing | None":
        """The figure called `name`; None where there is nothing to draw."""
        if name not in self._drawn:
            self._drawn[name] = draw(name, self._results)
        return self._drawn[name]

    def svg(self, name: str) -> str | None:
        """The text of the figure's SVG file; None where there is nothing to draw."""
        from studies.figures.style import svg_text

        drawing = self.drawing(name)
        if drawing is None:
            return None
        if name not in self._files:
            self._files[name] = svg_text(drawing.figure)
        return self._files[name]

    def element(self, name: str) -> "Markup":
        """The figure as an element of a page, with its caption; "" where there is nothing to draw."""
        if name not in self._elements:
            self._elements[name] = self._element(name)
        return self._elements[name]

    def _element(self, name: str) -> "Markup":
        from markupsafe import Markup

        from studies.figures.style import inline_svg

        drawing = self.drawing(name)
        if drawing is None:
            return Markup("")
        picture = Markup(inline_svg(drawing, name, self.svg(name)))
        element = Markup('<figure><div class="scroll">{}</div>\n<figcaption>{}</figcaption></figure>')
        return element.format(picture, drawing.caption)


def page_html(results: StudyResults, drawings: Drawings | None = None) -> str:
    """The text of the page."""
    from markupsafe import Markup

    drawings = drawings or Drawings(results)
    environment = _environment()
    study = results.study
    shared = {"study": study, "confirmed": results.confirmed, "screen": is_screen(study), "figure": drawings.element}
    bodies = []
    for section in SECTIONS:
        values = section.values(results)
        if values is not None:
            template = environment.get_template(f"sections/{section.name}.html.j2")
            bodies.append((section, Markup(template.render({**shared, **values}))))
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return environment.get_template("page.html.j2").render(
        shared,
        sections=bodies,
        families=_families(results),
        deployments=list(dict.fromkeys(energy.deployment for row in results.rows for energy in row.energies)),
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=b64encode(sha256(script.encode()).digest()).decode(),
        n_cells=len(results.fits) + len(results.tests),
        n_missing=len(results.missing),
    )


def _families(results: StudyResults) -> list[tuple[str, str]]:
    """(name, title) of the families of the study."""
    from studies.figures.style import FAMILY_TITLES

    present = {system.family for system in results.study.systems}
    return [(family, title) for family, title in FAMILY_TITLES.items() if family in present]


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
