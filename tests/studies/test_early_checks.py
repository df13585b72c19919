# tests/studies/test_early_checks.py
"""A run that looks ahead, or is told times that do not hold, is refused before any work, with what to use instead."""

import pytest

from classical_baselines.harness.choices import InputError
from studies.checks_before_work import check_before_work
from studies.early_checks import check_early_decisions, check_frame_times, heard_runs
from studies.plugins import load_plugins
from studies.registries import build
from studies.specification import Study
from studies.study_file import load_study

load_plugins()


def changed(system="ds-cnn-int8", heard=(), run=(), study=(), **own):
    """The study of the catalogue with one system, changed."""
    made = load_study("early-decision").model_dump(by_alias=True)
    (only,) = [one for one in made["systems"] if one["name"] == system]
    *others, last = only["runs"]
    last = {
        **last,
        **dict(run),
        "backend": {**last["backend"], "options": {**last["backend"]["options"], **dict(heard)}},
    }
    systems = [{**only, "beside": None, "runs": [*others, last], **own}]
    return Study.model_validate({**made, "systems": systems, "baseline": system, **dict(study)})


def front_end(**options):
    return {"front_ends": [{"name": "log-mel", "options": {"n_fft": 256, "hop": 128, **options}}]}


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (changed(study=front_end()), r"front end 'log-mel' takes levels relative to the clip maximum.*Set relative_to"),
        (changed(study=front_end(relative_to="fixed", trim_below_db=30.0)), "cuts each utterance at its ends"),
        (changed(study={"front_ends": [{"name": "handcrafted"}]}), "'handcrafted' is not known to hear frame by frame"),
        (changed("delay-snn", encoder={"name": "latency"}), "LatencyEncoder is not known to send frame by frame"),
        (changed(heard={"of": "torch-float"}), "asks 'torch-float' for decisions, which is no run of the system"),
        (changed(heard={"options": {"batch_size": 8}}), "no run of the system with these options"),
        (changed(run={"test_only": True}), "threshold of an early exit comes from validation clips"),
        (changed(heard={"seconds": (0.2, 0.9)}), r"must be the whole clip of 1.008 s; got 0.9"),
        (changed(heard={"of": "int9"}), "No backend is called 'int9'"),
    ],
)
def test_it_is_refused_before_any_work(made, says):
    with pytest.raises(InputError, match=f"system .*{says}"):
        check_before_work(made)


def test_times_of_frames_are_held_against_the_front_end():
    made = changed(heard={"hop_seconds": 0.012})
    check_before_work(made)  # without a recording its rate is not known

    with pytest.raises(InputError, match=r"told hop_seconds = 0.012, and 128 samples at 8000 Hz are 0.016"):
        check_frame_times(made, made.systems[0], 8000)
    check_frame_times(changed(), changed().systems[0], 8000)


def test_the_study_asks_streams_and_polls_of_all_three_families_after_the_same_lengths():
    study = load_study("early-decision")
    asked = {system.name: build("backend", heard_runs(system)[0].backend) for system in study.systems}

    assert {system.family for system in study.systems} == {"classical", "neuro", "quantum"}
    assert len({(one.seconds, one.hop_seconds, one.window_seconds) for one in asked.values()}) == 1
    assert {one.of for one in asked.values()} == {"torch-float", "low-bit", "loihi-emulator", "int8", "aer-shots"}
    for system in study.systems:
        check_early_decisions(study, system)
        check_frame_times(study, system, study.data.sample_rate_hz)
