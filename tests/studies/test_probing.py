"""Trained systems put through probes, on a small part of the embedded corpus."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studies import disturbance, pipeline, probing
from studies.cell import StudyCell
from studies.grid import Ground, keyed
from studies.probe import Probe
from studies.probe_curves import curves, occlusion_maps
from studies.results import load_results
from studies.running import make_plan
from studies.store import open_store
from studies.worker import DONE, Task, run
from tests.studies.small_study import clips, study

__all__ = ["clips"]  # a fixture

CELL = StudyCell("synthetic", "official-split", "official", "one", 0)
SPIKING = {
    "family": "neuro",
    "encoder": {"name": "latency", "options": {"n_steps": 4}},
    "classifier": {"name": "dense-snn", "options": {"hidden": [24]}},
    "runs": [{"backend": {"name": "loihi-emulator"}}],
}
SAMPLED = {
    "family": "quantum",
    "classifier": {"name": "qft-hybrid"},
    "runs": [{"backend": {"name": "aer-shots", "options": {"n_shots": 64}}}],
}


def probed(made, probe):
    fitted = pipeline.fit_cell(made, CELL, None)
    tested = pipeline.test_cell(made, CELL, fitted.weights, None)
    return fitted, tested, probing.probe_cell(made, CELL, fitted.weights, probe, None)


def test_a_threshold_times_one_decides_as_the_test_cell_and_a_higher_one_fires_less(clips):
    _, tested, result = probed(study(**SPIKING), Probe("firing_threshold", (1.0, 1.6)))

    np.testing.assert_array_equal(result.runs[0].logits.argmax(1), tested.runs[0].logits.argmax(1))
    assert result.runs[0].notes["spike_rate"] == tested.runs[0].notes["spike_rate"]
    assert result.runs[1].notes["spike_rate"] < result.runs[0].notes["spike_rate"]
    assert result.runs[1].counts.total("synaptic_operations") < tested.runs[0].counts.total("synaptic_operations")


def test_shots_of_a_probe_are_those_of_a_test_cell_with_that_option(clips):
    made = study(**SAMPLED)
    fitted, _, result = probed(made, Probe("n_shots", (16, 256)))
    run_of_256 = {"backend": {"name": "aer-shots", "options": {"n_shots": 256}}}
    expected = pipeline.test_cell(study(**SAMPLED | {"runs": [run_of_256]}), CELL, fitted.weights, None)

    np.testing.assert_array_equal(result.runs[1].logits.argmax(1), expected.runs[0].logits.argmax(1))
    assert [run.counts.total("shots") for run in result.runs] == [16, 256]


def test_noise_reaches_the_test_clips_alone_at_its_ratio_and_alike_for_every_system(clips, monkeypatch):
    heard = []
    added = disturbance.added_at_snr
    monkeypatch.setattr(
        disturbance, "added_at_snr", lambda *given: heard.append((given, added(*given))) or heard[-1][1]
    )
    given = clips()
    for system in ({}, {"classifier": {"name": "linear-model"}, "front_end": "handcrafted", "augment": False}):
        probed(study(**system), Probe("snr_db", (10.0,)))

    (first, noisy), (_, again) = heard
    assert torch.equal(noisy, again)
    waveforms, _, lengths, _ = first
    assert len(waveforms) == sum(fold == "test" for fold in given.folds)
    for clean, dirty, n in zip(waveforms, noisy, lengths.tolist(), strict=True):
        ratio = clean[:n].square().sum() / (dirty - clean)[:n].square().sum()
        assert 10 * np.log10(float(ratio)) == pytest.approx(10.0, abs=1e-3)


def test_loud_noise_changes_answers_and_faint_noise_none(clips):
    _, tested, result = probed(study(), Probe("snr_db", (80.0, -20.0)))

    decisions = [run.logits.argmax(1) for run in result.runs]
    np.testing.assert_array_equal(decisions[0], tested.runs[0].logits.argmax(1))
    assert (decisions[1] != decisions[0]).any()


def test_an_occluded_patch_takes_from_a_linear_layer_what_its_weights_say(clips):
    fitted, _, result = probed(study(), Probe("occlusion", (4, 8)))
    notes, bench = result.runs[0].notes, pipeline.bench_of(study(), CELL, None)
    weight, bias = (fitted.weights[name].double().numpy() for name in sorted(fitted.weights, reverse=True))
    rows = [bench.clips.names.index(name) for name in result.clip_names]
    mean = bench.intensity[list(bench.fold.train)].mean(0).numpy()
    low, high, first, last = *notes["mel_edges"][1:3], *notes["frame_edges"][5:7]
    for place, row in enumerate(rows):
        picture = bench.intensity[row].double().numpy()
        hidden = picture.copy()
        hidden[low:high, first:last] = mean[low:high, first:last]
        chances = []
        for seen in (picture, hidden):
            powers = np.exp(weight @ seen.flatten() + bias)
            chances.append(powers[result.targets[place]] / powers.sum())
        assert notes["probability"][place] == pytest.approx(chances[0], abs=1e-4)
        assert notes["fall"][place][1][5] == pytest.approx(chances[0] - chances[1], abs=2e-4)
    assert len(set(result.targets.tolist())) == len(rows) == probing.N_OCCLUDED


@given(arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(2, 6)), elements=st.floats(-50, 50, width=32)))
@settings(deadline=None)
def test_coarse_logits_decide_as_the_whole_ones(logits):
    coarse = probing.coarse_logits(logits)

    np.testing.assert_array_equal(coarse.argmax(1), logits.argmax(1))
    assert (coarse.max(1) == 0).all() and (np.sort(coarse, axis=1)[:, -2] <= -probing.STEP).all()
    np.testing.assert_array_equal(coarse / probing.STEP, np.round(coarse / probing.STEP))


def planned(made, store, content_hash):
    ground = Ground(content_hash, {"official-split": ("official",)})
    return make_plan(made, ground, store, confirm=True, only="seed=0")


def task_of(made, plan, store):
    ((cell, kinds, probes),) = plan.tasks
    return Task(made, cell, kinds, plan.ground, store, None, {}, probes=probes)


def test_probes_are_cells_beside_the_test_cell_and_looks(clips, tmp_path):
    content_hash = clips().content_hash
    made = study(**SPIKING).model_copy(
        update={"probes": study().probes.model_copy(update={"snr_db": (20.0, 0.0), "firing_threshold": (1.0, 1.5)})}
    )
    store = open_store(tmp_path / "store", create=True)
    plan = planned(made, store, content_hash)
    assert plan.n_missing == plan.n_wanted == 4  # fit, test, two probes
    assert run(task_of(made, plan, store)) == DONE

    plan = planned(made, store, content_hash)
    assert plan.n_missing == 0 and plan.tasks == ()
    assert store.looks(content_hash) == {("official-split", "official"): 3}
    results = load_results(made, store, plan)
    (curve,) = curves(results, "firing_threshold")
    assert [point.value for point in curve.points] == [1.0, 1.5]
    assert curve.points[0].interval.estimate == results.row("one").interval.estimate
    assert curve.points[0].spike_rate == results.row("one").notes["spike_rate"]
    assert occlusion_maps(results) == []


def test_without_stored_weights_a_probe_fits_again_and_says_whether_the_answers_agree(clips, tmp_path):
    content_hash = clips().content_hash
    made = study()
    first = open_store(tmp_path / "first", create=True)
    assert run(task_of(made, planned(made, first, content_hash), first)) == DONE
    first.publish(sorted(first.keys()), tmp_path / "published")
    behind = open_store(tmp_path / "published")
    own = open_store(tmp_path / "own", behind=behind, create=True)
    with_probe = made.model_copy(update={"probes": made.probes.model_copy(update={"snr_db": (10.0,)})})
    task = task_of(with_probe, planned(with_probe, own, content_hash), own)
    assert (task.kinds, len(task.probes)) == ((), 1)
    assert run(task) == DONE

    results = load_results(with_probe, own, planned(with_probe, own, content_hash))
    (result,) = results.probes.values()
    assert result.training == {"fitted_again": True, "answers_as_committed": True}
    assert set(own.keys()) - set(behind.keys()) == set(task.keys)


def test_the_key_of_a_probe_holds_its_values_and_the_fit(clips):
    made = study()
    (cell,) = keyed(made, [CELL], Ground("content", {}))
    task = Task(made, cell, (), Ground("content", {}), None, None, {})
    keys = {
        task.probe_key(Probe("snr_db", (10.0,))),
        task.probe_key(Probe("snr_db", (20.0,))),
        task.probe_key(Probe("snr_db", (10.0,), "pink")),
        task.probe_key(Probe("low_pass_hz", (10.0,))),
        replace(task, cell=replace(cell, fit_key="other")).probe_key(Probe("snr_db", (10.0,))),
        cell.fit_key,
        cell.test_key,
    }
    assert len(keys) == 7
