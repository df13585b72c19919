"""Every count of each front end of the registry against a program of plain numbers that count what is done with them.

The programs (`tests/references/scalar_*.py`) follow the definition in the front end's docstring, not its code or its
counts, and give its picture: so each is compared twice, by its result and by layer and operation.
"""

from itertools import product
from math import log10

import pytest
import torch

from classical_baselines.front_ends import FRONT_ENDS
from classical_baselines.front_ends.band_pass import band_pass_sections, n_extension
from classical_baselines.front_ends.handcrafted import orthonormal_dct
from classical_baselines.front_ends.intensity import IntensityScale
from classical_baselines.front_ends.kaldi_fbank import kaldi_window
from classical_baselines.front_ends.pcen import smoothing_coefficient
from classical_baselines.front_ends.spectral_gating import smoothing_reach, triangle
from classical_baselines.front_ends.stft import analysis_window
from tests.references import (
    scalar_adaptive,
    scalar_binaural,
    scalar_features,
    scalar_phase,
    scalar_preparation,
    scalar_spectrograms,
)
from tests.references.counting_scalars import Machine, Memory
from tests.references.scalar_fourier import fourier, real_fourier_operations

N_SAMPLES = 100
CLIP = 0.2 * torch.randn(1, N_SAMPLES, generator=torch.Generator().manual_seed(1))
HANN_16, HANN_20, HANN_32 = (analysis_window("hann", n, n).tolist() for n in (16, 20, 32))
TINY = {"n_fft": 32, "hop": 16, "n_mels": 4}
N_FRAMES, N_BINS = 7, 17  # 1 + 100 // 16 and 32 / 2 + 1


def log_mel(machine, samples, front_end, rate):
    return scalar_spectrograms.log_mel(
        machine, samples, N_SAMPLES, front_end, HANN_32, front_end.filters(rate).tolist()
    )


def stft(machine, samples, front_end, rate):
    frames = scalar_spectrograms.power_frames(machine, samples, N_SAMPLES, HANN_20, 32, front_end.hop)
    reference = None if front_end.relative_to == "clip-maximum" else (sum(HANN_20) / 2) ** 2
    return scalar_spectrograms.levels(machine, frames, front_end.top_db, reference)


def librosa_mel(machine, samples, front_end, rate):
    filters = front_end.filters(rate).tolist()
    return scalar_spectrograms.librosa_mel(machine, samples, N_SAMPLES, front_end, HANN_32, filters)


def kaldi_tables(fbank, window, scale, rate):
    sizes = fbank.frame_samples(rate)
    return (kaldi_window(window, sizes[0]) * scale).tolist(), fbank.filters(rate).tolist(), sizes


def kaldi_fbank(machine, samples, front_end, rate):
    tables = kaldi_tables(front_end, front_end.window, front_end.full_scale, rate)
    return scalar_spectrograms.kaldi_fbank(machine, samples, N_SAMPLES, front_end, *tables)


def ast_fbank(machine, samples, front_end, rate):
    tables = kaldi_tables(front_end._fbank(), "hanning", 1.0, rate)
    return scalar_spectrograms.ast_fbank(machine, samples, N_SAMPLES, front_end, *tables)


def pcen(machine, samples, front_end, rate):
    filters = front_end._mel().filters(rate).tolist()
    share = smoothing_coefficient(front_end.time_constant_seconds, rate, front_end.hop)
    return scalar_spectrograms.pcen(machine, samples, N_SAMPLES, front_end, HANN_32, filters, share)


def rmmse(machine, samples, front_end, rate):
    filters = front_end._filters(rate)
    triangles = None if filters is None else filters.tolist()
    exponent = {"mmse": 1, "mvdr": 0}.get(front_end.form, front_end.exponent)
    return scalar_adaptive.rmmse(machine, samples, N_SAMPLES, front_end, exponent, triangles)


def kalman_ar(machine, samples, front_end, rate):
    return scalar_adaptive.kalman_ar(machine, samples, N_SAMPLES, front_end)


def group_delay(machine, samples, front_end, rate):
    return scalar_phase.group_delay(machine, samples, N_SAMPLES, front_end, HANN_32)


