# tests/classical_baselines/data/test_phonocardiogram.py
"""Synthetic hearts, measured with Fourier transforms and envelopes against the parameters that they were asked with."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import hilbert, welch

from classical_baselines.data.phonocardiogram import (
    DATABASES,
    N_TAKES,
    SAMPLE_RATE_HZ,
    SHAPES,
    Heart,
    Murmur,
    Stethoscope,
    beats,
    heart_clip,
    heart_clips,
    heart_sound,
    murmur_envelope,
    patients,
    recorded,
)
from classical_baselines.harness.choices import InputError

# A heart like a clock: each beat as the last, A2 and P2 together, so that what is measured is what was asked.
STEADY = Heart(
    rate_bpm=60, rate_deviation=0, breath_rate_share=0, breath_level_db=0, split_seconds=(0, 0), s1_hz=50, s2_hz=80
)
SECONDS = 8.0


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def steady(heart, seed=0):
    """The sound and the first sample of S1 of a whole beat."""
    s1 = next(at for at, _ in beats(heart, SECONDS, generator(seed)) if at > 0.5)
    return heart_sound(heart, SECONDS, generator(seed)), s1


def piece(sound, begin, end):
    return sound[round(begin * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)]


def peak_hz(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 16))
    return float(np.fft.rfftfreq(1 << 16, 1 / SAMPLE_RATE_HZ)[spectrum.argmax()])


@pytest.mark.parametrize(("s1_hz", "s2_hz"), [(38, 60), (50, 80), (58, 110)])
def test_the_spectra_of_s1_and_s2_peak_where_they_were_asked(s1_hz, s2_hz):
    heart = replace(STEADY, s1_hz=s1_hz, s2_hz=s2_hz)
    sound, s1 = steady(heart)
    s2 = s1 + 0.546 - 0.0021 * 60 - 0.07  # by hand: 350 ms at 60 beats a minute

    assert peak_hz(piece(sound, s1 - 0.12, s1 + 0.12)) == pytest.approx(s1_hz, abs=2)
    assert peak_hz(piece(sound, s2 - 0.1, s2 + 0.1)) == pytest.approx(s2_hz, abs=3)


@pytest.mark.parametrize(("rate_bpm", "systole_ms"), [(50, 371), (60, 350), (80, 308), (100, 266)])
def test_systole_is_as_long_as_weisslers_line_less_what_lies_before_s1(rate_bpm, systole_ms):
    sound, s1 = steady(replace(STEADY, rate_bpm=rate_bpm, s2_db=0))
    envelope = np.abs(hilbert(sound))
    first, second = round(s1 * SAMPLE_RATE_HZ), round((s1 + 0.18) * SAMPLE_RATE_HZ)
    at_s1 = first - 100 + envelope[first - 100 : first + 100].argmax()
    at_s2 = second + envelope[second : second + round(0.25 * SAMPLE_RATE_HZ)].argmax()

    assert 1000 * (at_s2 - at_s1) / SAMPLE_RATE_HZ == pytest.approx(systole_ms, abs=8)


def test_s1_lasts_as_long_as_it_was_asked_between_the_points_where_it_has_fallen_to_exp_minus_two():
    sound, s1 = steady(replace(STEADY, s1_seconds=0.14, s1_hz=100))
    around = np.abs(hilbert(piece(sound, s1 - 0.15, s1 + 0.15)))
    above = np.flatnonzero(around > np.exp(-2) * around.max())

    assert (above[-1] - above[0]) / SAMPLE_RATE_HZ == pytest.approx(0.14, rel=0.05)


def test_the_split_of_s2_is_wide_breathed_in_and_gone_breathed_out():
    """Two kernels of 20 ms, so that A2 and P2 stand apart; one breath in 8 s, in at 2 s and out at 6 s."""
    heart = replace(STEADY, s2_seconds=0.02, s2_hz=150, split_seconds=(0.0, 0.06), breath_hz=0.125)
    sound = heart_sound(heart, SECONDS, generator())
    spans = []
    for at, _ in beats(heart, SECONDS, generator()):
        if 0.2 < at < SECONDS - 1:
            envelope = np.abs(hilbert(piece(sound, at + 0.3, at + 0.5)))
            above = np.flatnonzero(envelope > 0.3 * envelope.max())
            spans.append((float(np.sin(2 * np.pi * at / 8)), (above[-1] - above[0]) / SAMPLE_RATE_HZ))

    low, high = min(spans), max(spans)
    expected = 0.06 * (high[0] - low[0]) / 2
    assert high[1] - low[1] == pytest.approx(expected, abs=0.008)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("level_db", [-20.0, -6.0])
def test_a_murmur_has_its_level_its_band_and_its_place(shape, level_db):
    murmur = Murmur(shape, 150, 300, level_db)
    sound, s1 = steady(replace(STEADY, murmur=murmur))
    alone = sound - heart_sound(STEADY, SECONDS, generator())  # the same beats, no murmur
    s2 = s1 + 0.350
    systole, diastole = piece(alone, s1 + 0.061, s2 - 0.047), piece(alone, s2 + 0.047, s1 + 0.93)
    here, there = (diastole, systole) if shape == "early-diastolic" else (systole, diastole)

    assert np.mean(there**2) < 1e-3 * np.mean(here**2)
    s1_alone = piece(heart_sound(STEADY, SECONDS, generator()), s1 - 0.061, s1 + 0.061)
    rms = np.sqrt(np.mean(alone[np.abs(alone) > 0] ** 2))
    assert 20 * np.log10(rms / np.sqrt(np.mean(s1_alone**2))) == pytest.approx(level_db, abs=1)
    hz, power = welch(alone, SAMPLE_RATE_HZ, nperseg=1024)
    assert power[(hz > 130) & (hz < 330)].sum() > 0.85 * power.sum()


def test_the_shapes_of_murmurs_peak_where_their_names_say():
    progress = np.linspace(-0.2, 1.2, 1401)
    envelopes = {shape: murmur_envelope(shape, progress) for shape in SHAPES}

    assert progress[envelopes["ejection"].argmax()] == pytest.approx(0.5, abs=0.01)
    assert np.all(envelopes["holosystolic"][(progress > 0.11) & (progress < 0.89)] == 1)
    falling = envelopes["early-diastolic"][(progress > 0.11) & (progress < 1)]
    assert np.all(np.diff(falling) < 0)
    assert all(np.all(one[(progress < 0) | (progress > 1)] == 0) for one in envelopes.values())


@pytest.mark.parametrize(("name", "after_s1", "hz"), [("s3_db", 0.350 + 0.15, 35), ("s4_db", 1 - 0.11, 28)])
def test_third_and_fourth_sound_stand_in_early_and_late_diastole(name, after_s1, hz):
    sound, s1 = steady(replace(STEADY, **{name: -6.0}))
    alone = sound - heart_sound(STEADY, SECONDS, generator())
    around = piece(alone, s1 + after_s1 - 0.1, s1 + after_s1 + 0.1)

    assert np.abs(around).max() == pytest.approx(10 ** (-6 / 20), rel=0.01)
    assert np.abs(hilbert(around)).argmax() / SAMPLE_RATE_HZ == pytest.approx(0.1, abs=0.01)
    assert peak_hz(around) == pytest.approx(hz, abs=4)


def test_beats_vary_as_much_as_they_were_asked_and_with_the_breath():
    lengths = [length for _, length in beats(replace(STEADY, rate_deviation=0.05), 2000, generator())]
    assert np.mean(lengths) == pytest.approx(1, abs=0.005)
    assert np.std(lengths) == pytest.approx(0.05, rel=0.1)

    breathing = replace(STEADY, breath_rate_share=0.05, breath_hz=0.25)
    pairs = np.array(beats(breathing, 200, generator()))
    np.testing.assert_allclose(pairs[:, 1], 1 - 0.05 * np.sin(2 * np.pi * 0.25 * pairs[:, 0]), atol=1e-12)


def test_a_stethoscope_lets_its_band_through():
    stethoscope = Stethoscope(100, 300, 4, -20, 10, 50, -60, 0, 0)  # the room is louder than the heart
    hz, power = welch(recorded(heart_sound(STEADY, 60, generator()), stethoscope, generator(1)), SAMPLE_RATE_HZ)

    assert power[(hz > 80) & (hz < 350)].sum() > 0.95 * power.sum()


@settings(max_examples=25, deadline=None)
@given(
    rate=st.floats(30, 150),
    s1=st.tuples(st.floats(10, 200), st.floats(0.02, 0.2)),
    s2=st.tuples(st.floats(10, 200), st.floats(0.02, 0.2)),
    low_sounds=st.tuples(*[st.none() | st.floats(-30, 0)] * 2),
    murmur=st.none()
    | st.builds(Murmur, st.sampled_from(SHAPES), st.floats(20, 200), st.floats(300, 900), st.floats(-40, 10)),
    clinic=st.sampled_from(sorted(DATABASES)),
    seed=st.integers(0, 9),
)
def test_any_heart_is_finite_and_is_not_clipped(rate, s1, s2, low_sounds, murmur, clinic, seed):
    heart = Heart(
        rate_bpm=rate, s1_hz=s1[0], s1_seconds=s1[1], s2_hz=s2[0], s2_seconds=s2[1],
        s3_db=low_sounds[0], s4_db=low_sounds[1], murmur=murmur,
    )  # fmt: skip
    heard = recorded(heart_sound(heart, 2.0, generator(seed)), DATABASES[clinic].stethoscope, generator(seed))

    assert np.isfinite(heard).all()
    assert 0.24 < np.abs(heard).max() < 0.91


def test_a_clip_is_the_same_in_another_process_and_does_not_depend_on_the_others():
    patient = patients()[17]
    code = (
        "from classical_baselines.data.phonocardiogram import *\n"
        "import hashlib; print(hashlib.sha256(heart_clip(patients()[17], 3).tobytes()).hexdigest())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    import hashlib

    assert hashlib.sha256(heart_clip(patient, 3).tobytes()).hexdigest() == said
    assert not np.array_equal(heart_clip(patient, 3), heart_clip(patient, 4))


def test_each_patient_is_of_one_database_and_one_label_and_each_database_has_both():
    clips = heart_clips()
    of_patient = set(zip(clips.groups, clips.folds, clips.targets.tolist(), strict=True))

    assert len(of_patient) == len(set(clips.groups)) == 192
    assert len(clips) == 192 * N_TAKES
    assert {(fold, target) for _, fold, target in of_patient} == {(f, t) for f in "1234" for t in (0, 1)}
    assert len({one.heart for one in patients()}) == 192  # no two patients are alike
    assert heart_clips().content_hash == clips.content_hash


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Heart(rate_bpm=0), r"rate_bpm must lie in 30 to 150; got 0\."),
        (lambda: Heart(s2_hz=500), r"s2_hz must lie in 10 to 200; got 500\."),
        (lambda: Murmur("loud", 50, 100, -10), r"shape must be one of ejection, .*; got 'loud'\."),
        (lambda: Murmur("ejection", 200, 1200, -10), r"high_hz < 1000 Hz, .*; got 200 to 1200 Hz\."),
        (lambda: replace(DATABASES["1"].stethoscope, low_hz=0), r"0 < low_hz < high_hz"),
    ],
)
def test_what_no_heart_or_chest_is_like_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
