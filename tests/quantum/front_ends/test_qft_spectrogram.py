"""The transform as a spectrogram: |FFT|^2 by numpy, log-mel by the classical front end, Qiskit's gates, and shots."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.quantum_info import Statevector
from qiskit.synthesis.qft import synth_qft_full

from classical_baselines.front_ends.mel import LogMel
from classical_baselines.harness.choices import InputError
from quantum.front_ends.qft_spectrogram import QftSpectrogram, folded, frame_states, spectrum_probabilities

RATE_HZ = 8000
SMALL = {"n_fft": 16, "hop": 8, "n_mels": 3, "low_hz": 0.0}


def waveform(n=400, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=n) * 0.1)


def windowed(signal, n_fft, hop):
    """Centred frames by numpy, weighted by a periodic Hann window."""
    padded = np.pad(signal, n_fft // 2)
    frames = [padded[start : start + n_fft] for start in range(0, len(padded) - n_fft + 1, hop)]
    return np.array(frames) * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([8, 16, 64]))
def test_its_power_is_that_of_the_fast_fourier_transform(seed, n_fft):
    signal = waveform(150, seed)

    power = QftSpectrogram(n_fft=n_fft, hop=n_fft // 2, n_mels=1).power(signal)

    expected = np.abs(np.fft.rfft(windowed(signal.numpy(), n_fft, n_fft // 2))) ** 2
    np.testing.assert_allclose(power.numpy(), expected, atol=1e-12)


def test_without_loudness_a_frame_is_a_distribution():
    signal = waveform()
    options = QftSpectrogram(**SMALL, loudness=False)
    louder = torch.cat([signal[:200], 9 * signal[200:]])

    quiet, loud = options.power(signal), options.power(louder)

    # a bin of a pair of mirrors counts twice; the outcomes of a frame sum to 1, here times n_fft
    weights = torch.tensor([1.0, *[2.0] * 7, 1.0], dtype=torch.float64)
    torch.testing.assert_close(quiet @ weights, torch.full((51,), 16.0, dtype=torch.float64))
    torch.testing.assert_close(quiet[-10:], loud[-10:])


def test_exact_and_with_loudness_it_is_the_log_mel_picture():
    clips = torch.stack([waveform(2000, 1), waveform(2000, 2)]).float()
    lengths = torch.tensor([2000, 1500])
    shared = {"n_fft": 64, "hop": 32, "n_mels": 6, "trim_below_db": 20.0, "keep_frames": 70}

    ours = QftSpectrogram(**shared)(clips, lengths, RATE_HZ)

    torch.testing.assert_close(ours, LogMel(**shared)(clips, lengths, RATE_HZ), atol=1e-3, rtol=1e-4)


def test_the_outcomes_are_those_of_qiskits_gates_behind_a_prepared_frame():
    frames = torch.from_numpy(windowed(waveform().numpy(), 16, 8)[5:8])
    outcomes = spectrum_probabilities(frame_states(frames))

    for frame, ours in zip(frames.numpy(), outcomes, strict=True):
        circuit = QuantumCircuit(4)
        circuit.prepare_state(frame / np.linalg.norm(frame), range(4))
        circuit.compose(synth_qft_full(4), inplace=True)
        np.testing.assert_allclose(ours.numpy(), Statevector(circuit).probabilities(), atol=1e-10)


def test_mirror_bins_are_put_together():
    outcomes = torch.tensor([[0.1, 0.2, 0.3, 0.4]])

    torch.testing.assert_close(folded(outcomes), torch.tensor([[0.1, 0.3, 0.3]]))


def test_shots_are_unbiased_and_spread_as_a_multinomial():
    signal = waveform(32)
    exact = QftSpectrogram(**SMALL).power(signal)
    draws = torch.stack([QftSpectrogram(**SMALL, n_shots=40, seed=seed).power(signal) for seed in range(200)])

    frames = torch.from_numpy(windowed(signal.numpy(), 16, 8))
    scale = 16 * frames.square().sum(1, keepdim=True)
    share = exact / scale  # p of a bin; its mirror has the same
    # the mean of two of the counts of a multinomial: (2 p - (2 p)^2) / (4 n); bins 0 and 8 stand alone: (p - p^2) / n
    variance = (2 * share - 4 * share**2) / 4
    variance[:, [0, 8]] = (share - share**2)[:, [0, 8]]
    expected = scale * (variance.clamp_min(0) / 40).sqrt()
    tolerance = 5 * expected / 200**0.5 + 1e-12
    assert bool(((draws.mean(0) - exact).abs() <= tolerance).all())
    assert float((draws.std(0).square().sum() / expected.square().sum()).sqrt()) == pytest.approx(1, abs=0.08)


def test_a_clips_draws_are_its_own():
    options = QftSpectrogram(**SMALL, n_shots=20)
    silence = torch.zeros(64, dtype=torch.float64)

    first, again = options.power(waveform()), options.power(torch.cat([waveform(), silence]))

    assert torch.equal(first[:40], again[:40])
    assert not torch.equal(first, QftSpectrogram(**SMALL, n_shots=20, seed=1).power(waveform()))


def test_a_frame_that_no_state_can_hold_is_refused_and_silence_is_left_out():
    for frame in (torch.zeros(1, 8), torch.full((1, 8), float("nan"))):
        with pytest.raises(InputError, match="has no norm, and no state"):
            frame_states(frame)

    assert float(QftSpectrogram(**SMALL).power(torch.zeros(100, dtype=torch.float64)).abs().max()) == 0


def test_shots_are_paid_as_a_processor_and_a_measured_transform_has_no_two_qubit_gate():
    unitary, measured = (
        QftSpectrogram(**SMALL, n_shots=100, coupling="all-to-all", transform=transform).operations(80, RATE_HZ)
        for transform in ("unitary", "measured")
    )
    n_frames = 1 + 80 // 8

    def gates(counts, layer):
        return sum(n for (_, of, what), n in counts if (of, what) == (layer, "gates_2q"))

    assert unitary.total("shots") == 100 * n_frames
    assert gates(unitary, "state-preparation") == 11 * 100 * n_frames  # 2^4 - 4 - 1
    assert gates(unitary, "circuit") == 12 * 100 * n_frames  # two for each of 6 phases
    assert gates(measured, "circuit") == 0
    assert measured.total("machine_seconds") > unitary.total("machine_seconds") > 100 * n_frames * 250e-6
    assert QftSpectrogram(**SMALL).operations(80, RATE_HZ).total("shots") == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_fft": 100}, "n_fft must be a power of two"),
        ({"n_fft": 32768, "hop": 128}, "fills 15 qubits; at most 14"),
        ({"n_shots": 0}, "n_shots must lie in 1 to 10000000, or be left out for exact; got 0"),
        ({"transform": "fast"}, "No transform is called 'fast'"),
        ({"loudness": False, "trim_below_db": 30.0}, "trim_below_db needs the loudness"),
        ({"seed": -1}, "seed must be 0 or more; got -1"),
        (
            {"seed": 1, "transform": "measured"},
            "transform, seed: of a processor, but outcomes are exact without n_shots",
        ),
        ({"coupling": "linear"}, "coupling: of a processor"),
    ],
)
def test_what_makes_no_picture_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        QftSpectrogram(**options)
