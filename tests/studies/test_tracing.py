# tests/studies/test_tracing.py
"""A number of the report leads to its cells, counts and coefficients; the way back is walked here by plain loops."""

import math
import tomllib
from dataclasses import replace
from functools import cache

import pytest

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.devices import FOLDER
from studies.tracing import address_of, energy_address, trace_address
from tests.studies.synthetic_results import SPEAKERS, synthetic_results

SCALES = {
    "picojoules": 1e-12,
    "microjoules": 1e-6,
    "microwatts": 1e-6,
    "milliwatts": 1e-3,
    "watts": 1,
    "kilowatts": 1e3,
}
SCALES |= {"cycles": 1, "factor": 1, "bits": 1, "nanoseconds": 1e-9, "microseconds": 1e-6, "seconds": 1}
SCALES |= {"nanojoules": 1e-9, "millijoules": 1e-3}


def nominal_prices(device):
    """Id to nominal value in SI units, read with `tomllib` alone, factors multiplied out; included files first."""
    rows = {}

    def read(name):
        content = tomllib.loads((FOLDER / f"{name.replace('-', '_')}.toml").read_text())
        for part in content.get("includes", []):
            read(part)
        rows.update({row["id"]: row for row in content.get("coefficient", [])})

    def value(id):
        row = rows[id]
        unit = next(key for key in SCALES if key in row)
        return row[unit]["nominal"] * SCALES[unit] * (value(named(row["of"])) if "of" in row else 1)

    def named(of):
        """The id itself; for a cycle, that of the row which prices one."""
        return next(id for id in rows if "cycle" in rows[id]["operations"]) if of == "cycle" else of

    read(device)
    return {id: value(id) for id in rows}


def every_energy():
    return [(row, energy) for row in synthetic_results().headline_rows for energy in row.energies]


def test_the_products_of_every_energy_are_counts_times_the_prices_in_the_files_and_add_up_to_it():
    prices = cache(nominal_prices)
    results = synthetic_results()
    traced = 0
    for row, energy in every_energy():
        if energy.nominal_joules is None:
            continue
        found = trace_address(results, energy_address(row, energy).split())
        by_hand = [one.term.count * prices(one.term.device)[one.term.coefficient] for one in found.terms]
        assert [one.joules for one in found.terms] == pytest.approx(by_hand, rel=1e-12)
        assert math.fsum(by_hand) == pytest.approx(energy.nominal_joules, rel=1e-9)
        assert found.agrees
        traced += 1

    assert traced > 50


def test_a_count_of_an_energy_is_the_mean_over_the_cells_that_it_names():
    results = synthetic_results()
    found = trace_address(results, ["convolutional-snn", "energy", "cortex-m4+loihi-1", "chip"])
    counts = {}
    for cell in found.cells:
        run = next(run for run in results.tests[cell].runs if run.backend == "loihi-emulator")
        for stage, _, operation, n in run.counts.rows():
            counts.setdefault((stage, operation), []).append(n)

    counted = [one for one in found.terms if one.layers]
    assert counted
    assert len(found.cells) == len(SPEAKERS) * 3
    for one in counted:
        values = counts[one.term.stage, one.term.operation]
        assert one.term.count == pytest.approx(sum(values) / len(found.cells))
        assert (one.least, one.most) == (min(values), max(values))


def test_an_energy_whose_counts_are_not_those_of_its_cells_does_not_agree():
    results = synthetic_results()
    found = trace_address(results, ["ds-cnn", "energy", "cortex-m4", "system"])
    one = next(term for term in found.terms if term.layers)
    wrong = replace(one, term=replace(one.term, count=one.term.count * 1.001))

    assert not replace(found, terms=tuple(wrong if term is one else term for term in found.terms)).agrees


def test_what_is_counted_and_not_charged_is_named_with_the_reason():
    found = trace_address(synthetic_results(), ["ds-cnn", "energy", "cortex-m4", "system"])
    charged = {(one.term.stage, one.term.operation) for one in found.terms}
    counted = {(stage, operation) for (stage, _, operation), n in found.row.counts if n > 0}
    named = {tuple(reversed(line.partition(":")[0].rstrip(")").split(" ("))) for line in found.included}

    assert counted - charged == named
    assert all(": " in line and len(line.partition(": ")[2]) > 10 for line in found.included)


def test_an_accuracy_is_right_over_clips_by_group_and_seed_counted_in_a_plain_loop():
    results = synthetic_results()
    found = trace_address(results, ["qft-hybrid@aer-shots/leave-one-group-out", "accuracy"])
    by_speaker = []
    for speaker in SPEAKERS:
        shares = []
        for cell, result in results.tests.items():
            if (cell.system, cell.protocol, cell.fold) == ("qft-hybrid", "leave-one-group-out", speaker):
                logits = next(run.logits for run in result.runs if run.backend == "aer-shots").tolist()
                right = [row.index(max(row)) == target for row, target in zip(logits, result.targets, strict=True)]
                shares.append(sum(right) / len(right))
        assert len(shares) == 3
        by_speaker.append(sum(shares) / len(shares))

    assert list(found.scores.values()) == pytest.approx(by_speaker)
    assert found.recomputed == pytest.approx(sum(by_speaker) / 6)
    assert found.agrees
    assert sum(one.n_clips for one in found.cells) == 6 * 3 * 60


def test_every_accuracy_of_the_study_agrees_with_its_trace():
    results = synthetic_results()

    assert len(results.rows) > 20
    for row in results.rows:
        assert trace_address(results, [address_of(row), "accuracy"]).agrees


def test_a_difference_leads_to_both_accuracies():
    results = synthetic_results()
    found = trace_address(results, ["convolutional-snn", "ds-cnn", "difference"])

    assert found.agrees
    gap = found.a.row.interval.estimate - found.b.row.interval.estimate
    assert found.comparison.difference == pytest.approx(gap)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ds-cnn", "is no address"),
        ("nobody accuracy", "No system is called 'nobody'"),
        ("ds-cnn@lava accuracy", "No backend of ds-cnn is called 'lava'"),
        ("ds-cnn/official-folds accuracy", "No protocol of this study is called"),
        ("ds-cnn energy loihi-1 system", "has no energy on 'loihi-1'. Its deployments: cortex-m4"),
        ("ds-cnn energy cortex-m4 board", "No boundary is called 'board'"),
        ("ds-cnn energy cortex-m4 operation", "is not available: cortex-m4 is priced as a whole"),
    ],
)
def test_an_address_that_leads_nowhere_says_where_it_ends(address, message):
    with pytest.raises(InputError, match=message):
        trace_address(synthetic_results(), address.split())
