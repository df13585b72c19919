# tests/studies/test_settings_of_applications.py
"""What the headers of the application studies say of their settings: that they are those of the studies they name."""

import pytest

from studies.study_file import load_study

FLOORS = ("linear-layer", "handcrafted-svm", "band-linear", "band-svm")
NETWORKS = ("se-residual-cnn", "ds-cnn-int8", "distilled-transformer")
HEADLINE_NETWORKS = ("linear-layer", "handcrafted-svm", "band-linear", "ast-full-band", *NETWORKS)
HEADLINE_CIRCUITS = (
    "qft-circuit",
    "alone-removed",
    "alone-surrogate",
    "qft-hybrid",
    "hybrid-removed",
    "hybrid-no-entanglers",
    "hybrid-fft",
)
HYBRIDS = ("qft-hybrid", "hybrid-removed", "hybrid-same-size", "hybrid-no-entanglers", "hybrid-fft", "hybrid-surrogate")
SPIKING = ("convolutional-snn", "convolutional-snn-float-trained", "convolutional-snn-latency")
TUNED_ALIKE = ("environmental-sound", "keywords", "keystrokes", "musical-notes")
SAME_CELLS = [  # all that a cell's key holds of a system
    *(("environmental-sound", "baselines-esc-10", name) for name in (*FLOORS, *NETWORKS)),
    *(("environmental-sound", "spiking-baselines-esc-10", name) for name in SPIKING),
    *(("environmental-sound", "what-the-circuit-adds-esc-10", name) for name in HYBRIDS),
    *(("keywords", "baselines-speech-commands", name) for name in (*FLOORS, *NETWORKS)),
    ("keywords", "spiking-baselines-speech-commands", "convolutional-snn"),
    *(("spoken-digits", "baselines", name) for name in HEADLINE_NETWORKS),
    *(("spoken-digits", "spiking-baselines", name) for name in ("convolutional-snn", "convolutional-snn-latency")),
    *(("spoken-digits", "what-the-circuit-adds", name) for name in HEADLINE_CIRCUITS),
]


@pytest.mark.parametrize(("study", "source", "name"), SAME_CELLS)
def test_a_system_is_that_of_the_study_whose_settings_it_has(study, source, name):
    ours, theirs = specified(study, name), specified(source, name)

    assert ours == theirs


@pytest.mark.parametrize("study", TUNED_ALIKE)
@pytest.mark.parametrize("name", HYBRIDS)
def test_hybrids_and_controls_have_the_best_of_as_many_trials_each(study, name):
    ours, theirs = load_study(study).system(name), load_study("what-the-circuit-adds").system(name)

    assert ours.classifier == theirs.classifier
    assert ours.training.learning_rate == theirs.training.learning_rate


def test_every_system_of_the_spoken_digits_has_a_study_that_its_cells_are_of():
    named = {name for study, _, name in SAME_CELLS if study == "spoken-digits"}

    assert named == {system.name for system in load_study("spoken-digits").systems}


@pytest.mark.parametrize("study", [*TUNED_ALIKE, "accuracy-per-joule", "spoken-digits"])
def test_every_system_has_an_energy_by_the_run_that_stands_for_it(study):
    """Its accuracy and its joules are of one run, and on both sides of a curve or a control there is a price."""
    for system in load_study(study).systems:
        assert system.headline_run.deployments, system.name


def test_each_family_of_the_headline_has_five_sizes_trained_alike():
    curves = {}
    for system in load_study("accuracy-per-joule").systems:
        curves.setdefault(system.curve, []).append(system)

    assert len(curves) == 10
    for systems in curves.values():
        assert len(systems) == 5
        assert len({(repr(one.training), repr(one.headline_run)) for one in systems}) == 1


def specified(study_name, name):
    study = load_study(study_name)
    system = study.system(name)
    return {
        "data": study.data,
        "protocol": study.headline_protocol,
        "front end": study.front_end_of(system).model_dump(exclude={"label"}),
        "augmentation": study.augmentation_of(system),
        "encoder": system.encoder,
        "classifier": system.classifier,
        "training": system.training,
        "backends": [run.backend for run in system.runs],
        "first seed": study.seeds[0],
        "quantiles": study.intensity_quantiles,
        "threads": study.threads_per_cell,
    }
