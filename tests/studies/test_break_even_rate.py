# tests/studies/test_break_even_rate.py
"""Meeting rates on paper: spiking energies that are a power of the rate, beside rivals of known joules."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from classical_baselines.harness.coefficient import CoefficientDraws
from classical_baselines.harness.devices import load_device
from classical_baselines.harness.operations import OperationCounts
from studies import break_even_rate as question
from studies.break_even_rate import meeting, meeting_rates, meetings, narrowed, rate_family
from studies.cell import RunRecord
from studies.figures import draw
from studies.report.page import page_html
from studies.tables import results_markdown
from tests.studies.priced_rows import side
from tests.studies.synthetic_results import synthetic_results

RATES = (0.01, 0.04, 0.25)
DRAWS = CoefficientDraws(n_draws=4000)
SYNAPSE, MAC = 23.6e-12, 0.23e-12  # l1.davies.synapse and c45.mac-int8, nominal


def spiking(rate, per_rate=1e7, system="dense-snn"):
    counts = OperationCounts.of("network", "all", synaptic_operations=per_rate * rate)
    accuracy = replace(synthetic_results().row(system).interval, estimate=0.5 + rate)
    return side(
        counts, "cortex-m4+loihi-1", scenario="always-on", system=system, interval=accuracy, notes={"spike_rate": rate}
    )


def dense(macs):
    return side(OperationCounts.of("network", "all", mac_int8=macs), "cmos-45nm-int8", scenario="always-on")


def test_energies_proportional_to_the_rate_meet_where_their_quotient_says():
    macs = 1e7
    found = meeting([spiking(rate) for rate in RATES], dense(macs), DRAWS)
    expected = macs * MAC / (1e7 * SYNAPSE)  # 0.97 %, below the lowest rate
    assert expected < RATES[0]
    assert found.rate is None
    assert found.less_below == "rival"
    assert found.rate_text.startswith("none within 1 to 25: ds-cnn uses less throughout; ")

    found = meeting([spiking(rate) for rate in RATES], dense(5 * macs), DRAWS)
    assert found.rate == pytest.approx(5 * expected, rel=1e-9)
    assert found.less_below == "spiking"
    assert found.n_meetings == 1
    assert found.joules == pytest.approx([1e7 * rate * SYNAPSE for rate in RATES])
    # accuracy is linear in the logarithm of the rate, between the two neighbours
    share = np.log(found.rate / RATES[1]) / np.log(RATES[2] / RATES[1])
    assert found.accuracy == pytest.approx(0.54 + share * (0.75 - 0.54))
    assert f"{100 * 5 * expected:.3g} [" in found.rate_text and "spiking uses less below" in found.rate_text


def test_of_a_lower_bound_or_an_upper_one_only_what_is_known_is_said():
    family = [spiking(rate) for rate in RATES]
    below = meeting(family, dense(1e7), DRAWS)  # the rival has the smaller number
    above = meeting(family, dense(1e12), DRAWS)  # the spiking networks have
    assert (below.less_below, above.less_below) == ("rival", "spiking")
    not_known = "but as a lower bound: who uses less is not known"
    assert not_known in replace(below, lower_bounds=("rival",)).rate_text
    assert not_known in replace(above, lower_bounds=("spiking",)).rate_text
    # a bound from below on the side that uses more makes it use more still
    assert "uses less throughout" in replace(below, lower_bounds=("spiking",)).rate_text
    assert "uses less throughout" in replace(above, lower_bounds=("rival",)).rate_text


@pytest.mark.parametrize(
    ("macs", "bits", "said"),
    [
        (1e7, 4, "is less throughout, but as a lower bound: who uses less is not known"),
        (1e7, 8, "uses less throughout"),  # even at a price above its own
        (1e12, 8, "is less throughout than an upper bound of the rival: who uses less is not known"),
        (1e12, 4, "uses less throughout"),  # even against a price below the rival's own
    ],
)
def test_a_rival_of_four_bits_is_bounded_by_two_prices(monkeypatch, macs, bits, said):
    monkeypatch.setattr(question, "activation_bits", lambda system: 4)
    found = replace(meeting([spiking(rate) for rate in RATES], dense(macs), DRAWS), rival_bits=bits)
    assert said in found.rate_text


def test_the_interval_is_that_of_draws_made_anew():
    found = meeting([spiking(rate) for rate in (1e-4, 1e-2, 1.0)], dense(5e7), DRAWS)
    anew = CoefficientDraws(seed=99, n_draws=40000)
    mac = anew.of(load_device("cmos-45nm-int8").row("c45.mac-int8"))[1:]
    synapse = anew.of(load_device("loihi-1-davies").row("l1.davies.synapse"))[1:]
    low, high = np.quantile(5 * mac / synapse, (0.05, 0.95))

    assert found.share_of_draws == 1.0
    assert found.low == pytest.approx(low, rel=0.04)
    assert found.high == pytest.approx(high, rel=0.04)


def test_draws_that_do_not_meet_are_told_and_left_out_of_the_interval():
    found = meeting([spiking(rate) for rate in RATES], dense(2e7), DRAWS)
    device, other = load_device("cmos-45nm-int8"), load_device("loihi-1-davies")
    rates = 2 * (DRAWS.of(device.row("c45.mac-int8")) / DRAWS.of(other.row("l1.davies.synapse")))[1:]
    inside = rates[(rates >= RATES[0]) & (rates <= RATES[-1])]

    assert 0 < inside.size < rates.size
    assert found.share_of_draws == pytest.approx(inside.size / rates.size)
    assert [found.low, found.high] == pytest.approx(np.quantile(inside, (0.05, 0.95)).tolist())


def test_the_coefficient_that_decides_is_the_one_whose_ends_are_furthest_apart():
    mac = load_device("cmos-45nm-int8").row("c45.mac-int8")  # a third to three times; the synapse's range is narrower
    networks = [spiking(rate) for rate in (1e-4, 1e-2, 1.0)]
    found = meeting(networks, dense(5e7), DRAWS).decider
    ends = [5e7 * end / (1e7 * SYNAPSE) for end in (mac.low, mac.high)]

    assert found.coefficient == "c45.mac-int8"
    assert [found.at_low, found.at_high] == [f"{100 * end:.3g} %" for end in ends]

    beyond = meeting([spiking(rate) for rate in RATES], dense(5e6), DRAWS).decider  # nominally at 0.5 %: below all
    assert beyond.coefficient == "c45.mac-int8"
    assert [beyond.at_low, beyond.at_high] == ["below 1 %", f"{100 * 5e6 * mac.high / (1e7 * SYNAPSE):.3g} %"]

    far = meeting([spiking(rate) for rate in RATES], dense(1e3), DRAWS).decider
    ratio = 1e7 * RATES[0] * SYNAPSE / 1e3
    assert far.text.startswith("c45.mac-int8: spiking / rival at 1 %, ")
    assert float(far.at_low.replace(",", "")) == pytest.approx(ratio / mac.low, rel=5e-3)


def test_the_lowest_of_several_meetings_is_found_and_a_touch_is_one():
    rates = np.array([0.01, 0.1, 1.0])
    ratios = np.log(np.array([[0.5, 2.0, 0.5], [1.0, 1.0, 2.0], [2.0, 0.5, 0.5]]))

    np.testing.assert_allclose(meeting_rates(rates, ratios), [0.1, 0.1, 10**-1.5])
    assert np.isnan(meeting_rates(rates, np.ones((3, 1)))).all()


def with_rates():
    """Synthetic results with three more systems: dense-snn at three rates, counted as such."""
    results = synthetic_results()
    one = results.study.system("dense-snn")
    options = {"hidden": [8], "spike_rate_weight": 9.0}
    systems = [
        one.model_copy(
            update={
                "name": f"spiking-{number}",
                "title": f"Spiking {number}",
                "classifier": one.classifier.model_copy(update={"options": {**options, "spike_rate_target": rate}}),
            }
        )
        for number, rate in enumerate(RATES)
    ]

    def at(run: RunRecord, rate: float) -> RunRecord:
        counts = OperationCounts({key: count * rate for key, count in run.counts})
        return replace(run, counts=counts, notes={**run.notes, "spike_rate": rate})

    def cells(of):
        return {
            replace(cell, system=system.name): replace(result, runs=tuple(at(run, rate) for run in result.runs))
            for cell, result in of.items()
            if cell.system == "dense-snn"
            for system, rate in zip(systems, RATES, strict=True)
        }

    fits, tests = cells(results.fits), cells(results.tests)
    study = results.study.model_copy(update={"systems": (*results.study.systems, *systems)})
    return replace(
        results,
        study=study,
        wanted=(*results.wanted, *fits),
        fits={**results.fits, **fits},
        tests={**results.tests, **tests},
    )


def twin_of(steps, system):
    """The system, had its classifier been the dense twin of a network of so many steps."""
    choice = system.classifier.model_copy(update={"name": "dense-twin", "options": {"n_steps": steps}})
    return system.model_copy(update={"classifier": choice})


def test_a_twin_of_four_bits_is_priced_as_eight_and_as_four_and_one_of_eight_once():
    results = with_rates()
    for steps, bits in ((8, 4), (255, 8)):
        systems = [twin_of(steps, one) if one.name == "ds-cnn" else one for one in results.study.systems]
        of_twin = replace(results, study=results.study.model_copy(update={"systems": tuple(systems)}))
        found = [one for one in meetings(of_twin) if one.rival.system.name == "ds-cnn"]
        priced = {one.rival_bits for one in found if one.boundary == "operation"}
        assert priced == {8, bits}
        assert all(("bound" in one.bits_text) == (bits == 4) for one in found)
        assert all(("extrapolated" in one.texts[2]) == (one.rival_bits == 4) for one in found)

    macs = dense(1e7)
    narrow = narrowed(replace(macs, row=replace(macs.row, system=twin_of(8, macs.row.system))))
    # Horowitz: 0.2 and 3.1 pJ, 0.03 and 0.1 pJ at 8 and 32 bits; a quarter of the bits divides by 15.5 and 3.33
    paper = 0.2 * 15.5**-0.5 + 0.03 * (0.1 / 0.03) ** -0.5
    found = meeting([spiking(rate) for rate in RATES], narrow, DRAWS)
    assert found.rival_joules[0] == pytest.approx(1e7 * MAC * paper / 0.23)
    all_in = side(OperationCounts.of("network", "all", mac_int8=1e7), "cortex-m4", "chip", scenario="always-on")
    assert narrowed(replace(all_in, row=replace(all_in.row, system=twin_of(8, all_in.row.system)))) is None
    assert narrowed(macs) is None


def test_a_family_is_what_differs_in_its_spike_rate_alone():
    results = with_rates()
    assert [row.system.name for row in rate_family(results)] == ["spiking-0", "spiking-1", "spiking-2"]
    assert rate_family(synthetic_results()) == []
    assert meetings(synthetic_results()) == []

    first, *others = rate_family(results)
    other = first.system.classifier.model_copy(update={"options": {**first.system.classifier.options, "hidden": [9]}})
    changed = replace(first, system=first.system.model_copy(update={"classifier": other}))
    assert rate_family(SimpleNamespace(headline_rows=[changed, *others])) == []


def test_report_markdown_and_figure_hold_every_meeting_and_nothing_where_there_is_none():
    results = with_rates()
    found = meetings(results)
    named = SimpleNamespace(element=lambda name: f"[{name}]")  # in place of figures, which take their time
    page, text = page_html(results, named), results_markdown(results)

    assert {one.boundary for one in found} == {"operation", "core", "chip", "system"}
    assert {one.deployment for one in found} == {f"cortex-m4+loihi-{of}" for of in ("1", "1-sana-fe", "2", "2-sana-fe")}
    assert not {one.rival.system.name for one in found} & {"spiking-0", "spiking-1", "spiking-2"}
    assert 'id="break-even-rate"' in page and "[break-even-rate]" in page
    assert "## Break-even spike rate" in text
    for one in found:
        assert one.rate_text in page.replace("&#39;", "'") and one.rate_text in text.replace("\\", "")
    drawing = draw("break-even-rate", results)
    assert len(drawing.records) == len(found) * len(RATES)
    assert len(drawing.marks) == sum(one.rate is not None for one in found) > 0
    assert "Break-even spike rate" not in page_html(synthetic_results(), named)
    assert draw("break-even-rate", synthetic_results()) is None


def test_a_rival_without_a_full_price_stands_by_another_run_that_decides_alike():
    """The synthetic ds-cnn has a headline run on int8 and one of floats on 45 nm, whose decisions differ."""
    results = with_rates()
    system = results.study.system("ds-cnn")
    floats, integers = system.runs
    on_process = integers.model_copy(update={"deployments": ("cmos-45nm-int8",)})
    on_chip = floats.model_copy(update={"deployments": ("cortex-m4",)})
    priced = system.model_copy(update={"runs": [on_chip, on_process]})
    study = results.study.model_copy(
        update={"systems": tuple(priced if one.name == "ds-cnn" else one for one in results.study.systems)}
    )

    def with_decisions_alike(of):
        alike = {}
        for cell, result in of.items():
            if cell.system == "ds-cnn":
                (kept,) = (run for run in result.runs if run.backend == "int8")
                alike[cell] = replace(result, runs=tuple(replace(run, logits=kept.logits) for run in result.runs))
        return {**of, **alike}

    unlike = replace(results, study=study)
    alike = replace(unlike, fits=with_decisions_alike(results.fits), tests=with_decisions_alike(results.tests))

    for results, backend in ((unlike, "int8"), (alike, "torch-float")):
        found = {one.boundary: one for one in meetings(results) if one.rival.system.name == "ds-cnn"}
        assert {found[boundary].rival.run.backend.name for boundary in ("operation", "core")} == {"int8"}
        for boundary in ("chip", "system"):
            assert found[boundary].rival.run.backend.name == backend
            assert ("rival" in found[boundary].lower_bounds) == (backend == "int8")
            assert (", its run on torch-float, on cortex-m4" in found[boundary].texts[2]) == (backend != "int8")


def test_the_study_has_one_network_at_seven_rates_beside_its_rivals():
    from studies.study_file import load_study

    study = load_study("break-even-rate")
    spiking_ones = [system for system in study.systems if "spike_rate_weight" in system.classifier.options]
    targets = [system.classifier.options["spike_rate_target"] for system in spiking_ones]
    twins = {s.name: s.classifier.options for s in study.systems if s.classifier.name == "dense-twin"}

    wanted = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3]  # as titles name them; the lowest are asked for by less
    assert [float(system.title.split()[-2]) / 100 for system in spiking_ones] == pytest.approx(wanted)
    assert targets[2:] == wanted[2:]
    assert targets[0] < targets[1] < wanted[0]
    assert {system.classifier.options["spike_rate_side"] for system in spiking_ones} == {"both"}
    assert {tuple(system.classifier.options["hidden"]) for system in spiking_ones} == {(256, 256)}
    assert {tuple(options["hidden"]) for options in twins.values()} == {(256, 256)}
    steps = spiking_ones[0].encoder.options["n_steps"]
    assert {options["n_steps"] for options in twins.values()} == {steps, 255}  # 4 and 8 bits
    assert {"pruned", "pruned-int8", "sigma-delta-network"} <= {system.classifier.name for system in study.systems}


def test_the_pruned_network_in_int8_is_trained_as_the_one_of_floats_and_prices_skipped_zeros_on_45_nm_alone():
    from studies.study_file import load_study

    floats, integers = (load_study("break-even-rate").system(name) for name in ("pruned-cnn", "pruned-cnn-int8"))

    for of in ("front_end", "encoder", "training"):
        assert getattr(integers, of) == getattr(floats, of)
    assert integers.classifier.options == floats.classifier.options
    assert integers.headline_run.backend.name == "int8-zeros-skipped"
    assert integers.headline_run.deployments == ("cmos-45nm-int8",)
