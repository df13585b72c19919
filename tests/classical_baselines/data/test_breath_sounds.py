# tests/classical_baselines/data/test_breath_sounds.py
"""Synthetic lungs, measured with zero crossings and Fourier transforms against the parameters they were asked with."""

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.breath_sounds import (
    COARSE_SECONDS,
    FINE_SECONDS,
    LABELS,
    SAMPLE_RATE_HZ,
    Crackle,
    Lung,
    Wheeze,
    breath_noise,
    crackle,
    lung_clip,
    lung_clips,
    lung_sound,
    patients,
    wheeze,
)
from classical_baselines.data.splits import SPLITTERS
from classical_baselines.harness.choices import InputError

FINE_GRID_HZ = 1_000_000  # where a crossing of zero is seen to a microsecond


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


@pytest.mark.parametrize(("deflection", "two_cycles"), [FINE_SECONDS, COARSE_SECONDS, (0.001, 0.008)])
def test_a_crackle_first_returns_to_zero_after_its_deflection_and_its_second_cycle_ends_at_its_length(
    deflection, two_cycles
):
    wave = crackle(deflection, two_cycles, FINE_GRID_HZ)
    crossings = np.flatnonzero(np.diff(np.sign(wave[1:-1])) != 0) + 1

    assert crossings[0] / FINE_GRID_HZ == pytest.approx(deflection, abs=3e-6)
    assert len(crossings) == 3  # and the fourth half-wave ends with the clip: two cycles
    assert (len(wave) - 1) / FINE_GRID_HZ == pytest.approx(two_cycles, abs=1e-6)
    assert abs(wave[-1]) < 1e-9
    assert np.all(np.diff(np.concatenate([[0], crossings, [len(wave)]])) > 0)
    half_waves = np.diff(np.concatenate([[0], crossings, [len(wave) - 1]]))
    assert np.all(np.diff(half_waves) > 0)  # each lasts longer than the one before


@pytest.mark.parametrize(("deflection", "two_cycles"), [FINE_SECONDS, COARSE_SECONDS])
def test_a_crackle_at_the_rate_of_the_corpus_lasts_two_cycles_to_a_sample(deflection, two_cycles):
    wave = crackle(deflection, two_cycles)
    assert len(wave) - 1 == pytest.approx(two_cycles * SAMPLE_RATE_HZ, abs=1)
    assert np.abs(wave).max() > 0.5


@pytest.mark.parametrize("fundamental_hz", [110.0, 250.0, 437.0, 960.0])
def test_a_wheeze_has_its_fundamental_and_its_length(fundamental_hz):
    wave = wheeze(Wheeze(0, 0.6, fundamental_hz, 0, 0), generator())
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 17))

    assert np.fft.rfftfreq(1 << 17, 1 / SAMPLE_RATE_HZ)[spectrum.argmax()] == pytest.approx(fundamental_hz, abs=0.5)
    assert len(wave) / SAMPLE_RATE_HZ == pytest.approx(0.6)
    assert np.sqrt(np.mean(wave**2)) == pytest.approx(1)


def test_a_wheeze_glides_by_its_octaves():
    wave = wheeze(Wheeze(0, 1.0, 200, 1.0, 0), generator())
    ends = [wave[:400], wave[-400:]]
    peaks = [np.abs(np.fft.rfft(end * np.hanning(400), 1 << 16)).argmax() for end in ends]

    # the middles of the first and last tenth second stand 0.9 octaves apart
    assert np.log2(peaks[1] / peaks[0]) == pytest.approx(0.9, abs=0.03)


def test_breathing_in_is_louder_by_what_was_asked_and_the_breath_lasts_as_long():
    lung = Lung(breath_seconds=4, inspiration_share=0.4, expiration_db=-10)
    sound = breath_noise(lung, 0, 80, generator()).reshape(20, -1)
    inward, outward = sound[:, : round(1.6 * SAMPLE_RATE_HZ)], sound[:, round(1.6 * SAMPLE_RATE_HZ) :]

    assert np.sqrt(np.mean(inward**2)) == pytest.approx(1, rel=0.1)
    # the mean of sin^2(pi sqrt(x)) over x in 0..1 is 1/2, as that of sin^2(pi x) is
    assert 10 * np.log10(np.mean(outward**2) / np.mean(inward**2)) == pytest.approx(-10, abs=1)


