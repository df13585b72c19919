"""Synthetic notes, measured by Fourier transforms against closed forms of strings, pipes and tuning."""

import hashlib
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import hilbert

from classical_baselines.data import musical_notes as module
from classical_baselines.data.musical_notes import (
    LABELS,
    N_SAMPLES,
    NOTES,
    SAMPLE_RATE_HZ,
    Timbre,
    note_clip,
    note_clips,
    note_hz,
    partials,
    timbres,
    tone,
)
from classical_baselines.data.splits import SPLITTERS
from classical_baselines.harness.choices import InputError


def generator(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def spectrum(sound, seconds_of_zeros=4):
    """Magnitudes and their frequencies, finer than the length of the sound by zeros behind it."""
    padded = np.concatenate([sound * np.hanning(len(sound)), np.zeros(seconds_of_zeros * SAMPLE_RATE_HZ)])
    return np.abs(np.fft.rfft(padded)), np.fft.rfftfreq(len(padded), 1 / SAMPLE_RATE_HZ)


def magnitude_at(sound, hz):
    magnitudes, found = spectrum(sound)
    return magnitudes[np.abs(found - hz) < 6].max()


def test_twelve_semitones_are_an_octave_and_a4_is_concert_pitch():
    hz = [note_hz(note) for note in NOTES]
    np.testing.assert_allclose(np.diff(np.log2(hz)), 1 / 12)
    assert hz[NOTES.index("A4")] == 440
    # ISO 16's table, to a hundredth
    assert [round(note_hz(note), 2) for note in ("C4", "E4", "G4", "B4")] == [261.63, 329.63, 392.0, 493.88]
    with pytest.raises(InputError, match=r"note must be one of C4, .*; got 'H4'"):
        note_hz("H4")


@given(st.floats(200, 600), st.integers(0, 1000))
def test_a_pure_tone_is_one_line_at_its_frequency(f0_hz, seed):
    sound = tone(Timbre("pure-1", "pure"), f0_hz, 0.4, generator(seed))
    magnitudes, hz = spectrum(sound)

    assert hz[magnitudes.argmax()] == pytest.approx(f0_hz, abs=0.3)
    assert np.sum(magnitudes[np.abs(hz - f0_hz) < 10] ** 2) > 0.99 * np.sum(magnitudes**2)
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(1)


def test_a_stiff_string_is_sharp_as_fletcher_has_it():
    timbre = Timbre("struck-1", "struck", tilt=0.5, stiffness=1e-3, decay_per_second=0)
    sound = tone(timbre, 300.0, 0.4, generator())
    magnitudes, hz = spectrum(sound)

    for k in (1, 4, 8):
        expected = k * 300 * np.sqrt(1 + 1e-3 * k * k)
        near = np.abs(hz - expected) < 30
        assert hz[near][magnitudes[near].argmax()] == pytest.approx(expected, abs=0.5)


def test_a_string_plucked_at_a_fifth_of_its_length_lacks_every_fifth_partial_and_falls_by_the_square():
    timbre = Timbre("plucked-1", "plucked", pluck=0.2, decay_per_second=0)
    hz, amplitude, _ = partials(timbre, 300.0)

    assert np.allclose(amplitude[[4, 9]], 0, atol=1e-12)
    np.testing.assert_allclose(amplitude[[0, 3]], [np.sin(0.2 * np.pi), abs(np.sin(0.8 * np.pi)) / 16])
    assert len(hz) == 12
    sound = tone(timbre, 300.0, 0.4, generator())
    assert magnitude_at(sound, 1500) < 0.01 * magnitude_at(sound, 300)


def test_a_closed_pipe_has_odd_partials_and_a_bowed_string_all_of_them():
    closed = tone(Timbre("blown-1", "blown", even=0.0, breath_db=-60), 300.0, 0.4, generator())
    bowed = tone(Timbre("bowed-1", "bowed"), 300.0, 0.4, generator())

    assert magnitude_at(closed, 600) < 0.01 * magnitude_at(closed, 900)
    ratios = [magnitude_at(bowed, 300 * k) / magnitude_at(bowed, 300) for k in (2, 3, 4)]
    np.testing.assert_allclose(ratios, [1 / 2, 1 / 3, 1 / 4], rtol=0.02)


def test_a_string_that_is_hit_dies_by_its_rate_and_high_partials_sooner():
    timbre = Timbre("struck-1", "struck", decay_per_second=5.0, damping=1.0, attack_seconds=0.0)
    _, _, decay = partials(timbre, 300.0)
    np.testing.assert_allclose(decay, 5.0 * np.arange(1, 13))

    alone = tone(replace(timbre, tilt=20.0), 300.0, 0.4, generator())  # the first partial, all but alone
    sizes = [np.sqrt(np.mean(alone[first : first + 400] ** 2)) for first in (400, 2000)]  # 0.2 s apart
    assert sizes[1] / sizes[0] == pytest.approx(np.exp(-5.0 * 0.2), rel=0.02)


def test_nothing_stands_at_or_above_half_the_rate():
    for kind in ("struck", "plucked", "bowed", "blown"):
        hz, _, _ = partials(Timbre(f"{kind}-1", kind), 490.0)
        assert hz.max() < SAMPLE_RATE_HZ / 2
        assert len(hz) == 8  # the ninth would stand at 4410 Hz


def test_a_clip_is_within_twenty_cents_of_its_note():
    timbre = Timbre("pure-1", "pure")
    for take in range(12):
        magnitudes, hz = spectrum(note_clip(timbre, "G4", take) / 32768)
        cents = 1200 * np.log2(hz[magnitudes.argmax()] / note_hz("G4"))
        assert abs(cents) < 20 + 2  # the reading is to two cents at this length


def test_options_that_no_instrument_has_are_refused():
    with pytest.raises(InputError, match=r"kind must be one of pure, struck, .*; got 'sung'"):
        Timbre("sung-1", "sung")
    with pytest.raises(InputError, match="pluck must lie between 0 and 1; got 1"):
        Timbre("plucked-1", "plucked", pluck=1.0)
    with pytest.raises(InputError, match="damping must not be negative; got -1"):
        Timbre("struck-1", "struck", damping=-1.0)


def test_every_timbre_stands_in_one_part_and_every_part_has_every_kind_and_note():
    clips = note_clips()
    (fold,) = SPLITTERS["official-split"](clips)

    assert fold.group_disjoint
    assert (len(fold.train), len(fold.validation), len(fold.test)) == (720, 360, 360)
    for part, n_timbres in ((fold.train, 4), (fold.validation, 2), (fold.test, 2)):
        kinds = Counter(group.partition("-")[0] for group in {clips.groups[i] for i in part})
        assert kinds == dict.fromkeys(module.KINDS, n_timbres)
        assert len({int(clips.targets[i]) for i in part}) == len(NOTES)
    assert [clips.label_names[t] for t in clips.targets[:6:3].tolist()] == ["C4", "C#4"]
    assert clips.label_names == LABELS == tuple(sorted(NOTES))
    assert clips.waveform.shape == (1440, N_SAMPLES)
    assert float(clips.waveform.abs().max()) < 1


def test_a_clip_depends_on_its_own_name_alone_in_any_process():
    timbre = timbres()[7]
    code = (
        "import hashlib; from classical_baselines.data.musical_notes import note_clip, timbres; "
        "print(hashlib.sha256(note_clip(timbres()[7], 'F#4', 2).tobytes()).hexdigest())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(note_clip(timbre, "F#4", 2).tobytes()).hexdigest()
    assert not np.array_equal(note_clip(timbre, "F#4", 2), note_clip(timbre, "F#4", 3))


def test_a_vibrato_swings_the_frequency_by_its_cents():
    timbre = Timbre("pure-1", "pure", vibrato_cents=60.0, attack_seconds=0.0)
    phase = np.unwrap(np.angle(hilbert(tone(timbre, 440.0, 1.0, np.random.default_rng(0)))))
    hz = np.diff(phase)[800:-800] * SAMPLE_RATE_HZ / (2 * np.pi)

    assert 1200 * np.log2(hz.max() / 440.0) == pytest.approx(60.0, abs=3.0)
    assert 1200 * np.log2(hz.min() / 440.0) == pytest.approx(-60.0, abs=3.0)


def test_breath_lies_under_the_tone_by_its_decibels():
    def blown(breath_db):
        return tone(Timbre("blown-1", "blown", breath_db=breath_db), 330.0, 0.5, np.random.default_rng(0))

    clean, breathed = blown(-300.0), blown(-20.0)  # of the same phases
    breath = breathed - clean * (breathed @ clean) / (clean @ clean)

    assert 10 * np.log10(np.sum(breath**2) / np.sum((breathed - breath) ** 2)) == pytest.approx(-20.0, abs=0.5)
