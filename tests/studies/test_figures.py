import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.figures import FIGURES, draw
from studies.figures.accuracy_by_group import accuracy_by_group
from studies.figures.style import (
    FAMILY_COLOURS,
    INK,
    OCHRE,
    PAPER,
    PINK,
    SKY,
    SOFT,
    inline_svg,
    png_bytes,
    spread_labels,
    svg_text,
)
from studies.results import StudyResults
from studies.specification import Data
from studies.wording import joules_text
from tests.studies.synthetic_results import SPEAKERS, SYSTEMS, synthetic_results

OF_PROBES = (
    *(f"accuracy-vs-{changed}" for changed in ("noise", "pink-noise", "babble", "band-limit", "gain")),
    *("accuracy-vs-spike-rate", "accuracy-vs-shots", "occlusion"),
)


def words(svg):
    return {
        "".join(element.itertext()).strip() for element in ElementTree.fromstring(svg).iter() if "text" in element.tag
    }


@given(st.lists(st.floats(0, 100), min_size=1, max_size=15), st.floats(0.1, 6))
def test_spread_labels_keep_their_order_their_distance_and_their_limits(heights, gap):
    placed = spread_labels(heights, gap, 0.0, 100.0)
    order = sorted(range(len(heights)), key=lambda i: heights[i])

    assert all(-1e-9 <= place <= 100 + 1e-9 for place in placed)
    assert all(placed[b] - placed[a] >= gap - 1e-9 for a, b in pairwise(order))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=10, unique=True))
def test_labels_that_have_room_stay_where_they_are(tens):
    heights = [10.0 * ten for ten in tens]

    assert spread_labels(heights, 5.0, 0.0, 100.0) == heights


def test_every_boundary_has_a_panel_and_every_priced_system_its_name():
    text = words(svg_text(draw("accuracy-vs-energy", synthetic_results()).figure))

    for boundary in ("operation:", "core:", "chip:", "system:"):
        assert any(word.startswith(boundary) for word in text)
    assert {"ds-cnn", "convolutional-snn", "qft-hybrid", "hollow: modelled"} <= text
    assert "arrow: lower bound, the truth lies to the right" in text
    assert "filled: measured" not in text
    assert not any("qft-alone" in word for word in text)  # its headline run names no deployment


def test_the_readme_picture_is_the_system_boundary_alone():
    text = words(svg_text(draw("accuracy-vs-energy-system", synthetic_results()).figure))

    assert [word for word in text if re.match(r"(operation|core|chip|system):", word)] == [
        "system: with front end, host and link"
    ]


def of_keywords(results):
    """The same results, had they been of the twelve classes of Speech Commands."""
    return replace(results, study=results.study.model_copy(update={"data": Data(name="speech-commands-12")}))


def test_what_others_measured_is_a_star_at_its_joules_and_takes_no_part_in_the_front():
    drawing = draw("accuracy-vs-published-energy", of_keywords(synthetic_results()))
    (ax,) = drawing.figure.axes

    stars = [line for line in ax.lines if line.get_marker() == "*"]
    ours = [line for line in ax.lines if line.get_marker() in {"o", "s", "D"}]
    # µJ and % as printed: MLPerf Tiny v1.0 to v1.2 (middle of 90.1 to 92.6 where none is said), arXiv 1812.01739
    printed = [(1820.5, 90.2), (1375.6, 91.35), (656.2, 91.35), (31.54, 91.1), (43.8, 91.35), (18.56, 91.35)]
    drawn = [number for line in stars for number in (1e6 * line.get_xdata()[0], line.get_ydata()[0])]
    assert drawn == pytest.approx([number for one in [*printed, (26.66, 91.35), (371.7, 93.8)] for number in one])
    assert ours
    assert all(line.get_markerfacecolor() != PAPER for line in stars)
    kinds = {record["energy_kind"]: record["on_nominal_front"] for record in drawing.records}
    assert kinds["literature"] is None
    assert "modelled" in kinds
    text = words(svg_text(drawing.figure))
    assert "star: literature, measured by others" in text
    assert "8  Loihi 1, Wolf Mountain: 93.8 % of one phrase against others, 390-256-256-29" in text


def test_an_own_folder_of_that_name_has_nothing_published():
    named = Data(name="speech-commands-12", folder="words")
    results = synthetic_results()
    own = replace(results, study=results.study.model_copy(update={"data": named}))

    assert draw("accuracy-vs-published-energy", own) is None


def test_a_figure_has_the_same_bytes_every_time():
    first, second = (draw("accuracy-vs-energy-system", synthetic_results()).figure for _ in range(2))

    assert svg_text(first) == svg_text(second)
    assert png_bytes(first) == png_bytes(second)
    assert "<dc:date>" not in svg_text(first)


