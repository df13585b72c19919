# tests/studies/test_bit_equality.py
"""Two results of a cell are equal where every bit that matters is, and the first place where they differ is named."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from classical_baselines.harness.operations import OperationCounts
from studies.bit_equality import difference_in, first_difference
from studies.cell import CheckRecord, StudyCell
from tests.studies.fake_study import result_of

CHECK = CheckRecord("lava-equality", True, {"mismatches_per_layer": [0, 0]})


def result():
    made = result_of(StudyCell("fake", "leave-one-group-out", "anna", "small", 0), "fit")
    return replace(made, runs=(replace(made.runs[0], checks=(CHECK,)),))


def with_run(**changes):
    return replace(result(), runs=(replace(result().runs[0], **changes),))


def logits_with(value, index):
    logits = result().runs[0].logits.copy()
    logits[index] = value
    return logits


LOGITS = result().runs[0].logits


def test_a_result_is_equal_to_itself_made_again():
    assert first_difference(result(), result()) is None


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (with_run(logits=LOGITS[:-1]), r"type and shape: stored float32 \[12, 4\], recomputed float32 \[11, 4\]"),
        (with_run(logits=LOGITS.astype(np.float64)), r"type and shape: stored float32 .*, recomputed float64"),
        (
            with_run(counts=OperationCounts.of("network", "head", mac_fp32=1000.25)),
            "counts.network/head/mac_fp32: stored 1000.5, recomputed 1000.25",
        ),
        (
            with_run(counts=OperationCounts.of("network", "head", mac_fp32=1000.5, add_fp32=1.0)),
            "counts.network/head/add_fp32: stored nothing, recomputed 1.0",
        ),
        (with_run(clip_indices=(0, 1)), r"clip_indices: stored None, recomputed \(0, 1\)"),
        (with_run(notes={"n_parameters": 8}), "notes.n_parameters: stored 7, recomputed 8"),
        (with_run(notes={"n_parameters": 7.0}), "notes.n_parameters: stored 7, recomputed 7.0"),
        (with_run(checks=(replace(CHECK, passed=False),)), r"checks\[0\].passed: stored True, recomputed False"),
        (
            with_run(checks=(replace(CHECK, details={"mismatches_per_layer": [0, 1]}),)),
            r"checks\[0\].details.mismatches_per_layer\[1\]: stored 0, recomputed 1",
        ),
        (with_run(checks=()), "checks, number of entries: stored 1, recomputed 0"),
        (with_run(pictures=()), "pictures, number of entries: stored 1, recomputed 0"),
        (with_run(backend="int8"), r"backends\[0\]: stored 'torch-float', recomputed 'int8'"),
        (replace(result(), runs=()), "backends, number of entries: stored 1, recomputed 0"),
        (replace(result(), training={"loss": [1.5, 0.25]}), r"training.loss\[1\]: stored 0.5, recomputed 0.25"),
        (replace(result(), targets=1 - result().targets), r"targets\[0\]: stored"),
        (replace(result(), clip_names=("x.wav", *result().clip_names[1:])), r"clip_names\[0\]: stored 'anna_0.wav'"),
        (replace(result(), groups=("zoe",) * 12), r"groups\[0\]: stored 'anna', recomputed 'zoe'"),
        (replace(result(), label_names=tuple("abce")), r"label_names\[3\]: stored 'd', recomputed 'e'"),
        (replace(result(), clip_seconds=1.0), "clip_seconds: stored 1.008, recomputed 1.0"),
        (replace(result(), n_training_clips=47), "n_training_clips: stored 48, recomputed 47"),
        (replace(result(), kind="test"), "kind: stored 'fit', recomputed 'test'"),
    ],
)
def test_whatever_differs_is_named_with_both_values(other, said):
    assert re.search(said, str(first_difference(result(), other)))


def test_a_logit_that_is_the_next_float_is_named_with_its_place_and_both_values():
    following = np.nextafter(LOGITS[3, 2], np.float32(np.inf))

    found = first_difference(result(), with_run(logits=logits_with(following, (3, 2))))

    assert found.place == "run 0 on torch-float: logits[3, 2]"
    assert (np.float32(found.stored), np.float32(found.recomputed)) == (LOGITS[3, 2], following)


def test_each_run_is_compared_with_its_own_though_all_are_on_one_backend():
    runs = tuple(with_run(logits=LOGITS + n, notes={"value": n}).runs[0] for n in range(3))
    probe, other = replace(result(), runs=runs), replace(result(), runs=(runs[0], runs[2], runs[2]))

    assert first_difference(probe, probe) is None
    assert first_difference(probe, other).place == "run 1 on torch-float: logits[0, 0]"


def test_what_a_clock_read_is_not_compared():
    timed = replace(result(), training={**result().training, "seconds": 3.5})
    later = replace(with_run(wall_seconds=99.0), training={**result().training, "seconds": 4.5})

    assert first_difference(timed, later) is None
    assert first_difference(timed, with_run(wall_seconds=99.0)) is None


def test_a_note_that_older_code_did_not_make_is_not_missed_where_it_is_0():
    notes = dict(result().runs[0].notes)
    newer = with_run(notes=notes | {"readouts_saturated_per_clip": 0.0})
    assert first_difference(result(), newer) is None
    assert "saturated_per_clip: stored nothing, recomputed 0.5" in str(
        first_difference(result(), with_run(notes=notes | {"readouts_saturated_per_clip": 0.5}))
    )
    assert "saturated_per_clip: stored 0.0, recomputed nothing" in str(first_difference(newer, result()))
    assert "n_cores: stored nothing, recomputed 0" in str(
        first_difference(result(), with_run(notes=notes | {"n_cores": 0}))
    )


def test_a_peak_that_older_code_did_not_keep_is_not_missed_among_weights():
    weights = {"readout.weight": [1.0, 2.0]}
    newer = weights | {"readout.peak": 2.5}
    assert difference_in("weights", weights, newer) is None
    assert "peak: stored 2.5, recomputed 2.0" in str(difference_in("weights", newer, weights | {"readout.peak": 2.0}))
    assert "peak: stored 2.5, recomputed nothing" in str(difference_in("weights", newer, weights))
    assert "layer.peak: stored nothing" in str(difference_in("weights", weights, weights | {"layer.peak": 2.5}))


def test_pictures_that_a_published_cell_does_not_keep_are_not_missed():
    assert first_difference(with_run(pictures=()), result()) is None


@given(arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 4))), st.data())
def test_any_flipped_bit_of_an_array_is_found_where_it_is(values, data):
    index = tuple(data.draw(st.integers(0, n - 1)) for n in values.shape)
    bits = values.copy().view(np.uint32)
    bits[index] ^= np.uint32(1 << data.draw(st.integers(0, 31)))

    found = difference_in("x", values, bits.view(np.float32))

    assert found is not None
    assert found.place == f"x[{index[0]}, {index[1]}]"
    assert difference_in("x", values, values.copy()) is None


def test_zero_and_minus_zero_differ():
    assert difference_in("x", np.zeros(1), -np.zeros(1)) is not None
    assert difference_in("x", 0.0, -0.0) is not None