def test_crackles_and_wheezes_stand_where_they_were_asked_at_their_level():
    """The same draws with and without a crackle: what is left is the crackle."""
    lung = Lung(heart_db=-60, ambient_db=-60)
    click = Crackle(1.25, *COARSE_SECONDS, level_db=12)
    plain, with_click = (lung_sound(lung, clicks, (), 2, generator(3)) for clicks in ((), (click,)))
    gain = np.median(with_click[:2000] / plain[:2000])
    alone = with_click / gain - plain
    heard = np.flatnonzero(np.abs(alone) > 1e-6 * np.abs(alone).max())

    assert heard[0] / SAMPLE_RATE_HZ == pytest.approx(1.25, abs=0.001)
    assert (heard[-1] - heard[0]) / SAMPLE_RATE_HZ <= COARSE_SECONDS[1]


@settings(max_examples=25, deadline=None)
@given(
    breath=st.tuples(st.floats(1, 10), st.floats(0.2, 0.7)),
    corner=st.tuples(st.floats(30, 300), st.floats(10, 1600)),
    levels=st.tuples(st.floats(-40, 10), st.floats(-40, 10)),
    click=st.builds(Crackle, st.floats(0, 3), st.floats(0.0003, 0.002), st.floats(0.0085, 0.02), st.floats(-20, 30)),
    tone=st.builds(
        Wheeze, st.floats(0, 3), st.floats(0.08, 2), st.floats(120, 800), st.floats(-0.2, 0.2), st.floats(-30, 20)
    ),
    seed=st.integers(0, 9),
)
def test_any_lung_is_finite_and_is_not_clipped(breath, corner, levels, click, tone, seed):
    lung = Lung(*breath, corner[0], corner[0] + corner[1], heart_db=levels[0], ambient_db=levels[1])
    sound = lung_sound(lung, (click,), (tone,), 2.0, generator(seed))

    assert np.isfinite(sound).all()
    assert 0.24 < np.abs(sound).max() < 0.91


def test_a_clip_is_the_same_in_another_process():
    code = (
        "from classical_baselines.data.breath_sounds import *\n"
        "import hashlib; print(hashlib.sha256(lung_clip('both', patients()[5], 1).tobytes()).hexdigest())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    assert hashlib.sha256(lung_clip("both", patients()[5], 1).tobytes()).hexdigest() == said


def test_patients_stand_in_one_part_each_and_have_all_labels():
    clips = lung_clips()
    (fold,) = SPLITTERS["official-split"](clips)
    sides = [{clips.groups[i] for i in side} for side in (fold.train, fold.validation, fold.test)]

    assert [len(side) for side in sides] == [60, 20, 40]
    assert len(set.union(*sides)) == 120
    assert fold.group_disjoint
    assert len(set(zip(clips.groups, clips.targets.tolist(), strict=True))) == len(clips) == 120 * len(LABELS)
    assert len({one.lung for one in patients()}) == 120


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: crackle(0.003, 0.01), r"shorter than a quarter of its two cycles, .*; got 3 ms of 10 ms\."),
        (lambda: wheeze(Wheeze(0, 0.05, 200, 0, 0), generator()), r"lasts at least 0\.08 s; got 0\.05 s\."),
        (lambda: wheeze(Wheeze(0, 0.5, 900, 1, 0), generator()), r"100 to 1000 Hz .*; got 900 to 1800 Hz\."),
        (lambda: Lung(breath_seconds=0), r"breath_seconds must lie in 1 to 10; got 0\."),
        (lambda: replace(Lung(), corner_hz=50), r"0 < low_hz < corner_hz < 2000 Hz; got 100 and 50 Hz\."),
    ],
)
def test_what_no_lung_is_like_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
