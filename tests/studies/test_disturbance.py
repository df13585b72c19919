"""Every system of a fold hears the same disturbed recordings, byte for byte."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from classical_baselines.augment import NOISE_KINDS
from classical_baselines.harness.choices import InputError
from classical_baselines.harness.seeds import generator_for
from studies import disturbance, dry_run, pipeline, probing
from studies.cell import StudyCell
from studies.disturbance import check_disturbances, disturbed
from studies.probe import Probe
from studies.specification import Probes
from tests.studies.small_study import clips, study
from tests.studies.test_probing import SAMPLED, SPIKING

__all__ = ["clips"]  # a fixture

PROBES = (
    Probe("snr_db", (5.0,)),
    Probe("snr_db", (5.0,), "pink"),
    Probe("snr_db", (5.0,), "babble"),
    Probe("low_pass_hz", (1000.0,)),
    Probe("gain_db", (20.0,)),
)
HANDCRAFTED = {"classifier": {"name": "linear-model"}, "front_end": "handcrafted", "augment": False}


def grouped(given):
    """The corpus with voices that can speak behind each other."""
    return replace(given, groups=tuple(f"voice {number % 3}" for number in range(len(given))))


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: f"{probe.name}-{probe.noise}")
def test_systems_backends_and_seeds_are_given_the_same_bytes(clips, monkeypatch, probe):
    clips(grouped(clips()))
    heard = []
    monkeypatch.setattr(probing, "disturbed", lambda *given: heard.append(disturbed(*given)) or heard[-1])
    sums = set()
    for system, seed in (({}, 0), ({}, 1), (HANDCRAFTED, 0), (SPIKING, 0), (SAMPLED, 0)):
        made, cell = study(**system), StudyCell("synthetic", "official-split", "official", "one", seed)
        weights = pipeline.fit_cell(made, cell, None).weights
        (run,) = probing.probe_cell(made, cell, weights, probe, None).runs
        sums.add(run.notes.get("recordings_sha256"))

    assert len(heard) == 5 and len({waveforms.numpy().tobytes() for waveforms in heard}) == 1
    assert len(sums) == 1
    assert (None in sums) is (probe.noise == "white" and probe.name == "snr_db")  # stored before sums were noted


@pytest.mark.parametrize("noise", ["white", "pink", "babble"])
def test_noise_has_its_ratio_in_each_clip_and_its_slope(clips, noise):
    given = grouped(clips())
    rows = [row for row, fold in enumerate(given.folds) if fold == "test"]

    noisy = disturbed(given, rows, "official", Probe("snr_db", (10.0,), noise), 10.0)

    added = (noisy - given.waveform[rows]).double()
    for row, one in zip(rows, added, strict=True):
        n = int(given.n_samples[row])
        ratio = given.waveform[row, :n].double().square().sum() / one[:n].square().sum()
        assert 10 * np.log10(float(ratio)) == pytest.approx(10.0, abs=1e-3)
        assert (one[n:] == 0).all()
    power = np.abs(np.fft.rfft(added.numpy())).__pow__(2).mean(axis=0)
    octaves = [power[edge : 2 * edge].mean() for edge in (256, 512, 1024)]
    falls = 10 * np.log10(np.array(octaves[:-1]) / octaves[1:])
    expected = {"white": 0.0, "pink": 3.01}
    if noise in expected:
        assert falls == pytest.approx([expected[noise]] * 2, abs=0.7)


def test_noise_of_another_fold_ratio_or_kind_is_another(clips):
    given = grouped(clips())
    asked = [("a", "pink", 5.0), ("b", "pink", 5.0), ("a", "pink", 6.0), ("a", "babble", 5.0), ("a", "white", 5.0)]

    waveforms = [disturbed(given, [0, 1], fold, Probe("snr_db", (5.0,), kind), snr) for fold, kind, snr in asked]

    assert len({one.numpy().tobytes() for one in waveforms}) == len(asked)


def test_noise_is_drawn_by_its_kind_fold_and_ratio_and_white_noise_which_came_first_without_its_name(
    clips, monkeypatch
):
    given, names = grouped(clips()), []
    monkeypatch.setattr(
        disturbance, "generator_for", lambda seed, name: names.append(name) or generator_for(seed, name)
    )

    for kind in NOISE_KINDS:
        disturbed(given, [0, 1], "official", Probe("snr_db", (2.5,), kind), 2.5)

    assert names == ["probe/noise/official/2.5", "probe/noise/pink/official/2.5", "probe/noise/babble/official/2.5"]


def test_the_clips_themselves_stay_as_they_are(clips):
    given = grouped(clips())
    before = given.waveform.clone()
    for probe in PROBES:
        disturbed(given, [0, 1], "official", probe, probe.values[0])

    assert torch.equal(given.waveform, before)


@pytest.mark.parametrize(
    ("probes", "said"),
    [
        ({"low_pass_hz": [1000.0, 5000.0]}, "half of the sample rate; got 5000 Hz"),
        ({"snr_db": [5.0], "noise": ["babble"]}, "5 clips of other groups than its own, and clip 0 "),
    ],
)
def test_what_the_recordings_cannot_be_put_through_is_refused_before_any_work(clips, probes, said):
    clips(replace(clips(), groups=("one voice",) * len(clips())))
    made = study().model_copy(update={"probes": Probes.model_validate(probes)})

    with pytest.raises(InputError, match=said):
        dry_run.check_study(made, None)


def test_what_is_not_asked_for_is_not_checked(clips):
    check_disturbances(Probes(), replace(clips(), groups=("one voice",) * len(clips())))
