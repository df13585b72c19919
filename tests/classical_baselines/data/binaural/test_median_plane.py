"""The turn of a head, against heads whose turn is known: delays of a rigid sphere in closed form."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classical_baselines.data.binaural.median_plane import delays_of, turn_of
from classical_baselines.data.binaural.responses import read_responses
from classical_baselines.harness.choices import InputError
from tests.classical_baselines.data.small_sets import impulse_responses

RATE_HZ = 16000
STEPS = np.arange(0.0, 360.0, 5.0)
FRONT = STEPS[(STEPS <= 90) | (STEPS >= 270)]


def sphere(azimuth_deg, radius=0.0875, ahead_of_right=0.0, n_taps=96):
    """Responses [position, ear, tap]: pulses between samples, as Woodworth's sphere delays them."""
    lateral = np.arcsin(np.sin(np.radians(azimuth_deg)))
    later = radius / 343 * (lateral + np.sin(lateral)) + ahead_of_right
    at = 30 + RATE_HZ * np.stack([-later / 2, later / 2], axis=1)
    return np.sinc(np.arange(n_taps) - at[..., None]), later


@given(st.floats(-20, 20), st.sampled_from([STEPS, FRONT]), st.floats(0.07, 0.1))
@settings(max_examples=20, deadline=None)
def test_a_head_that_is_turned_gives_its_angle_back(turn, positions, radius):
    ir, _ = sphere(positions - turn, radius)

    assert turn_of(ir, positions, RATE_HZ, "sphere") == pytest.approx(turn, abs=0.1)


def test_a_delay_of_one_ear_is_no_turn_where_the_head_was_measured_all_around():
    ir, _ = sphere(STEPS + 5, ahead_of_right=4e-5)

    assert turn_of(ir, STEPS, RATE_HZ, "sphere") == pytest.approx(-5, abs=0.1)
    # in front alone 40 us are asin-like 4.5 degrees: 0.0875 / 343 (x + sin x) = 4e-5 at x = 0.0785
    front, _ = sphere(FRONT + 5, ahead_of_right=4e-5)
    assert turn_of(front, FRONT, RATE_HZ, "sphere") == pytest.approx(-5 - np.degrees(0.0785), abs=0.1)


def test_delays_are_those_between_the_samples():
    ir, later = sphere(STEPS)

    np.testing.assert_allclose(delays_of(ir, RATE_HZ), later, atol=5e-7)
    np.testing.assert_allclose(delays_of(ir[:, ::-1], RATE_HZ), -later, atol=5e-7)


def test_above_three_kilohertz_nothing_is_heard():
    ir, later = sphere(STEPS)
    tone = np.cos(2 * np.pi * 5000 / RATE_HZ * np.arange(ir.shape[-1])) * np.hanning(ir.shape[-1])
    ir[:, 0] += 3 * tone
    ir[:, 1] += 3 * np.roll(tone, 5)

    np.testing.assert_allclose(delays_of(ir, RATE_HZ), later, atol=5e-6)


def test_ears_that_are_exchanged_are_refused_with_what_to_do(tmp_path):
    ir, _ = sphere(STEPS)
    with pytest.raises(InputError, match=r"the delay between the ears passes zero nowhere .* left ear must come first"):
        turn_of(ir[:, ::-1], STEPS, RATE_HZ, "sphere")
    impulse_responses(tmp_path)
    path = tmp_path / "ari_nh2.npz"
    arrays = dict(np.load(path))
    np.savez(path, **(arrays | {"ir": arrays["ir"][:, ::-1]}))
    (tmp_path / "SPATIAL_HRIR").symlink_to(tmp_path)
    with pytest.raises(InputError, match=r"ari_nh2\.npz: the delay between the ears"):
        read_responses(tmp_path)


def test_what_is_read_counts_from_the_median_plane(tmp_path):
    folder = tmp_path / "SPATIAL_HRIR"
    impulse_responses(folder)
    path = folder / "ari_nh898.npz"
    arrays = dict(np.load(path))
    before = read_responses(tmp_path)["ari_nh898"]
    np.savez(path, **(arrays | {"azimuth": (arrays["azimuth"] - 6) % 360}))

    after = read_responses(tmp_path)["ari_nh898"]

    assert after.turn_deg == pytest.approx(before.turn_deg - 6, abs=0.011)
    np.testing.assert_allclose(np.cos(np.radians(after.azimuth_deg - before.azimuth_deg)), 1, atol=1e-7)
    np.testing.assert_allclose((after.azimuth_deg + after.turn_deg) % 360, (arrays["azimuth"] - 6) % 360, atol=1e-4)
