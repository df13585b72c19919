"""The polynomial of a delay against sums on paper, numpy's own fit, and the report's median of the lateral angle."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from classical_baselines.harness.choices import InputError
from classical_baselines.harness.contracts import EncodedShape
from classical_baselines.models.delay_polynomial import (
    DelayPolynomial,
    chosen_degree,
    lateral_of_sectors,
    least_absolute,
)
from studies.cell_files import rounded_logits
from studies.localising import lateral_and_azimuth

SHAPE = EncodedShape("intensity", (1, 1))


def of_coefficients(*coefficients, n_classes=36):
    """A polynomial that is given, not fitted."""
    model = DelayPolynomial().build(SHAPE, n_classes)
    model.coefficients[: len(coefficients)] = torch.tensor(coefficients)
    model.n_terms.fill_(len(coefficients))
    return model


def encoded(*delays):
    """As `interaural-delay` gives them."""
    return (1 + torch.tensor(delays)).reshape(-1, 1, 1) / 2


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_points_on_an_odd_polynomial_give_it_back_as_numpy_does(degree):
    delays = np.linspace(-0.8, 0.75, 40)
    laterals = np.polynomial.Polynomial([0, 70, 0, -30, 0, 45][: degree + 1])(delays)

    found = least_absolute(delays, laterals, degree)

    both_sides = np.concatenate([delays, -delays]), np.concatenate([laterals, -laterals])
    by_squares = np.polynomial.Polynomial.fit(*both_sides, degree, domain=(-1, 1)).coef  # even terms are 0
    np.testing.assert_allclose(found, by_squares[1::2], atol=1e-6)


def test_a_line_of_least_absolute_error_is_a_weighted_median_of_slopes():
    # slopes 100, 80, 60, -900 with weights |x| = 0.5, 0.4, 0.3, 0.1: half of 1.3 is passed at 80, from either end
    delays = np.array([0.5, -0.4, 0.3, 0.1])
    laterals = delays * [100, 80, 60, -900]

    assert least_absolute(delays, laterals, 1) == pytest.approx([80])


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_no_step_away_from_the_fit_errs_less(degree):
    draw = np.random.default_rng(degree)
    delays = draw.uniform(-0.2, 0.8, 60)  # more on one side, where a fit to another share than half would differ
    laterals = 90 * delays + draw.laplace(0, 8, 60)
    powers = np.stack([delays**n for n in range(1, degree + 1, 2)], axis=1)

    found = least_absolute(delays, laterals, degree)

    least = np.abs(laterals - powers @ found).sum()
    for step in draw.normal(0, 1, (200, len(found))):
        for size in (1e-3, 1.0):
            assert np.abs(laterals - powers @ (found + size * step)).sum() >= least - 1e-7


def test_a_tenth_of_the_clips_far_off_moves_the_fit_by_nothing():
    delays = np.linspace(-0.8, 0.8, 41)
    laterals = 90 * delays
    laterals[::10] += 500

    assert least_absolute(delays, laterals, 1) == pytest.approx([90], abs=1e-6)


def test_a_sector_says_the_median_of_its_lateral_angles():
    found = lateral_of_sectors(36)

    # from 85 to 95 degrees the lateral angle rises to 90 and falls again: half of it lies above 87.5
    expected = [0, 10, 20, 30, 40, 50, 60, 70, 80, 87.5]
    np.testing.assert_allclose(found[:10], expected, atol=0.01)
    np.testing.assert_allclose(found[18:8:-1][:9], expected[:9], atol=0.01)  # behind, the other way round
    np.testing.assert_allclose(found[19:], -found[1:18][::-1], atol=0.01)


@given(st.floats(-90, 90))
def test_the_reports_median_gives_the_angle_back_as_the_store_keeps_logits_too(angle):
    logits = of_coefficients(90.0)(encoded(angle / 90)).numpy()

    for kept in (logits, rounded_logits(logits)):
        p = torch.softmax(torch.from_numpy(kept).double(), dim=1).numpy()
        lateral, azimuth = lateral_and_azimuth(p)
        assert lateral[0] == pytest.approx(angle, abs=0.02)
        assert abs((azimuth[0] - angle + 180) % 360 - 180) < 0.02  # a tie is told in front
        behind = -np.arange(36) % 36
        np.testing.assert_allclose(p[0], p[0][(behind + 18) % 36], atol=0.01)  # a sector and its mirror image behind


@pytest.mark.parametrize("n_classes", [4, 8, 10, 5])
def test_of_other_numbers_of_sectors_too_within_the_outermost(n_classes):
    centres = 360 * np.arange(n_classes) / n_classes
    outermost = np.degrees(np.arcsin(np.sin(np.radians(centres)))).max()
    angles = np.linspace(-90, 90, 37)

    logits = of_coefficients(90.0, n_classes=n_classes)(encoded(*(angles / 90)))

    lateral, _ = lateral_and_azimuth(torch.softmax(logits.double(), dim=1).numpy())
    np.testing.assert_allclose(lateral, np.clip(angles, -outermost, outermost), atol=0.02)


def test_the_polynomial_is_the_one_on_paper():
    # 100 * 0.5 + 40 * 0.125 - 32 * 0.03125 = 54
    model = of_coefficients(100.0, 40.0, -32.0)

    assert model.lateral(encoded(0.5, -0.5)).tolist() == pytest.approx([54, -54])
    assert model.lateral(encoded(1.0)).tolist() == [90]


def clips(curve, n_clips=600, seed=0):
    """Delays of heads that follow a curve, and the sectors that they come from."""
    draw = np.random.default_rng(seed)
    azimuths = draw.uniform(0, 360, n_clips)
    laterals = np.degrees(np.arcsin(np.sin(np.radians(azimuths))))
    targets = torch.from_numpy(np.floor(azimuths / 10 + 0.5).astype(np.int64) % 36)
    return encoded(*curve(laterals).tolist()).float(), targets, laterals


def test_a_fitted_polynomial_errs_by_less_than_the_sectors_are_wide():
    # a sphere in the far field: delay proportional to the angle and its sine (Woodworth)
    delays, targets, laterals = clips(lambda at: 0.3 * (np.radians(at) + np.sin(np.radians(at))))
    model = DelayPolynomial().build(SHAPE, 36)
    before = delays.clone()

    assert model.fit_directly(delays, targets, seed=0)

    assert np.abs(model.lateral(delays).numpy() - laterals).mean() < 1
    assert torch.equal(delays, before)
    assert model.n_parameters() == int(model.n_terms) == 3


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_the_degree_is_that_of_what_the_delays_follow(degree):
    draw = np.random.default_rng(0)
    delays = draw.uniform(-0.8, 0.8, 200)
    laterals = np.polynomial.Polynomial([0, 60, 0, -90, 0, 200][: degree + 1])(delays)

    assert chosen_degree(delays, laterals, (5, 3, 1)) == degree


def test_a_curve_that_fits_what_it_has_seen_and_leads_astray_beyond_is_not_chosen():
    # the first four parts of five stand at 0.1 and 0.05, and 1 degree below and above a line: a cubic fits them exactly
    delays = np.array([0.1, -0.1, 0.05, -0.05] * 4 + [1.0, -1.0, 0.5, -0.5])
    laterals = 90 * delays + np.array([-1, 1, 1, -1] * 4 + [0, 0, 0, 0])

    assert least_absolute(delays[:16], laterals[:16], 3) == pytest.approx([120, -4000], rel=1e-6)
    assert chosen_degree(delays, laterals, (1, 3)) == 1


def test_the_counts_are_those_on_paper():
    counts = of_coefficients(1.0, 2.0, 3.0).count_operations(encoded(0.5))

    assert dict(counts.counts) == {
        # 2 e - 1; (c_5 s + c_3) s + c_1, times x, with s = x x; between the outermost steps
        ("network", "polynomial", "mac_fp32"): 3,
        ("network", "polynomial", "multiply_fp32"): 2,
        ("network", "polynomial", "compare_fp32"): 2,
        ("network", "polynomial", "sram_bytes"): 4 * (1 + 3 + 1),
        ("readout", "sectors", "mac_fp32"): 1,
        ("readout", "sectors", "compare_fp32"): 4,
        ("readout", "sectors", "add_fp32"): 2 + 36,
        ("readout", "sectors", "transcendental_fp32"): 2,
        ("readout", "sectors", "sram_bytes"): 4 * (1 + 36 + 36),
    }
    assert of_coefficients(1.0).count_operations(encoded(0.5)).total("multiply_fp32") == 1


@pytest.mark.parametrize("degrees", [(), (2,), (1, 11), (-1,)])
def test_degrees_that_are_not_odd_or_too_high_are_refused(degrees):
    with pytest.raises(InputError, match=r"degrees must name odd numbers from 1 to 9; got \("):
        DelayPolynomial(degrees=degrees)


def test_pictures_few_sectors_few_clips_and_what_is_not_fitted_are_refused():
    with pytest.raises(InputError, match=r"reads a delay alone; got 2080 values"):
        DelayPolynomial().build(EncodedShape("intensity", (32, 65)), 36)
    with pytest.raises(InputError, match=r"at least 4 sectors.*the study has 3 classes"):
        DelayPolynomial().build(SHAPE, 3)
    with pytest.raises(InputError, match=r"at least 5 training clips; got 3\. Name one degree"):
        DelayPolynomial().build(SHAPE, 4).fit_directly(encoded(0.1, 0.2, 0.3), torch.tensor([0, 1, 2]), 0)
    with pytest.raises(RuntimeError, match="has not been fitted"):
        DelayPolynomial().build(SHAPE, 36)(encoded(0.1))
