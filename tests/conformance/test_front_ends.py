# tests/conformance/test_front_ends.py
"""What every front end of the registry keeps to, with its defaults and with each other choice that an option offers."""

from dataclasses import MISSING, fields
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
import torch

from classical_baselines.data.two_senses.digit_images import N_PIXELS
from classical_baselines.front_ends import FRONT_ENDS
from classical_baselines.front_ends.waveform import Waveform
from classical_baselines.harness.contracts import FrontEnd
from studies.plugins import OWN

SAMPLE_RATE_HZ = 8000


OF_MORE_THAN_ONE_PARADIGM = {plugin.name: plugin for plugin in OWN if plugin.what == "front end"}
ALL = {**FRONT_ENDS, **OF_MORE_THAN_ONE_PARADIGM}
READS_SOUND = sorted(set(ALL) - {"events"})
WITH_IT = {  # what a choice asks for beside it
    ("prepared-log-mel", "gating"): {"domain": "speech"},  # some preparation
    ("prepared-log-mel", "level"): {"relative_to": "fixed"},  # what the level could move
    ("qft-spectrogram", "transform"): {"n_shots": 50},  # a measurement between its gates
}


def each_other_choice(name):
    """The defaults with one option at another of the values that it may be chosen from, for all of them."""
    options = ALL[name]()
    types = get_type_hints(options)
    for field in fields(options):
        if get_origin(types[field.name]) is Literal:
            others = [value for value in get_args(types[field.name]) if value != field.default]
            yield from ({field.name: value, **WITH_IT.get((name, field.name), {})} for value in others)
        elif types[field.name] is bool and field.default is not MISSING:
            yield {field.name: not field.default}


CASES = [
    *((name, {}) for name in READS_SOUND),
    *((name, choice) for name in READS_SOUND for choice in each_other_choice(name)),
    ("qft-spectrogram", {"n_fft": 64, "hop": 32, "n_mels": 8, "n_shots": 50, "coupling": "all-to-all"}),
    ("log-mel", {"trim_below_db": 30.0, "stretch_to_frames": 64}),
    ("log-mel", {"trim_below_db": 30.0, "keep_frames": 64, "engine": "compiled"}),
    ("prepared-log-mel", {"band_hz": (100.0, 2000.0), "gating": "none"}),
    ("rmmse", {"n_mels": 16, "warm_start": True}),
]


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *map(str, [*case[1].values()][:4])]))
def front_end(request):
    name, options = request.param
    return ALL[name]()(**options)


def clips():
    waveforms = torch.randn(4, 4000, generator=torch.Generator().manual_seed(0)) * 0.1
    n_samples = torch.tensor([4000, 2500, 40, 4000])
    waveforms[1, 2500:] = 0
    waveforms[2, 40:] = 0
    waveforms[3] = 0
    return waveforms, n_samples


def test_it_keeps_the_contract_and_says_what_it_gives(front_end):
    assert isinstance(front_end, FrontEnd)
    assert front_end.gives in ("decibels", "features")


def test_its_pictures_are_finite_even_of_silence_and_alike_each_time(front_end):
    waveforms, n_samples = clips()
    before = waveforms.clone()

    picture = front_end(waveforms, n_samples, SAMPLE_RATE_HZ)

    assert picture.dim() == 3
    assert len(picture) == 4
    assert picture.dtype == torch.float32
    assert torch.isfinite(picture).all()
    assert torch.equal(picture, front_end(waveforms, n_samples, SAMPLE_RATE_HZ))
    assert torch.equal(waveforms, before)


def test_a_clip_has_the_same_picture_alone_as_in_a_batch(front_end):
    waveforms, n_samples = clips()
    together = front_end(waveforms, n_samples, SAMPLE_RATE_HZ)

    for clip in range(4):
        alone = front_end(waveforms[clip : clip + 1], n_samples[clip : clip + 1], SAMPLE_RATE_HZ)
        torch.testing.assert_close(alone[0], together[clip], atol=1e-3, rtol=1e-5)


def test_what_lies_beyond_the_end_of_a_clip_is_not_seen(front_end):
    waveforms, n_samples = clips()
    louder = waveforms.clone()
    louder[1, 2500 : 4000 - N_PIXELS if getattr(front_end, "reads_image", False) else 4000] = 0.9  # but for its image

    torch.testing.assert_close(
        front_end(louder, n_samples, SAMPLE_RATE_HZ), front_end(waveforms, n_samples, SAMPLE_RATE_HZ)
    )


def test_it_refuses_a_clip_with_holes(front_end):
    waveforms, n_samples = clips()
    waveforms[0, 7] = float("nan")

    with pytest.raises(ValueError, match="waveforms holds NaN"):
        front_end(waveforms, n_samples, SAMPLE_RATE_HZ)


def test_its_cost_is_all_of_its_own_stage_and_grows_with_the_clip(front_end):
    short, long = front_end.operations(4000, SAMPLE_RATE_HZ), front_end.operations(8000, SAMPLE_RATE_HZ)

    assert short.stages() == long.stages() == ("front_end",)
    operations = {operation for (_, _, operation), _ in short}
    assert operations == {operation for (_, _, operation), _ in long}
    assert "sram_bytes" in operations
    as_it_comes = front_end == Waveform(relative_to="fixed")
    assert bool(operations & {"mac_fp32", "multiply_fp32", "add_fp32"}) is not as_it_comes
    # Twice the clip is twice the work, but for frames at its ends and for a Fourier transform over the whole of it.
    for operation in operations:
        assert 0 < short.total(operation) <= long.total(operation) <= 2.2 * short.total(operation)
    assert short.total("sram_bytes") < long.total("sram_bytes")