def phase_derivative(machine, samples, front_end, rate):
    return scalar_phase.phase_derivative(machine, samples, N_SAMPLES, front_end, HANN_32)


def bicoherence(machine, samples, front_end, rate):
    return scalar_phase.bicoherence(machine, samples, N_SAMPLES, front_end, HANN_16)


def instantaneous_frequency(machine, samples, front_end, rate):
    return scalar_phase.instantaneous_frequency(machine, samples, N_SAMPLES, front_end, 128)


def prepared_log_mel(machine, samples, front_end, rate):
    if front_end.band_hz is not None:
        order = front_end.band_order
        sections = band_pass_sections(front_end.band_hz, order, rate).tolist()
        samples = scalar_preparation.band_passed(machine, samples, N_SAMPLES, sections, n_extension(order))
    if front_end.gating != "none":
        triangles = [triangle(reach).tolist() for reach in smoothing_reach(16, rate)]
        options = (front_end.gating, front_end.gating_proportion, 16, HANN_16, triangles)
        samples = scalar_preparation.gated(machine, samples, N_SAMPLES, *options)
    if front_end.level != "none":
        samples = scalar_preparation.levelled(machine, samples, N_SAMPLES, front_end.level)
    return log_mel(machine, samples, front_end, rate)


def handcrafted(machine, samples, front_end, rate):
    tables = (HANN_32, front_end._mel().filters(rate).tolist(), orthonormal_dct(3, 4).tolist(), rate)
    return scalar_features.handcrafted(machine, samples, N_SAMPLES, front_end, *tables)


def band_statistics(machine, samples, front_end, rate):
    filters = front_end._mel().filters(rate).tolist()
    return scalar_features.band_statistics(machine, samples, N_SAMPLES, front_end, HANN_32, filters)


def plain_numbers(machine, samples, front_end, rate):
    return scalar_features.plain_numbers(machine, samples, N_SAMPLES, front_end, rate)


def waveform(machine, samples, front_end, rate):
    (row,) = scalar_spectrograms.waveform(machine, samples, N_SAMPLES, front_end)
    return [[value.value for value in row.values.values()]]