def test_an_element_of_a_page_follows_its_colours_and_has_ids_of_its_own():
    drawing = replace(draw("accuracy-vs-energy-system", synthetic_results()), description='a "quoted" <text>')
    element = inline_svg(drawing, "one")

    assert element.startswith('<svg role="group" aria-label="a &quot;quoted&quot; &lt;text&gt;"')
    assert "var(--classical)" in element
    assert not [colour for colour in (*FAMILY_COLOURS.values(), INK, PAPER, SOFT) if colour in element]
    assert set(re.findall(r'(?:id="|url\(#|href="#)([a-z]*)-', element)) == {"one"}
    ElementTree.fromstring(element)


def test_stages_stand_side_by_side_on_the_log_axis_and_are_not_stacked():
    figure = draw("energy-by-stage", synthetic_results()).figure
    (ax,) = figure.axes

    assert ax.get_xscale() == "log"
    assert not ax.patches  # no bars
    row = synthetic_results().row("ds-cnn")
    energy = next(
        e for e in row.energies if (e.deployment, e.boundary, e.scenario) == ("cortex-m4", "system", "always-on")
    )
    drawn = {round(x, 12) for line in ax.lines for x in line.get_xdata() if len(line.get_xdata()) == 1}
    assert {round(joules, 12) for joules in energy.by_stage.values() if joules > 0} <= drawn


def test_every_group_is_a_mark_and_named():
    text = words(svg_text(draw("accuracy-by-group", synthetic_results()).figure))

    assert {*SPEAKERS, *SYSTEMS} <= text


