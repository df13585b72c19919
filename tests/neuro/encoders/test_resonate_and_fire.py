# tests/neuro/encoders/test_resonate_and_fire.py
"""The resonators against whole numbers of Python, Lava's own process model and scipy's filter."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from classical_baselines.harness.choices import InputError, UnknownChoiceError
from neuro.encoders.resonate_and_fire import SAMPLE_BITS, ResonateAndFireEncoder, resonator_peaks
from neuro.loihi import lava_worker
from neuro.loihi.contracts import LoihiLayer, LoihiNetwork
from neuro.loihi.emulator import emulate

LAVA = """
import sys, numpy as np
sys.path.insert(0, sys.argv[1])
import lava_worker
lava_worker.make_lava_importable()
from lava.proc.rf.models import PyRFModelFixed

class Port:
    def __init__(self, values=()): self.values, self.sent = list(values), []
    def recv(self): return self.values.pop(0)
    def send(self, spikes): self.sent.append(np.array(spikes))

given = np.load(sys.argv[2])
model = PyRFModelFixed.__new__(PyRFModelFixed)
n_bands = len(given["cosine"])
model.a_real_in = Port(np.full(n_bands, sample, np.int32) for sample in given["samples"])
model.a_imag_in = Port(np.zeros(n_bands, np.int32) for sample in given["samples"])
model.s_out = Port()
model.cos_decay, model.sin_decay = given["cosine"].astype(np.int64), given["sine"].astype(np.int64)
model.state_exp, model.decay_bits, model.vth = np.int32(6), np.int32(12), given["threshold"]
model.real, model.imag = np.zeros(n_bands, np.int32), np.zeros(n_bands, np.int32)
model.neg_voltage_limit, model.pos_voltage_limit = -(2**23) + 1, 2**23 - 1
for _ in given["samples"]: model.run_spk()
np.save(sys.argv[3], np.array(model.s_out.sent))
"""


def truncated(product):
    """sign(x) (|x| >> 12)."""
    return (abs(product) >> 12) * (1 if product >= 0 else -1)


def by_the_rule(drive, c, q):
    """re at every event of one resonator; -1 where it is below 0, or no event."""
    re = im = 0
    heard = []
    for x in drive:
        before = im
        re, im = truncated(c * re) - truncated(q * im) + x, truncated(q * re) + truncated(c * im)
        re, im = (min(max(value, -(2**23) + 1), 2**23 - 1) for value in (re, im))
        heard.append(max(re, -1) if im >= 0 and before < 0 else -1)
    return heard


def noise(n_samples, seed=1):
    return torch.rand(1, 1, n_samples, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


@settings(max_examples=30, deadline=None)  # the first example compiles
@given(st.integers(0, 2**16), st.integers(-4096, 4096), st.integers(0, 4096), st.sampled_from([1, 7]))
def test_a_resonator_is_exact_in_whole_numbers_up_to_its_limits(seed, c, q, hop):
    # with c and q this free a state also runs into the 24 bits
    drive = np.random.default_rng(seed).integers(-(2**21), 2**21, 140)
    heard = by_the_rule(drive.tolist(), c, q)
    peaks = resonator_peaks(drive[None], np.array([c]), np.array([q]), hop)

    assert peaks[0, :, 0].tolist() == [max(heard[n : n + hop]) for n in range(0, 140, hop)]


def test_every_event_is_that_of_the_emulators_resonator():
    encoder = ResonateAndFireEncoder(n_bands=12, levels_db=(-20.0, -30.0), hop=1)
    waveform = noise(600)
    samples = torch.round(waveform[0].T * 2**SAMPLE_BITS)[:, None]  # [step, clip, channel]

    spikes = encoder(waveform, torch.Generator())

    for level, band in ((0, 0), (0, 11), (1, 5)):
        layer = LoihiLayer(
            kind="dense",
            weights=np.ones((1, 1), np.int64),
            bias_mantissa=np.zeros(1, np.int64),
            bias_exponent=0,
            neuron=encoder.neuron(level, band),
            input_grid=(1,),
            output_grid=(1,),
            sign_mode="excitatory",
        )
        record = emulate(LoihiNetwork((layer,), graded_input=True, readout_gain=1.0), samples)
        assert np.array_equal(record.spikes[0][:, 0, 0], spikes[:, 0, 12 * level + band].bool().numpy())
    assert 0 < float(spikes.mean()) < 0.5


def test_every_event_is_that_of_lavas_own_process_model(tmp_path: Path):
    encoder = ResonateAndFireEncoder(n_bands=12, levels_db=(-30.0,), hop=1)
    waveform = noise(1000)
    cosine, sine = encoder.rotations()
    samples = np.rint(waveform[0, 0].numpy() * 2**9)
    np.savez(
        tmp_path / "given.npz",
        samples=samples.astype(np.int32),
        cosine=cosine,
        sine=sine,
        threshold=encoder.thresholds()[0],
    )
    command = [sys.executable, "-c", LAVA, str(Path(lava_worker.__file__).parent)]
    subprocess.run([*command, str(tmp_path / "given.npz"), str(tmp_path / "spikes.npy")], check=True, timeout=120)

    assert np.array_equal(encoder(waveform, torch.Generator())[:, 0].bool().numpy(), np.load(tmp_path / "spikes.npy"))
    assert encoder(waveform, torch.Generator()).sum() > 100


def test_a_peak_is_the_magnitude_of_the_windowed_fourier_transform():
    encoder = ResonateAndFireEncoder(n_bands=8, hop=1000)
    waveform = noise(1000, seed=3)[0, 0].numpy()
    cosine, sine = encoder.rotations()
    peaks = resonator_peaks(np.rint(waveform * 2**9)[None] * 2**6, cosine, sine, 1)[0]
    for band in range(8):
        pole = (cosine[band] + 1j * sine[band]) / 2**12
        transform = lfilter([1], [1, -pole], waveform * 2**15)
        events = peaks[:, band] > 0
        # at the phase 0 the magnitude is the real part; a product loses up to 1 by truncation, a sample 2^5 by rounding
        np.testing.assert_allclose(peaks[events, band], transform.real[events], atol=2**5 * 20)
        assert events.sum() > 10


@pytest.mark.parametrize("spacing", ["mel", "linear"])
def test_a_sine_reaches_the_levels_below_its_amplitude_and_no_other(spacing):
    encoder = ResonateAndFireEncoder(spacing=spacing, levels_db=(-10.0, -20.0, -30.0), hop=512)
    for band in (5, 16, 28):
        seconds = torch.arange(8192, dtype=torch.float64) / 8000
        for amplitude, reached in ((0.5, [1, 1, 1]), (0.2, [0, 1, 1]), (0.08, [0, 0, 1])):
            tone = amplitude * torch.sin(2 * torch.pi * float(encoder.bands.centres_hz()[band]) * seconds)
            last = encoder(tone[None, None], torch.Generator())[-1, 0].unflatten(0, (3, 32))
            assert last[:, band].tolist() == reached


def test_equal_distances_in_hertz_give_one_window():
    decays = ResonateAndFireEncoder(spacing="linear").decays()

    np.testing.assert_allclose(decays, np.exp(-np.pi * (3800 - 80) / 33 / 8000))
    assert np.all(np.diff(ResonateAndFireEncoder(spacing="mel").decays()) < 0)


def test_counts_are_those_of_every_sample_band_and_threshold():
    encoder = ResonateAndFireEncoder(n_bands=10, levels_db=(-20.0, -40.0), hop=100)
    waveform = noise(1050)
    counts = encoder.operations(waveform, encoder(waveform, torch.Generator()))

    assert encoder.shape(1, 1050).n_steps == 10
    assert counts.total("requantise_int32") == 4 * 1000 * 10
    assert counts.total("add_int32") == 5 * 1000 * 10 + 10 * 20
    assert (counts.total("multiply_fp32"), counts.total("add_fp32")) == (1000, 1000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"high_hz": 4000.0}, "0 < low_hz < high_hz < 4000 "),
        ({"levels_db": ()}, "levels_db must fall from below 0"),
        ({"levels_db": (-30.0, -20.0)}, "levels_db must fall"),
        ({"levels_db": (-200.0,)}, "below the resonators' resolution"),
        ({"n_bands": 1000}, "24 bits hold 8388607"),
        ({"n_bands": 0}, "n_bands must be 1 to 1024"),
        ({"hop": 0}, "hop must be 1 to"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        ResonateAndFireEncoder(**options)


def test_what_is_no_waveform_is_refused_with_what_to_do():
    encoder = ResonateAndFireEncoder()
    with pytest.raises(InputError, match=r"given a picture of 32 x 63\. Choose the front end"):
        encoder.shape(32, 63)
    with pytest.raises(InputError, match="at least a hop of 128 samples; got 100"):
        encoder.shape(1, 100)
    with pytest.raises(ValueError, match=r"magnitude of 3.*clip-maximum"):
        encoder(torch.full((1, 1, 256), 3.0), torch.Generator())
    with pytest.raises(ValueError, match="NaN"):
        encoder(torch.full((1, 1, 256), torch.nan), torch.Generator())
    with pytest.raises(UnknownChoiceError, match=r"No spacing is called 'bark'. Choose one of: mel, linear"):
        ResonateAndFireEncoder(spacing="bark")