def events(machine, samples, front_end, rate):
    with machine.step("counters"):
        counters = machine.memory()
        for i, value in samples.values.items():
            counters[i] = value
    n_units = front_end.n_units
    return [[counters.values[t * n_units + u].value for t in range(N_SAMPLES // n_units)] for u in range(n_units)]


def paired_views(machine, samples, front_end, rate):
    """Its two views as they are here: every second frame of a spectrogram, and phases of two bands together."""
    rows = []
    for which, program in (("first", stft), ("second", phase_derivative)):
        view, own = front_end.views()[which], Machine()
        frames = program(own, own.samples(CLIP[0].tolist()), view.front_end, rate)
        kept = frames[:: front_end.hop // view.front_end.hop]
        limited = scalar_features.limited_view(own, kept, view.low, view.high, view.pool)
        rows += scalar_spectrograms.by_band(limited)
        for layer, counts in own.counts.items():
            machine.counts[f"{which}.{layer}"] = counts
    return rows


def part_of_clip(machine, samples, front_end, rate):
    """The program of what sees the part, on that part alone; the window keeps its length."""
    begin, end = front_end.ends(rate)
    part = torch.zeros_like(CLIP)
    part[:, : end - begin] = CLIP[:, begin:end]
    return stft(machine, machine.samples(part[0].tolist()), front_end.inner(), rate)


def interaural(machine, samples, front_end, rate):
    return scalar_binaural.interaural(machine, samples, N_SAMPLES, front_end, HANN_32, front_end.filters(rate).tolist())


def interaural_delay(machine, samples, front_end, rate):
    return scalar_binaural.interaural_delay(machine, samples, N_SAMPLES, front_end, HANN_32, rate)


def two_ears(machine, samples, front_end, rate):
    return scalar_binaural.two_ears(machine, samples, N_SAMPLES)


def sound_and_image(machine, samples, front_end, rate):
    """Rows of levels between 0 and 1, then those of the image from the lowest: the last 64 samples are its pixels."""
    n_sound, mel, rows = N_SAMPLES - 64, front_end._mel(), []
    sound = Memory(machine, samples.n_bytes, {i: samples.values[i] for i in range(n_sound)})
    if front_end.only != "image":
        frames = scalar_spectrograms.log_mel(machine, sound, n_sound, mel, HANN_32, mel.filters(rate).tolist())
        shifted = []
        with machine.step("limits"):
            for frame in frames:
                shifted.append(machine.memory())
                for m in frame.values:
                    shifted[-1][m] = (frame[m] + mel.top_db) * (1 / mel.top_db)
        rows += scalar_spectrograms.by_band(shifted)
    if front_end.only != "sound":
        n_frames, image = 1 + n_sound // mel.hop, machine.memory()
        with machine.step("image"):
            for y, x in product(range(8), repeat=2):
                ink = samples[n_sound + 8 * y + x] * 1.0  # by 1 / 16, had it come as a whole number
                for row in range(front_end.rows_per_pixel):
                    for t in range(n_frames):
                        if x * n_frames // 8 <= t < (x + 1) * n_frames // 8:
                            image[(7 - y) * front_end.rows_per_pixel + row, t] = ink
        n_rows = 8 * front_end.rows_per_pixel
        rows += [[image.values[row, t].value for t in range(n_frames)] for row in range(n_rows)]
    return rows


RATE = 8000
RMMSE = {"n_window": 16, "n_points": 32, "hop": 10, "n_iterations": 2}
PREPARED = {"n_fft": 32, "hop": 16, "n_mels": 2, "low_hz": 20.0, "gating_n_fft": 16}
CASES = [
    ("log-mel", TINY, log_mel, RATE),
    ("log-mel", TINY | {"mel_scale": "slaney", "mel_norm": "slaney", "relative_to": "fixed"}, log_mel, RATE),
    ("log-mel", TINY | {"trim_below_db": 6.0}, log_mel, RATE),
    ("log-mel", TINY | {"stretch_to_frames": 9}, log_mel, RATE),
    ("stft", {"n_fft": 32, "win_length": 20, "hop": 8}, stft, RATE),
    ("stft", {"n_fft": 32, "win_length": 20, "hop": 8, "relative_to": "fixed"}, stft, RATE),
    (
        "kaldi-fbank",
        {"frame_seconds": 0.0025, "shift_seconds": 0.001, "n_mels": 3, "window": "hamming"},
        kaldi_fbank,
        RATE,
    ),
    ("librosa-mel", TINY, librosa_mel, RATE),
    ("librosa-mel", TINY | {"power": 1, "mel_scale": "htk", "relative_to": "clip-maximum"}, librosa_mel, RATE),
    ("kaldi-fbank", {"frame_seconds": 0.0025, "shift_seconds": 0.001, "n_mels": 3}, kaldi_fbank, RATE),
    ("ast-fbank", {"n_frames": 13, "n_mels": 3}, ast_fbank, 800),
    ("ast-fbank", {"n_frames": 5, "n_mels": 3}, ast_fbank, 800),
    ("pcen", TINY, pcen, RATE),
    ("pcen", TINY | {"start": "first-frame"}, pcen, RATE),
    ("rmmse", RMMSE, rmmse, RATE),
    ("rmmse", RMMSE | {"form": "mvdr"}, rmmse, RATE),
    ("rmmse", RMMSE | {"form": "partially-constrained", "n_mels": 2}, rmmse, RATE),
    ("rmmse", RMMSE | {"warm_start": True, "n_iterations": 1}, rmmse, RATE),
    ("kalman-ar", {"order": 3, "n_points": 16, "hop": 20}, kalman_ar, RATE),
    ("group-delay", {"n_fft": 32, "hop": 16, "lifter": 5}, group_delay, RATE),
    ("group-delay", {"n_fft": 32, "hop": 16, "kind": "plain"}, group_delay, RATE),
    ("phase-derivative", {"n_fft": 32, "hop": 8}, phase_derivative, RATE),
    ("bicoherence", {"n_fft": 16, "hop": 8}, bicoherence, RATE),
    ("bicoherence", {"n_fft": 16, "hop": 16, "kind": "moments"}, bicoherence, RATE),
    ("instantaneous-frequency", {"n_bands": 4, "hop": 20}, instantaneous_frequency, RATE),
    (
        "instantaneous-frequency",
        {"n_bands": 4, "hop": 30, "kind": "frequency-in-time"},
        instantaneous_frequency,
        RATE,
    ),
    (
        "prepared-log-mel",
        PREPARED | {"band_hz": (100.0, 400.0), "band_order": 2, "gating": "none"},
        prepared_log_mel,
        1000,
    ),
    ("prepared-log-mel", PREPARED | {"gating": "stationary", "gating_proportion": 0.7}, prepared_log_mel, 1000),
    ("prepared-log-mel", PREPARED | {"gating": "non-stationary"}, prepared_log_mel, 1000),
    (
        "prepared-log-mel",
        PREPARED | {"band_hz": (100.0, 400.0), "band_order": 1, "level": "peak", "relative_to": "fixed"},
        prepared_log_mel,
        1000,
    ),
    (
        "prepared-log-mel",
        PREPARED | {"gating": "none", "level": "rms", "relative_to": "fixed"},
        prepared_log_mel,
        1000,
    ),
    (
        "prepared-log-mel",
        PREPARED | {"gating": "none", "level": "peak", "relative_to": "fixed"},
        prepared_log_mel,
        1000,
    ),
    (
        "handcrafted",
        TINY | {"n_coefficients": 3, "first_coefficient": 1, "n_parts": 3, "with_deltas": True, "with_duration": True},
        handcrafted,
        RATE,
    ),
    ("handcrafted", TINY | {"n_coefficients": 3, "n_parts": 3, "with_shape": False}, handcrafted, RATE),
    ("band-statistics", TINY | {"n_parts": 3}, band_statistics, RATE),
    ("band-statistics", TINY | {"n_parts": 0, "relative_to": "clip-maximum"}, band_statistics, RATE),
    ("plain-numbers", {"end_seconds": 0.002, "low_hz": 600.0}, plain_numbers, RATE),
    ("plain-numbers", {"end_seconds": 0.1, "high_share": 0.5}, plain_numbers, RATE),
    ("waveform", {}, waveform, RATE),
    ("waveform", {"relative_to": "fixed"}, waveform, RATE),
    ("events", {"n_units": 20}, events, RATE),
    ("interaural", {"n_fft": 32, "hop": 16, "n_bands": 3, "n_lags": 5}, interaural, RATE),
    ("interaural", {"n_fft": 32, "hop": 16, "n_bands": 1, "n_lags": 3, "floor_db": 6.0}, interaural, RATE),
    ("interaural", {"n_fft": 32, "hop": 8, "n_bands": 2, "n_lags": 3, "onset_seconds": 0.004}, interaural, RATE),
    ("interaural-delay", {"n_fft": 32, "hop": 16, "n_lags": 9}, interaural_delay, RATE),
    ("interaural-delay", {"n_fft": 32, "hop": 8, "n_lags": 9, "onset_seconds": 0.004}, interaural_delay, RATE),
    ("interaural-delay", {"n_fft": 32, "hop": 8, "n_lags": 9, "high_hz": 1000.0}, interaural_delay, RATE),
    ("two-ears", {}, two_ears, RATE),
    *(
        ("sound-and-image", TINY | {"hop": 4, "rows_per_pixel": 2, "only": only}, sound_and_image, RATE)
        for only in ("both", "sound", "image")
    ),
    (
        "part-of-clip",
        {
            "of": {"name": "stft", "options": {"n_fft": 32, "win_length": 20, "hop": 8}},
            "from_seconds": 0.002,
            "to_seconds": 0.008,
        },
        part_of_clip,
        RATE,
    ),
    (
        "paired-views",
        {
            "first": {"name": "stft", "options": {"n_fft": 32, "win_length": 20, "hop": 4}},
            "second": {"name": "phase-derivative", "options": {"n_fft": 32, "hop": 8}, "pool": 2},
        },
        paired_views,
        RATE,
    ),
]


def named(value):
    """Of a parameter, the same in every process: of a function its name."""
    return getattr(value, "__name__", str(value))[:60]


@pytest.mark.parametrize(("name", "options", "program", "rate"), CASES, ids=named)
def test_a_program_that_counts_itself_gives_the_picture_and_every_count(name, options, program, rate):
    front_end, machine = FRONT_ENDS[name]()(**options), Machine()
    clip = CLIP if name != "events" else torch.arange(100.0)[None] % 3
    if name == "events":
        rate = 20 * 50

    result = program(machine, machine.samples(clip[0].tolist()), front_end, rate)

    values = scalar_spectrograms.by_band(result) if not isinstance(result[0], list) else result
    picture = front_end(clip, torch.tensor([N_SAMPLES]), rate)[0]
    torch.testing.assert_close(torch.tensor(values), picture, atol=1e-4, rtol=1e-4)
    counted = {(layer, operation): n for (_, layer, operation), n in front_end.operations(N_SAMPLES, rate) if n}
    done = {(layer, name): n for layer, counts in machine.counts.items() for name, n in counts.items() if n}
    assert counted == done


def test_every_front_end_of_the_registry_is_counted_so():
    assert {name for name, *_ in CASES} == set(FRONT_ENDS)


def test_the_intensity_costs_what_it_does():
    machine, levels = Machine(), [-70.0, -35.0, 0.0]

    result = scalar_features.intensity(machine, levels, -50.0, -10.0)

    assert result == IntensityScale(-50.0, -10.0)(torch.tensor(levels)).tolist()
    counted = {operation: n for (_, _, operation), n in IntensityScale(-50.0, -10.0).operations(1, 3)}
    assert counted == machine.counts["intensity"]


def test_the_golden_second_has_dense_triangles_and_sparse_ones_of_two_weights_a_bin_at_most():
    """One second at 16 kHz (n_fft 512, hop 160, 64 bands): 1,661,248 dense, 51,914 if each of 257 bins has 2 weights.

    By the definition 500 weights are not 0: none in the bins on the outermost corners, 1 in a bin below the second
    corner or above the last but one, else 2; in all 50,500. Rounding leaves the bin on the last corner a weight of
    5e-15, in librosa's triangles as well, which is not counted.
    """
    front_end = FRONT_ENDS["log-mel"]()(n_fft=512, hop=160, n_mels=64, low_hz=0.0)
    triangles, n_frames = front_end.filters(16000), 1 + 16000 // 160
    machine, one = Machine(), [dict.fromkeys(range(257), 1.0)]

    scalar_spectrograms.dense_mel_frames(machine, one, triangles.tolist())

    assert machine.counts[None]["mac_fp32"] * n_frames == 1_661_248
    assert 2 * 257 * n_frames == 51_914
    top_mel = 2595 * log10(1 + 8000 / 700)
    second_hz, last_but_one_hz = (700 * (10 ** (top_mel * i / 65 / 2595) - 1) for i in (1, 64))
    n_inner = sum(second_hz < 31.25 * k < last_but_one_hz for k in range(257))
    n_outer = sum(0 < 31.25 * k <= second_hz or last_but_one_hz <= 31.25 * k < 8000 for k in range(257))
    assert (2 * n_inner + n_outer) * n_frames == 50_500
    assert front_end.operations(16000, 16000).total("mac_fp32") == 50_500
    assert 0 < triangles[63, 256] < 1e-14


@pytest.mark.parametrize("n", [4, 8, 64])
def test_the_transform_is_that_of_its_definition(n):
    machine, values = Machine(), torch.randn(n, generator=torch.Generator().manual_seed(n), dtype=torch.float64)

    found = fourier(machine, [machine.scalar(value) for value in values])

    whole = torch.fft.fft(values)
    torch.testing.assert_close(torch.tensor([[a.value, b.value] for a, b in found]), torch.view_as_real(whole).float())
    counts = machine.counts["fourier"]
    assert counts["multiply_fp32"] + counts["add_fp32"] == 2.5 * n * (n.bit_length() - 1)


def test_the_convention_of_the_transform_is_no_less_than_what_one_takes():
    for n in (64, 256, 512, 2048):
        products, sums = real_fourier_operations(n)
        assert 1 < 2.5 * n * (n.bit_length() - 1) / (products + sums) < 1.7