def test_many_groups_share_a_dot_by_accuracy_whose_area_is_their_number():
    row = synthetic_results().headline_rows[0]
    scores = {f"recording-{number}": (0.0, 0.5, 1.0)[min(number // 4, 2)] for number in range(24)}
    made = SimpleNamespace(headline_rows=[replace(row, interval=replace(row.interval, group_scores=scores))])
    drawing = accuracy_by_group(made)

    dots = [line for line in drawing.figure.axes[0].lines if str(line.get_gid()).startswith("group-")]
    assert [float(dot.get_xdata()[0]) for dot in dots] == [0.0, 50.0, 100.0]
    few, as_few, many = (dot.get_markersize() for dot in dots)
    assert few == as_few < many
    assert drawing.marks["group-0-2"].text.endswith("16 of 24 groups at 100.0 %")


def test_the_confusion_of_a_target_sums_to_a_hundred_per_cent():
    figure = draw("confusion", synthetic_results()).figure
    image = figure.axes[0].images[0].get_array()

    assert image.sum(axis=1).round(9).tolist() == [100.0] * 10


def test_every_figure_is_drawn_with_its_numbers_and_nothing_is_drawn_from_nothing():
    results = synthetic_results()
    empty = StudyResults(study=results.study, wanted=results.wanted, fits={}, tests={})

    drawn = {name: draw(name, results) for name in FIGURES}
    # Neither a probe nor a measurement, of energy or of a code, is in these results, nor what other studies ask.
    measured = {"accuracy-vs-measured-energy", "accuracy-vs-spikes", "accuracy-vs-bits"}
    of_others = {
        "accuracy-vs-published-energy",
        "energy-curves",
        "early-decision",
        "break-even-rate",
        "integer-cost",
        "accuracy-vs-degree",
        "accuracy-vs-preparation",
    }
    assert {name for name, drawing in drawn.items() if drawing is None} == {*OF_PROBES, *measured, *of_others}
    for drawing in drawn.values():
        if drawing is not None:
            assert drawing.caption and drawing.description and drawing.records
            assert len({tuple(record) for record in drawing.records}) == 1  # the same columns in every row
    assert draw("one-clip", empty) is draw("confusion", empty) is draw("learning-curves", empty) is None


def test_a_curve_ends_at_the_last_epoch_of_the_training():
    (ax,) = draw("learning-curves", synthetic_results()).figure.axes
    lines = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 5]

    assert set(lines) == {(6, 12, 18, 24, 30)}
    assert len(lines) >= len(SYSTEMS)


def test_a_family_has_a_shape_of_its_own_and_a_modelled_mark_is_hollow():
    (ax,) = draw("accuracy-vs-energy-system", synthetic_results()).figure.axes
    marks = [line for line in ax.lines if re.fullmatch(r"system-\d+", line.get_gid() or "")]
    shapes = {(line.get_marker(), line.get_markeredgecolor()[0]) for line in marks}

    assert {shape for shape, _ in shapes} == {"o", "s", "D"}
    assert len(shapes) == len({colour for _, colour in shapes}) == 3  # one colour per shape
    assert {line.get_markerfacecolor() for line in marks} == {PAPER}


def test_the_opacity_of_a_mark_is_its_probability_on_the_front_and_the_steps_are_the_best_that_joules_buy():
    drawing = draw("accuracy-vs-energy-system", synthetic_results())
    (ax,) = drawing.figure.axes
    full = [r for r in drawing.records if r["energy_kind"] == "modelled"]
    bounds = [r for r in drawing.records if r["energy_kind"] == "lower-bound"]

    # on the front by the nominal values: no other has at least the accuracy for at most the energy
    for record in full:
        rivals = [
            other
            for other in full
            if other is not record
            and other["accuracy"] >= record["accuracy"]
            and other["joules_per_decision"] <= record["joules_per_decision"]
        ]
        assert record["on_nominal_front"] == (not rivals)
        assert 0 <= record["probability_on_front"] <= 1
    assert bounds
    assert all(r["probability_on_front"] is None and not r["on_nominal_front"] for r in bounds)
    (steps,) = [line for line in ax.lines if line.get_drawstyle() == "steps-post"]
    corners = sorted((r["joules_per_decision"], 100 * r["accuracy"]) for r in full if r["on_nominal_front"])
    assert list(zip(*steps.get_data(), strict=True))[: len(corners)] == corners
    assert [y for _, y in corners] == sorted(y for _, y in corners)

    opacities = {}
    for gid, mark in drawing.marks.items():
        chance = re.search(r"P\(front\) ([\d.]+)$", mark.text)
        if chance:
            (line,) = [line for line in ax.lines if line.get_gid() == gid]
            opacities[float(chance[1])] = line.get_markeredgecolor()[1]
    assert len(opacities) > 3
    assert [opacities[chance] for chance in sorted(opacities)] == sorted(opacities.values())
    assert all(0.35 <= opacity <= 1 for opacity in opacities.values())


def test_the_field_of_a_device_has_the_number_of_the_tables_and_a_bound_says_so():
    drawing = draw("energy-by-device", synthetic_results())
    text = words(svg_text(drawing.figure))

    assert {"45nm" in word for word in text} == {True, False}
    for record in drawing.records:
        number = joules_text(record["joules_per_decision"])
        assert (f"≥ {number}" if record["energy_kind"] == "lower-bound" else number) in text
    assert any(word.startswith("≥") for word in text)


def test_the_matrix_of_cells_counts_every_cell_once():
    results = synthetic_results()
    drawing = draw("completeness", results)
    states = Counter(record["state"] for record in drawing.records)
    failed = [record for record in drawing.records if record["state"] == "failed"]

    assert sum(states.values()) == len(results.wanted)
    assert states == {"committed": len(results.fits), "failed": 1}
    assert [(r["system"], r["fold"], r["seed"]) for r in failed] == [("small-ast", "theo", 2)]
    squares = {round(len(patch.get_path().vertices) / 5) for patch in drawing.figure.axes[0].patches}
    assert squares == {len(results.fits), 1}
    bare = replace(results, tests=dict(list(results.tests.items())[:-3]), failures={})
    assert Counter(r["state"] for r in draw("completeness", bare).records) == {
        "committed": len(results.fits) - 3,
        "fit only": 3,
        "missing": 1,
    }


def test_every_colour_reads_on_white_paper():
    for colour in (*FAMILY_COLOURS.values(), PINK, OCHRE, SKY, SOFT, INK):
        shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert 1.05 / (luminance + 0.05) >= 4.5, colour


def test_what_does_not_fit_its_devices_is_not_on_the_front():
    results = synthetic_results()
    before = {r["system"] for r in draw("accuracy-vs-energy-system", results).records if r["on_nominal_front"]}
    first = sorted(before)[0]
    changed = StudyResults(study=results.study, wanted=results.wanted, fits=results.fits, tests=results.tests)
    changed.__dict__["rows"] = tuple(
        replace(row, energies=tuple(replace(energy, does_not_fit="too much flash") for energy in row.energies))
        if row.system.name == first
        else row
        for row in results.rows
    )
    drawing = draw("accuracy-vs-energy-system", changed)

    assert first not in {r["system"] for r in drawing.records if r["on_nominal_front"]}
    assert {r["probability_on_front"] for r in drawing.records if r["system"] == first} == {None}
    assert any(mark.text.endswith("; does not fit: too much flash") for mark in drawing.marks.values())
