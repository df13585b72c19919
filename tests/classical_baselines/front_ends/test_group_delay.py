# tests/classical_baselines/front_ends/test_group_delay.py
import numpy as np
import pytest
import scipy.signal
import torch

from classical_baselines.front_ends.group_delay import GroupDelay, cepstrally_smoothed, group_delay
from classical_baselines.harness.choices import InputError


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_plain_delay_is_that_of_scipy():
    frame = noise(1, 1, 32)

    ours = group_delay(frame, torch.ones(32), "plain", 1.0, 1.0, 8)[0, 0]

    _, expected = scipy.signal.group_delay((frame[0, 0].numpy(), 1.0), w=np.arange(17) * 2 * np.pi / 32)
    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-6)


def test_a_click_is_delayed_by_its_place_in_the_frame():
    frame = torch.zeros(1, 1, 64, dtype=torch.float64)
    frame[0, 0, 23] = 3.0

    torch.testing.assert_close(
        group_delay(frame, torch.ones(64), "plain", 1.0, 1.0, 8), torch.full((1, 1, 33), 23.0, dtype=torch.float64)
    )


def test_the_smoothed_spectrum_keeps_the_first_quefrencies_alone():
    power = noise(3, 33).abs() + 0.1
    smooth = cepstrally_smoothed(power, 6)

    quefrency = np.arange(64)
    for row, ours in zip(power.numpy(), smooth.numpy(), strict=True):
        whole = np.log(np.concatenate([row, row[-2:0:-1]]))
        cepstrum = [(whole * np.cos(2 * np.pi * q * quefrency / 64)).mean() for q in range(6)]
        level = cepstrum[0] + 2 * sum(
            c * np.cos(2 * np.pi * q * np.arange(33) / 64) for q, c in enumerate(cepstrum) if q
        )
        np.testing.assert_allclose(np.log(ours), level, atol=1e-9)


def test_the_modified_delay_is_the_equation_of_its_paper():
    frames = noise(1, 2, 64)
    gamma, alpha = 0.9, 0.4

    ours = group_delay(frames, torch.ones(64), "modified", gamma, alpha, 8)[0]

    for frame, delay in zip(frames[0].numpy(), ours.numpy(), strict=True):
        x, y = np.fft.rfft(frame), np.fft.rfft(np.arange(64) * frame)
        smooth = cepstrally_smoothed(torch.from_numpy(np.abs(x) ** 2), 8).sqrt().numpy()
        ratio = (x.real * y.real + x.imag * y.imag) / smooth ** (2 * gamma)
        np.testing.assert_allclose(delay, ratio / np.abs(ratio) * np.abs(ratio) ** alpha, rtol=1e-6)


def test_it_shows_a_resonance_that_rings_on():
    radius, frequency = 0.98, 20 / 256
    impulse = np.zeros(2000)
    impulse[1000] = 1
    ringing = scipy.signal.lfilter([1.0], [1, -2 * radius * np.cos(2 * np.pi * frequency), radius**2], impulse)
    delay = GroupDelay(hop=8)(torch.from_numpy(ringing)[None], torch.tensor([2000]), 8000)[0]

    at_onset = delay[:, 118]  # the frame from sample 816 to 1071
    assert abs(int(at_onset.argmax()) - 20) <= 1


def test_gain_changes_nothing_and_silence_is_0():
    sound = 0.1 * noise(1, 3000)
    lengths = torch.tensor([3000])

    delay = GroupDelay()(sound, lengths, 8000)

    torch.testing.assert_close(GroupDelay()(50 * sound, lengths, 8000), delay)
    assert not GroupDelay()(torch.zeros(1, 3000), lengths, 8000).any()
    assert not GroupDelay()(sound, torch.tensor([1000]), 8000)[:, :, 9:].any()


def test_the_counts_are_four_transforms_a_frame_and_two_for_the_plain_delay():
    modified, plain = (GroupDelay(kind=kind).operations(8064, 8000) for kind in ("modified", "plain"))

    def flop(counts):
        return sum(n for (_, layer, name), n in counts if layer == "fourier" and name != "sram_bytes")

    assert flop(modified) == 4 * 2.5 * 256 * 8 * 64
    assert flop(plain) == 2 * 2.5 * 256 * 8 * 64
    extra = modified.total("transcendental_fp32") - plain.total("transcendental_fp32")
    assert extra == 4 * 129 * 64  # two logarithms, two exponentials


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({"kind": "true"}, "No kind is called 'true'. Choose one of: modified, plain"),
        ({"gamma": 0.0}, "gamma must be greater than 0 and at most 1; got 0"),
        ({"alpha": 1.5}, "alpha must be greater than 0 and at most 1; got 1.5"),
        ({"lifter": 200}, "lifter must lie in 1 to n_fft / 2 = 128; got 200"),
        ({"hop": 300}, "A hop of 300 samples is longer than the window of 256"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options, complaint):
    with pytest.raises(InputError, match=complaint):
        GroupDelay(**options)
