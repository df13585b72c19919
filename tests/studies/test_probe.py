"""Which cells are put through which probes."""

import pytest
from pydantic import ValidationError

from studies.cell import StudyCell
from studies.probe import Probe, probes_of
from studies.specification import Probes, Study
from tests.studies.synthetic_results import SPEAKERS, synthetic_study

WANTED = Probes(snr_db=(10.0,), n_shots=(64,), firing_threshold=(1.5,), occlusion=(4, 8))


def names(system, *, seed=0, fold="george", protocol="leave-one-group-out", probes=WANTED):
    raw = synthetic_study().model_dump(by_alias=True)
    for one in raw["systems"]:
        if one["name"] == "convolutional-snn":
            one["classifier"]["name"] = "convolutional-snn"
    made = Study.model_validate(raw | {"probes": probes.model_dump()})
    cell = StudyCell("fsdd", protocol, fold, system, seed)
    return [probe.name for probe in probes_of(made, cell, SPEAKERS)]


def test_a_contender_is_put_through_what_applies_to_it():
    assert names("ds-cnn") == ["snr_db", "occlusion"]
    assert names("convolutional-snn") == ["snr_db", "firing_threshold", "occlusion"]
    assert names("qft-hybrid") == ["snr_db", "n_shots", "occlusion"]
    assert names("linear-log-mel") == []  # a rival


def test_named_systems_stand_in_for_the_contenders():
    only = WANTED.model_copy(update={"systems": ("linear-log-mel",)})
    assert names("linear-log-mel", probes=only) == ["snr_db", "occlusion"]
    assert names("ds-cnn", probes=only) == []


def test_curves_take_every_fold_and_seed_of_the_headline_protocol_and_maps_the_first():
    assert names("ds-cnn", fold="theo") == names("ds-cnn", seed=2) == ["snr_db"]
    assert names("ds-cnn", seed=1, probes=WANTED.model_copy(update={"n_seeds": 1})) == []
    assert names("ds-cnn", protocol="official", fold="official") == []


def test_what_is_not_asked_for_is_not_done():
    assert names("qft-hybrid", probes=Probes()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        *({"snr_db": [200.0]}, {"n_shots": [0]}, {"firing_threshold": [0.0]}, {"occlusion": [0, 4]}, {"noise": [1.0]}),
        *({"low_pass_hz": [0.0]}, {"gain_db": [90.0]}),
        *({"snr_db": [5.0], "noise": ["brown"]}, {"snr_db": [5.0], "noise": []}),
    ],
)
def test_a_value_out_of_range_or_an_unknown_probe_is_refused(wrong):
    with pytest.raises(ValidationError):
        Probes.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"noise": ["pink"]}, "noise does nothing without snr_db"),
        ({"snr_db": [5.0, 5.0]}, "snr_db names 5.0 twice"),
        ({"snr_db": [5.0], "noise": ["pink", "pink"]}, "noise names 'pink' twice"),
        ({"gain_db": [3.0, 3.0]}, "gain_db names 3.0 twice"),
    ],
)
def test_what_would_do_nothing_or_stand_twice_is_refused(wrong, said):
    with pytest.raises(ValidationError, match=said):
        Probes.model_validate(wrong)


def test_each_kind_of_noise_is_a_probe_and_the_sound_of_every_system_is_changed():
    wanted = Probes(snr_db=(10.0, 0.0), noise=("white", "babble"), low_pass_hz=(2000.0,), gain_db=(20.0,))
    assert names("ds-cnn", probes=wanted) == names("qft-hybrid", probes=wanted)
    assert names("ds-cnn", probes=wanted) == ["snr_db", "snr_db", "low_pass_hz", "gain_db"]


def test_white_noise_is_keyed_as_it_was_before_noise_had_a_kind():
    assert Probe("snr_db", (10.0,)).specified() == {"name": "snr_db", "values": (10.0,)}
    assert Probe("snr_db", (10.0,), "pink").specified() == {"name": "snr_db", "values": (10.0,), "noise": "pink"}


def test_a_system_that_is_not_there_is_refused():
    raw = synthetic_study().model_dump(by_alias=True)
    with pytest.raises(ValidationError, match="'nobody', which is not a system"):
        Study.model_validate(raw | {"probes": {"systems": ["nobody"]}})


def test_a_probe_sorts_by_name_and_values():
    assert Probe("n_shots", (64.0,)) < Probe("snr_db", (5.0,)) < Probe("snr_db", (10.0,))
