# studies/report/page.py
"""The page of a report: the sections that have something to say, in one HTML text that loads nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

from studies.figures import draw
from studies.report.sections import SECTIONS
from studies.results import StudyResults

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

    def drawing(self, name: str) -> "Drawing | None":
        """The figure called `name`; None where there is nothing to draw."""
        if name not in self._drawn:
            self._drawn[name] = draw(name, self._results)
        return self._drawn[name]

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
        picture = Markup(inline_svg(drawing, name))
        return Markup("<figure>{}\n<figcaption>{}</figcaption></figure>").format(picture, drawing.caption)


def page_html(results: StudyResults, drawings: Drawings | None = None) -> str:
    """The text of the page."""
    from markupsafe import Markup

    drawings = drawings or Drawings(results)
    environment = _environment()
    shared = {"study": results.study, "confirmed": results.confirmed, "figure": drawings.element}
    bodies = []
    for section in SECTIONS:
        values = section.values(results)
        if values is not None:
            template = environment.get_template(f"sections/{section.name}.html.j2")
            bodies.append((section, Markup(template.render({**shared, **values}))))
    return environment.get_template("page.html.j2").render(
        shared,
        sections=bodies,
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        n_cells=len(results.fits) + len(results.tests),
        n_missing=len(results.missing),
    )


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
