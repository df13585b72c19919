"""The table of circuit backends: what ran, on which clips, how fast, and what is unavailable."""

from dataclasses import replace

import pytest

from quantum.backends import AS_TRAINED, BACKENDS
from studies.circuit_runs import HEADER, circuit_runs
from studies.measuring import INFERENCES
from studies.tables import results_markdown
from tests.studies.synthetic_results import synthetic_results

AER = {"n_qubits": 4, "aer_method": "matrix_product_state", "bond_dimension": 3}
SHOTS = {
    "n_qubits": 4,
    "n_shots": 1024,
    "readout_mitigation": "full",
    "noise_factors": [1.0, 3.0, 5.0],
    "machine_seconds": "unavailable: nobody says",
}


@pytest.fixture(scope="module")
def results():
    made = synthetic_results()

    def noted(result):
        runs = []
        for run in result.runs:
            if run.backend in ("aer-exact", "aer-shots", "exact-states"):
                notes = AER if run.backend == "aer-exact" else SHOTS if run.backend == "aer-shots" else {"n_qubits": 4}
                runs.append(replace(run, notes=notes, wall_seconds=0.5 * len(run.logits)))
            else:
                runs.append(run)
        return replace(result, runs=tuple(runs))

    return replace(
        made,
        fits={cell: noted(result) for cell, result in made.fits.items()},
        tests={cell: noted(result) for cell, result in made.tests.items()},
    )


def rows_of(results, backend):
    return [one for one in circuit_runs(results) if one.run.backend.name == backend]


def test_every_backend_of_a_circuit_has_a_row_and_no_other_backend(results):
    found = {one.run.backend.name for one in circuit_runs(results)}

    assert found == {"aer-exact", "aer-shots", "exact-states"}


def test_a_run_on_some_of_the_clips_is_judged_on_those(results):
    one = rows_of(results, "aer-exact")[0]
    protocol = results.study.headline_protocol.name
    cells = results.tests if results.evidence(protocol) == "test" else results.fits
    right = n = 0
    for cell, result in cells.items():
        if (cell.system, cell.protocol) != (one.system.name, protocol):
            continue
        for run in result.runs:
            if run.backend == "aer-exact":
                assert run.clip_indices is not None
                decided = run.logits.argmax(1)
                right += int((decided == result.targets[list(run.clip_indices)]).sum())
                n += len(decided)

    assert one.interval.n_clips <= n
    assert one.interval.estimate == pytest.approx(right / n, abs=0.02)
    assert one.what_ran == "Aer, matrix_product_state, bond dimension 3"


def test_it_says_how_fast_it_was_and_what_is_unavailable(results):
    one = rows_of(results, "aer-shots")[0]
    texts = dict(zip(HEADER, one.texts, strict=True))

    assert texts["clips per second here"] == "2"
    assert texts["joules per decision, measured here"].startswith("unavailable")
    assert "superconducting" in texts["joules per decision, priced"]
    assert "1,024 shots" in one.what_ran and "readout mitigated (full)" in one.what_ran
    assert "noise x 1, 3, 5" in one.what_ran and "seconds unavailable: nobody says" in one.what_ran


def test_the_page_has_it(results):
    assert "## Backends of circuits" in results_markdown(results)


def test_one_backend_has_nothing_beside_it_unless_it_stands_in_no_other_table(results):
    def only(backend):
        systems = [
            system.model_copy(
                update={"runs": [run for run in system.runs if run.backend.name in (backend, "torch-float")]}
            )
            for system in results.study.systems
        ]
        return replace(results, study=results.study.model_copy(update={"systems": systems}))

    assert circuit_runs(only("exact-states")) == []
    assert {one.run.backend.name for one in circuit_runs(only("aer-exact"))} == {"aer-exact"}  # of some clips


def test_those_that_can_be_measured_are_the_ones_that_the_command_measures():
    assert set(AS_TRAINED) == {name for name in INFERENCES if name in BACKENDS}
